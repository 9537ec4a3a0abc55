"""`python -m docs.captures` (PYTHONPATH=tests): draw docs/pictures of every command anew, from what it really prints.

It takes two minutes: a control plane, the emulator and the operator run as in the demo. Ids and times differ each time.
`python -m docs.captures --same` draws only those that are the same each time, in seconds, and names draw these alone:
`python -m docs.captures run.svg`. A test tells when a picture does not say any more what the program says.
"""

from __future__ import annotations

import io
import os
import shlex
import socket
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console

from docs.browser_picture import page_picture
from docs.pages import DOCS
from docs.scenes import ACCOUNT_COMMANDS, CLUSTER_COMMANDS, Scene, denied, full_room, orphans, others
from docs.terminal import OURS, interrupt, on_terminal
from ivs_sandbox.processes import stop
from ivs_sandbox.progress import Progress
from ivs_sandbox.screen_live import LiveScreen
from ivs_sandbox.stage import NAMESPACE, Stage, opened
from ivs_sandbox.story import Story
from support.engines import engine
from support.terminal_picture import terminal_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.stage_view import View

PICTURES: Final = DOCS / "pictures"
CLUSTER_ID: Final = "prod-1"
COLUMNS: Final = {"inventory": 190, "run": 128, "import": 108, "iam-policy": 104}
"""Of terminals that are not of the usual width."""
USUAL: Final = 112
LINES: Final = {"import": 44}
"""Of what is cut off there."""

HELPS: Final = {
    "help": ["ivs-operator --help"],
    "plugin": ["kubectl ivs --help", "kubectl ivs why --help"],
    "run-help": ["ivs-operator run --help"],
}
POLICY: Final = "iam-policy --features channels --regions us-west-2 --format terraform --trust pod-identity"
RUN: Final = "run --namespaces studio"
_PLUGIN: Final = (sys.executable, "-c", "from ivs_operator.__main__ import kubectl_plugin; kubectl_plugin()")
_POD: Final = "ivs-operator-6d5f9c7b8-x2x9k"
_EMULATOR_PORT: Final = 4599
_ASKED: Final = ("aws s3 mb s3://live-chat-logs", "aws ivschat create-room --name lobby --tags env=prod")


class Camera(LiveScreen):
    """The demo's screen, which remembers what stood on it while the deletion was held back."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.paced = False
        self.moment: str = ""
        self._seen: tuple[View, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was taken."""

    def show(self, view: View, doing: str) -> None:
        """As it stands now."""
        self._seen = view, doing

    def quote(self, speaker: str, text: str) -> None:
        """The object says why it waits: that is the moment."""
        super().quote(speaker, text)
        if not self.moment and self._seen is not None:
            self._console.print(self._picture(*self._seen))
            assert isinstance(self._console.file, io.StringIO)
            self.moment = self._console.file.getvalue()


def shots(stage: Stage, folder: Path) -> Iterator[tuple[str, str]]:
    """File name and picture, one after the other: the later ones need what the former have made."""
    yield "demo.svg", terminal_picture("make demo", _demo(stage), columns=132)
    environment = stage.environment | {"IVS_OPERATOR_CLUSTER_ID": CLUSTER_ID}
    scene = _scene(stage)
    others(scene)
    full_room(scene)
    orphans(scene)
    denied(scene)
    until(lambda: stage.observer.look().declared["ivscl/chat-archive"].reason == "RoomFull")
    until(lambda: stage.observer.look().declared["ivsrc/clips"].reason == "AccessDenied")
    for name, typed in (ACCOUNT_COMMANDS | CLUSTER_COMMANDS).items():
        yield f"{name}.svg", _command(name, typed, environment)
    page = folder / "inventory.html"
    _ours(f"inventory --format html --output {page}", environment, USUAL)
    yield "inventory-page.svg", page_picture(page, "The inventory's page in a browser", width=1480, height=760)
    yield (
        "inventory-page-phone.svg",
        page_picture(page, "The inventory's page on a phone", width=390, height=844, before="scrollTo(0, 0)"),
    )
    yield "emulator.svg", terminal_picture("ivs-operator emulator", _emulator(), columns=USUAL)
    yield "run.svg", terminal_picture(f"ivs-operator {RUN}", _run(stage, environment), columns=COLUMNS["run"])


def same() -> dict[str, Callable[[], str]]:
    """File names and how to draw them: those that are the same each time."""
    return {f"{name}.svg": partial(_help, name) for name in HELPS} | {
        "iam-policy.svg": lambda: _command("iam-policy", POLICY, {})
    }


def _help(name: str) -> str:
    typed = HELPS[name]
    return terminal_picture(typed[0] if len(typed) == 1 else "kubectl ivs", help_shown(name), columns=USUAL)


def help_shown(name: str) -> str:
    """What is typed and shown in one of HELPS."""
    shown = []
    for typed in HELPS[name]:
        program = _PLUGIN if typed.startswith("kubectl ivs") else OURS
        words = shlex.split(typed.removeprefix("kubectl ivs").removeprefix("ivs-operator"))
        prompt = f"$ {typed}\n" if len(HELPS[name]) > 1 else ""
        shown.append(prompt + on_terminal([*program, *words], {}, columns=USUAL))
    return "\n".join(shown)


def _demo(stage: Stage) -> str:
    console = Console(file=io.StringIO(), width=132, force_terminal=True, color_system="standard", highlight=False)
    camera = Camera(console)
    Story(stage, camera, patience=60).tell()
    return camera.moment


def _scene(stage: Stage, namespace: str = NAMESPACE) -> Scene:
    account: Any = stage.account

    def apply(text: str) -> object:
        return stage.cluster.kubectl(f"--namespace={namespace}", "apply", "-f", "-", stdin=text)

    return Scene(namespace, CLUSTER_ID, account._video, account._chat, account.control, apply)


def _ours(typed: str, environment: dict[str, str], columns: int) -> str:
    return on_terminal([*OURS, *shlex.split(typed)], environment, columns=columns)


def _command(name: str, typed: str, environment: dict[str, str]) -> str:
    columns = COLUMNS.get(name, USUAL)
    shown = _of_a_cluster(_ours(typed, environment, columns - 2)).splitlines()
    if len(shown) > LINES.get(name, len(shown)):
        shown = [*shown[: LINES[name]], "…"]
    return terminal_picture(f"ivs-operator {typed}", "\n".join(shown), columns=columns)


def _of_a_cluster(shown: str) -> str:
    """With the name of a pod where this machine's would be."""
    return shown.replace(socket.gethostname(), _POD)


def _run(stage: Stage, environment: dict[str, str]) -> str:
    """A start, an object, and a stop, in a namespace of its own; the operator of the demo makes place for it."""
    stop(stage.operator)
    stage.cluster.kubectl("--namespace=ivs-operator", "delete", "lease", "ivs-operator")
    place = RUN.split()[-1]
    stage.cluster.kubectl("create", "namespace", place)
    scene = _scene(stage, place)

    def declare(_: object) -> None:
        scene.room("watch-party", show="finale")
        bucket, rooms = {"s3": {"bucketName": "live-chat-logs"}}, [{"matchTags": {"show": "finale"}}]
        scene.declare("ChatLoggingConfiguration", "finale", destinationConfiguration=bucket, rooms=rooms)

    ports = ("--health-port=0", "--metrics-port=0", "--lease-namespace=ivs-operator")
    cues = [("operator started", declare), ("reason=Available", interrupt)]
    return _of_a_cluster(
        on_terminal([*OURS, *shlex.split(RUN), *ports], environment, columns=COLUMNS["run"], cues=cues)
    )


def _emulator() -> str:
    """In one terminal the emulator, in another one the AWS CLI."""
    served: list[str] = []

    def ask(process: Any) -> None:
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{_EMULATOR_PORT}",
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_DEFAULT_REGION": "us-west-2",
        }
        for asked in _ASKED:
            said = on_terminal([str(engine("aws")), *shlex.split(asked)[1:]], environment, columns=USUAL)
            served.append(f"$ {asked}\n{said}")
        interrupt(process)

    typed = f"emulator --port {_EMULATOR_PORT}"
    shown = on_terminal([*OURS, *shlex.split(typed)], {}, columns=USUAL, cues=[("AWS emulator on", ask)])
    elsewhere = "\x1b[2min another terminal, with these variables set:\x1b[0m"
    return f"$ ivs-operator {typed}\n{shown}\n{elsewhere}\n{''.join(served)}"


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once it holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.2)


def main(wanted: list[str]) -> None:
    """Write all pictures, or those named, or with `--same` those that are the same each time."""
    plain = same()
    for name in plain.keys() & set(wanted) if wanted and "--same" not in wanted else plain:
        _write(name, plain[name]())
    if wanted and not set(wanted) - plain.keys() - {"--same"}:
        return
    os.environ |= {"IVS_OPERATOR_CLUSTER_ID": CLUSTER_ID}
    with tempfile.TemporaryDirectory(prefix="ivs-operator-pictures-") as place:
        folder = Path(place)
        with opened(folder, lambda topic, text: print(f"{topic}: {text}"), Progress(sys.stderr)) as stage:
            for name, picture in shots(stage, folder):
                if not wanted or name in wanted:
                    _write(name, picture.replace(place, "~"))


def _write(name: str, picture: str) -> None:
    (PICTURES / name).write_text(picture, encoding="utf-8")
    print(f"docs/pictures/{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
