"""Ports of probes and metrics: why one can't be listened on is told apart, with the flag."""

import errno
import os
import socket

import pytest

from ivs_operator.health import Health, PortUnusable, port_trouble

TROUBLE = [
    (errno.EADDRINUSE, 8080, "port 8080 is taken (", "choose another by --health-port, 0 for a free one"),
    (errno.EACCES, 80, "port 80 may not be listened on (", "choose one from 1024 on by --health-port, or 0"),
    (errno.EPERM, 80, "port 80 may not be listened on (", "choose one from 1024 on by --health-port, or 0"),
    (errno.EACCES, 8080, "port 8080 can't be listened on (", "choose another by --health-port, 0 for a free one"),
    (errno.EADDRNOTAVAIL, 8080, "port 8080 can't be listened on (", "choose another by --health-port"),
]


@pytest.mark.parametrize(("number", "port", "cause", "remedy"), TROUBLE)
def test_why_a_port_can_t_be_listened_on(number: int, port: int, cause: str, remedy: str) -> None:
    message = port_trouble(OSError(number, "x"), port, "health-port")
    assert message.startswith(f"{cause}{os.strerror(number)})")
    assert remedy in message


def test_an_error_without_a_number_has_words() -> None:
    assert "(no such thing)" in port_trouble(OSError("no such thing"), 8080, "metrics-port")


@pytest.mark.parametrize("setting", ["health_port", "metrics_port"])
async def test_a_port_that_is_taken(setting: str) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        health = Health(**{"health_port": 0, "metrics_port": 0, setting: port})
        with pytest.raises(PortUnusable, match=f"port {port} is taken .*--{setting.replace('_', '-')}"):
            await health.start()
