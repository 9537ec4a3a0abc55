"""How a person takes our tags off what no operator will see to."""

import shlex
from collections.abc import Iterable

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.surplus import OWN_TAGS

__all__ = ["untag_command"]


def untag_command(kind: Kind, region: str | None, arns: Iterable[str]) -> str:
    """Command lines of the AWS CLI that take the owner tags off these objects."""
    service = TRAITS[kind].arn_resource.partition(":")[0]
    options = f"{f'--region {shlex.quote(region)} ' if region else ''}--tag-keys {' '.join(OWN_TAGS)} --resource-arn"
    return " && ".join(f"aws {service} untag-resource {options} {shlex.quote(arn)}" for arn in arns)
