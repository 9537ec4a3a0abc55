"""Addresses that the environment gives for AWS: boto3 looks at them late, and does not say where they come from."""

import os
from collections.abc import Mapping
from typing import Final

from botocore.utils import is_valid_endpoint_url

__all__ = ["endpoint_trouble"]

_VARIABLE: Final = "AWS_ENDPOINT_URL"
_IGNORED: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


def endpoint_trouble(environ: Mapping[str, str] = os.environ) -> str | None:
    """Which variable names no address, in one line; None when all do.

    Source: botocore refuses, with ValueError, what has neither scheme nor host.
    """
    if environ.get(_IGNORED, "").lower() == "true":
        return None
    for name, value in sorted(environ.items()):
        given = (name == _VARIABLE or name.startswith(f"{_VARIABLE}_")) and value
        if given and not ("://" in value and is_valid_endpoint_url(value)):
            return f"{name} is no address: {value!r}; give one such as http://127.0.0.1:4566, or unset it"
    return None
