"""Names that users and other tools rely on: API group, annotations, finalizer, AWS tags."""

from typing import Final

GROUP: Final = "ivs-operator.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

FINALIZER: Final = f"{GROUP}/aws-cleanup"
PAUSED_ANNOTATION: Final = f"{GROUP}/paused"
RECONCILE_AT_ANNOTATION: Final = f"{GROUP}/reconcile-at"

TAG_PREFIX: Final = f"{GROUP}/"
TAG_OWNER: Final = f"{GROUP}/owner"
TAG_UID: Final = f"{GROUP}/uid"
TAG_SPEC: Final = f"{GROUP}/spec"


def aws_name(spec_name: str | None, object_name: str) -> str:
    """Name at AWS: the spec's, else metadata.name with dots turned to dashes, since IVS allows no dots."""
    return spec_name if spec_name is not None else object_name.replace(".", "-")
