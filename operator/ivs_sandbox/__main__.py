"""`python -m ivs_sandbox`: find the control plane's programs, or download or build them, and print where they are."""

import sys

from ivs_sandbox.binaries import Tool
from ivs_sandbox.errors import SandboxError
from ivs_sandbox.resolver import resolve

_INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


def main() -> int:
    """One line per folder on standard output; exit code 1 and one readable error when something is missing."""
    try:
        binaries = resolve()
    except SandboxError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was finished is kept, the next run goes on from there", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    paths = (binaries.etcd, binaries.kube_apiserver, binaries.kubectl, binaries.kube_controller_manager)
    for folder in sorted({str(path.parent) for path in paths if path is not None}):
        print(folder)  # noqa: T201
    if binaries.kube_controller_manager is None:
        print(  # noqa: T201
            f"warning: no {Tool.KUBE_CONTROLLER_MANAGER}: tests of garbage collection and namespace deletion will fail",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
