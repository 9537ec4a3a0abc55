"""How one connection is served; apart from the server because moto is imported here."""

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from moto.moto_server.werkzeug_app import MotoRequestHandler

__all__ = ["QuietRequestHandler", "VerboseRequestHandler"]


class VerboseRequestHandler(MotoRequestHandler):
    """moto's handler, which keeps header names that S3 metadata need, without Nagle's delay between head and body."""

    disable_nagle_algorithm = True


class QuietRequestHandler(VerboseRequestHandler):
    """Says nothing about requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Nothing but errors."""
        if type == "error":
            super().log(type, message, *args)
