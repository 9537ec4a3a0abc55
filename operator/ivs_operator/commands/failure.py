"""What ends a command without success, in one line."""

from ivs_operator.commands.exit_codes import ExitCode

__all__ = ["Failure", "one_line"]


class Failure(Exception):
    """The command can't do what was asked; the message says why and what to do."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code


def one_line(error: BaseException) -> str:
    """An error in one line, whatever it is made of."""
    if isinstance(error, OSError) and error.strerror:
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
