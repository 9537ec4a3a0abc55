"""The default region: where it comes from, and whether there can be anything of ours."""

import os
import re
from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.setting_syntax import REGION

__all__ = ["SERVICES", "default_region", "region_trouble", "supported_regions", "unserved"]

SERVICES: Mapping[Kind, str] = {Kind.RECORDING: "ivs", Kind.CHAT_LOGGING: "ivschat"}
"""boto3's name of the service, by kind."""


def default_region(session: boto3.Session, environ: Mapping[str, str] = os.environ) -> str | None:
    """AWS_REGION, AWS_DEFAULT_REGION, then the profile's. boto3 alone does not read the first."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or session.region_name or None


def supported_regions(session: boto3.Session, kind: Kind) -> frozenset[str]:
    """Regions that offer the service, after botocore's endpoint data."""
    return frozenset(session.get_available_regions(SERVICES[kind]))


def region_trouble(given: str | None) -> str | None:
    """Why nothing can be begun with the default region, in one line: what is given, or the surroundings name."""
    try:
        region = given or default_region(boto3.Session())
    except BotoCoreError as error:  # such as a profile that does not exist
        return f"the AWS settings can't be read: {error}; see AWS_PROFILE and AWS_CONFIG_FILE"
    if region is None or re.fullmatch(REGION, region):
        return None
    where = "--region, AWS_REGION, AWS_DEFAULT_REGION or the AWS profile"
    return f"the default region is none: {region!r}; give the code of an AWS region, such as us-west-2, by {where}"


def unserved(region: str, offered: Mapping[Kind, frozenset[str]]) -> str | None:
    """What to say of a default region that does not offer a service, by botocore's list; None when it offers all."""
    without = [kind for kind in Kind if region not in offered[kind]]
    if not without:
        return None
    places = ", ".join(sorted(frozenset.intersection(*(offered[kind] for kind in without))))
    return (
        f"{' and '.join(without)} objects can't live in the default region {region}: set --region or AWS_REGION, or "
        f"name spec.region in each; Amazon IVS is offered in {places}"
    )
