"""`python -m ivs_emulator`: the emulator as a process."""

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

from ivs_emulator.server import EmulatorServer, StartError
from ivs_emulator.settings import Settings, SettingsError

__all__ = ["DEFAULT_PORT", "main", "run"]

DEFAULT_PORT = 4599
_STDIN = 0
_EPILOG = """\
IVS and IVS Chat are emulated here; S3, CloudWatch Logs, Firehose, CloudWatch, STS and the rest are moto's, on the same
port. The account is the access key if that has 12 digits (or the role's, after AssumeRole), else 123456789012.
Faults, the request log, seeding and live channels: JSON under <url>/_emulator/ (GET any unknown path there lists all).
"""


def run(host: str = "127.0.0.1", port: int = DEFAULT_PORT, *, verbose: bool = False, **settings: Any) -> int:
    """Serve until SIGTERM or SIGINT; prints one line with the environment that clients need. Returns the exit code."""
    try:
        server = EmulatorServer(host, port, Settings.parse(settings), verbose=verbose)
    except (StartError, SettingsError) as error:
        print(f"emulator: {error}", file=sys.stderr)  # noqa: T201 - for the user of the command line
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    print(f"AWS emulator on {server.url}; to use it: export {environment(server.url)}", flush=True)  # noqa: T201
    server.serve_forever()
    return 0


def environment(url: str) -> str:
    """Environment variables for boto3, the AWS CLI and Terraform, as an argument of `export`."""
    values = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "emulator",
        "AWS_REGION": "us-west-2",
        # boto3 and version 1 of the AWS CLI read this one only.
        "AWS_DEFAULT_REGION": "us-west-2",
    }
    return " ".join(f"{name}={value}" for name, value in values.items())


def _stop(_number: int, _frame: object) -> NoReturn:
    # At once: held requests and keep-alive clients must not delay the end, and nothing here needs saving.
    os._exit(0)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    given = vars(_parser().parse_args(arguments))
    if given.pop("exit_with_stdin"):
        threading.Thread(target=_exit_at_end_of_input, daemon=True).start()
    return run(**given)


def _exit_at_end_of_input() -> None:
    # A descriptor that is not open at all has ended, too.
    with suppress(OSError):
        while os.read(_STDIN, 1 << 12):
            pass
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ivs_emulator",
        description="An AWS emulator with IVS and IVS Chat, for tests and demonstrations.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port; 0 takes a free one (default %(default)s)")
    parser.add_argument("--verbose", action="store_true", help="log every HTTP request on standard error")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input ends (for test runs)")
    group = parser.add_argument_group("behaviour (times in seconds; all can be changed while it runs)")
    for name, field in Settings.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        default = getattr(field.default, "value", field.default)
        text = f"{field.description} (default {str(default).lower() if isinstance(default, bool) else default})"
        if isinstance(default, bool):
            group.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=default, help=text)
        else:
            group.add_argument(flag, dest=name, default=default, metavar="VALUE", help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
