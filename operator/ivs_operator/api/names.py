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
