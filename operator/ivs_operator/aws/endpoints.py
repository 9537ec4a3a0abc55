"""Addresses that are configured for AWS: boto3 looks at them late, and does not say where they come from."""

import os
from collections.abc import Iterator, Mapping
from typing import Final

from botocore.exceptions import BotoCoreError
from botocore.session import Session
from botocore.utils import is_valid_endpoint_url

__all__ = ["endpoint_trouble"]

_VARIABLE: Final = "AWS_ENDPOINT_URL"
_IGNORED: Final = "ignore_configured_endpoint_urls"
_SERVICES: Final = frozenset(
    {"ivs", "ivschat", "sts", "s3", "cloudwatch_logs", "firehose", "cloudwatch", "kms"}  # as a profile calls them
)
"""What is asked by some command; a profile may have addresses for others, which are none of our business."""


def endpoint_trouble(environ: Mapping[str, str] = os.environ) -> str | None:
    """Which variable, or setting of the AWS profile, names no address, in one line; None when all do.

    Source: botocore refuses, with ValueError, what has neither scheme nor host. A variable goes before the profile,
    and a service's own address before the one for all.
    """
    if environ.get(f"AWS_{_IGNORED.upper()}", "").lower() == "true":
        return None
    session = Session()
    try:
        if session.get_config_variable(_IGNORED):
            return None
        places = (*_variables(environ), *_settings(session, environ))
    except BotoCoreError:
        return None  # such as a profile that does not exist: whoever makes the first client says so
    for name, value in places:
        if value and not ("://" in value and is_valid_endpoint_url(value)):
            how = "unset it" if name.startswith(_VARIABLE) else "take it out"
            return f"{name} is no address: {value!r}; give one such as http://127.0.0.1:4566, or {how}"
    return None


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(environ.items()):
        if name == _VARIABLE or name.startswith(f"{_VARIABLE}_"):
            yield name, value


def _settings(session: Session, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """`endpoint_url` of the profile and of the section `services` that it names, where no variable goes before it."""
    if environ.get(_VARIABLE):
        return
    profile = session.get_scoped_config()
    where = f"of AWS profile {session.profile or 'default'}"
    yield f"endpoint_url {where}", str(profile.get("endpoint_url", ""))
    services = session.full_config.get("services", {}).get(profile.get("services"), {})
    for service, settings in sorted(services.items()):
        if service in _SERVICES and isinstance(settings, dict) and not environ.get(f"{_VARIABLE}_{service.upper()}"):
            yield f"endpoint_url for {service} {where}", str(settings.get("endpoint_url", ""))
