"""Free ports on loopback."""

import random
import socket
from pathlib import Path

_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 20000
_ATTEMPTS = 200


def free_port() -> int:
    """A port nobody listens on now, below the range from which the kernel takes ports for outgoing connections.

    From that range a port could be taken by any connection while a server that must come back to it is restarted.
    Somebody may still be faster, so whoever starts a server on it tries again with another one.
    """
    below = _first_outgoing_port()
    lowest = _LOWEST if below > _LOWEST + _ATTEMPTS else 1024
    for _ in range(_ATTEMPTS):
        port = random.randrange(lowest, below)  # noqa: S311 - any will do
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {lowest} and {below} on 127.0.0.1")


def _first_outgoing_port() -> int:
    try:
        return int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32768  # Linux' default
