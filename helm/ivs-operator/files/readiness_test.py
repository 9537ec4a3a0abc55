"""`helm test`: asks each replica behind a name what it does; ends well when all are ready and one of them works."""
# ruff: noqa: INP001, T201 - runs alone, and its words are for people

import http.client
import socket
import sys
import time


def ask(address: str, port: int) -> str:
    """What /readyz says, or why it can't be asked."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        words = answer.read().decode().strip()
    except OSError as error:
        return f"no answer on port {port}: {error}"
    else:
        return words if answer.status == http.HTTPStatus.OK else f"not ready: {words}"
    finally:
        connection.close()


def look(name: str, port: int) -> list[str]:
    """One answer for each replica."""
    try:
        found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)})
    except OSError as error:
        return [f"{name} can't be resolved: {error}"]
    return [f"{address} {ask(address, port)}" for address in found]


def well(said: list[str]) -> bool:
    """All are ready; one leads, or works without election."""
    states = [line.partition(" ")[2] for line in said]
    return all(state.startswith("ok") for state in states) and any(
        state == "ok" or state.startswith("ok: leading") for state in states
    )


def main() -> int:
    """Look until all is well, or the time is up; then say what was seen last."""
    name, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    ends = time.monotonic() + seconds
    said = look(name, port)
    while not well(said) and time.monotonic() < ends:
        time.sleep(1)
        said = look(name, port)
    print(*said, sep="\n")
    if well(said):
        print("ivs-operator works")
        return 0
    print(f"not all replicas are ready, or none of them leads, after {seconds:g} s; kubectl logs tells more")
    return 1


sys.exit(main())
