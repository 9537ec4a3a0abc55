"""What can go wrong in the sandbox; every message names the remedy."""


class SandboxError(Exception):
    """The local control plane cannot be had or used; the message is one readable text with the remedy."""


class BinariesNotFoundError(SandboxError):
    """No source offers the control plane's binaries."""


class BuildError(SandboxError):
    """The Go build stopped: no Go, no disk space, no module proxy, a compile error."""


class ProcessDiedError(SandboxError):
    """A part of the control plane ended by itself or never became ready; carries the tail of its log."""


class PortTakenError(ProcessDiedError):
    """A part of the control plane found its port taken by somebody else."""


class ClusterRefusedError(SandboxError):
    """An existing cluster that tests must not touch, or that cannot be reached."""


class KubectlError(SandboxError):
    """`kubectl` ended with an error; the message holds the command and its standard error."""
