"""The demo's story, step by step. Every step waits until what it tells has really happened, or fails with what is."""

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ivs_sandbox.errors import SandboxError
from ivs_sandbox.screen import Screen
from ivs_sandbox.shipped import samples
from ivs_sandbox.stage import NAMESPACE, Stage
from ivs_sandbox.stage_account import BUCKETS, CHANNELS, LOG_GROUP, ROOMS
from ivs_sandbox.stage_view import View

__all__ = ["Story", "StoryFailed"]

SAMPLES: Final = ("chat-to-s3", "chat-to-cloudwatch", "recording-basic", "recording-thumbnails-renditions")
_ARCHIVE: Final = "ivscl/chat-archive"
_READING: Final = 4.0  # seconds to read one step, for a person only
_GLANCE: Final = 2.0
_LOOK_INTERVAL: Final = 0.2


class StoryFailed(Exception):
    """What a step tells did not happen in time."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.seen = seen


class Story:
    """`tell()` it once, on a stage where nothing has happened yet.

    `patience` is how many seconds a step may take.
    """

    def __init__(self, stage: Stage, screen: Screen, *, patience: float) -> None:
        self._stage = stage
        self._screen = screen
        self._patience = patience
        self._archive = ""
        """ARN of the logging configuration that the story is about."""

    def tell(self) -> None:
        """From an empty account to a deletion that has waited for its last room.

        Raises:
            StoryFailed: a step did not come true in time.
            SandboxError: kubectl refused, or a process has ended.
        """
        steps = (
            self._others_have_rooms,
            self._samples_are_applied,
            self._another_team_makes_a_room,
            self._somebody_interferes,
            self._a_deletion_is_held_back,
            self._ours_is_let_go,
            self._the_last_room_lets_go,
        )
        for number, step in enumerate(steps, start=1):
            step(number)

    def _others_have_rooms(self, number: int) -> None:
        self._chapter(
            number,
            "A platform team runs live video and chat",
            "Its buckets, chat rooms and channels exist at AWS; nothing is logged and nothing recorded.",
        )
        self._stage.account.furnish()
        expected = {*ROOMS, *CHANNELS}
        self._until("all of it is there", lambda view: {item.name for item in view.consumers} == expected)
        self._result(
            f"{len(BUCKETS)} buckets, log group {LOG_GROUP}, {len(ROOMS)} rooms and {len(CHANNELS)} channels exist"
        )

    def _samples_are_applied(self, number: int) -> None:
        self._chapter(
            number,
            "Somebody declares what is to be logged and recorded",
            "Four samples: what to make at AWS, and which rooms and channels are to use it, by name or by tag.",
        )
        mark = self._stage.account.control.last_sequence()
        began = time.monotonic()
        self._kubectl("apply", *(argument for path in samples(*SAMPLES) for argument in ("-f", path)))
        view = self._until("every sample is Ready and used by whom it selects", _as_declared)
        took = time.monotonic() - began
        self._archive = view.declared[_ARCHIVE].arn
        writes = self._stage.account.control.counts(mark, write=True)
        creates = sum(count for name, count in writes.operations.items() if ".Create" in name)
        joins = sum(count for name, count in writes.operations.items() if ".Update" in name)
        self._result(
            f"{len(SAMPLES)} objects Ready in {took:.1f} s with {writes.writes} AWS writes: "
            f"{creates} creations, {joins} associations"
        )

    def _another_team_makes_a_room(self, number: int) -> None:
        self._chapter(
            number,
            "Another team makes a chat room",
            "Room afterparty is tagged env=prod; nobody tells Kubernetes. The operator looks at AWS every 2 s here.",
        )
        self._stage.account.make_room("afterparty", {"env": "prod"})
        self._until(
            "room afterparty logs to chat-archive",
            lambda view: "afterparty" in view.users("chat-archive") and view.declared[_ARCHIVE].associated == "3/3",
        )
        self._result("afterparty logs to chat-archive: its tag selects it")

    def _somebody_interferes(self, number: int) -> None:
        self._chapter(
            number,
            "Somebody changes things by hand",
            "In AWS's console, chat-archive is sent to another bucket and room studio is taken off it.",
        )
        account = self._stage.account
        account.redirect(self._archive, "live-recordings")
        account.log_room("studio")
        self._until("both are as declared again", lambda view: _as_declared(view) and self._destination_is_right(view))
        self._result("chat-archive writes to live-chat-logs again, and studio logs to it")

    def _destination_is_right(self, view: View) -> bool:
        archive = view.configurations[self._archive]
        right = bool(archive["destinationConfiguration"] == {"s3": {"bucketName": "live-chat-logs"}})
        return right and bool(archive["state"] == "ACTIVE")

    def _a_deletion_is_held_back(self, number: int) -> None:
        self._chapter(
            number,
            "The logging configuration is deleted while rooms use it",
            "Room rehearsal has just joined by hand: no selector matches it, so it is none of the operator's business.",
        )
        self._stage.account.log_room("rehearsal", self._archive)
        self._until("chat-archive counts a foreign room", lambda view: view.declared[_ARCHIVE].foreign == 1)
        self._kubectl("delete", _ARCHIVE, "--wait=false")
        view = self._until(
            "the deletion is held back, naming every room and the remedy",
            lambda view: self._blocked_by(view, "lobby", "studio", "afterparty", "rehearsal", "DetachAndDelete"),
        )
        self._screen.quote(_ARCHIVE, view.declared[_ARCHIVE].message)
        self._result("nothing was taken away; the object waits and says for whom")
        self._linger(_READING)

    def _ours_is_let_go(self, number: int) -> None:
        self._chapter(
            number,
            "The remedy is followed",
            "DetachAndDelete lets go what the object's own selectors matched. Rehearsal is still not ours to touch.",
        )
        self._kubectl("patch", _ARCHIVE, "--type=merge", "-p", '{"spec": {"deletionPolicy": "DetachAndDelete"}}')
        view = self._until(
            "only rehearsal is left, and is named",
            lambda view: (
                view.users("chat-archive") == {"rehearsal"}
                and self._blocked_by(view, "rehearsal")
                and "lobby" not in view.declared[_ARCHIVE].message
            ),
        )
        self._screen.quote(_ARCHIVE, view.declared[_ARCHIVE].message)
        self._result("lobby, studio and afterparty were let go; lobby still logs to chat-search")

    def _the_last_room_lets_go(self, number: int) -> None:
        self._chapter(
            number,
            "The last room lets go",
            "Its team takes rehearsal off chat-archive. Nobody touches Kubernetes.",
        )
        self._stage.account.log_room("rehearsal")
        view = self._until(
            "the object and its AWS configuration are gone",
            lambda view: _ARCHIVE not in view.declared and self._archive not in view.configurations,
        )
        rooms = sum(1 for item in view.consumers if item.kind == "room")
        left = len(view.declared)
        if left != len(SAMPLES) - 1 or any(item.ready != "True" for item in view.declared.values()):
            raise StoryFailed("the other objects are Ready as before", describe(view))
        self._result(
            f"chat-archive is gone, here and at AWS; all {rooms} rooms and the other {left} objects are as before"
        )

    def _blocked_by(self, view: View, *words: str) -> bool:
        archive = view.declared.get(_ARCHIVE)
        blocked = archive is not None and archive.reason == "DeletionBlocked"
        return blocked and archive is not None and all(word in archive.message for word in words)

    def _chapter(self, number: int, title: str, text: str) -> None:
        self._screen.chapter(number, title, text)
        self._linger(_GLANCE, doing=title)

    def _result(self, text: str) -> None:
        self._screen.result(text)
        self._linger(_READING)

    def _kubectl(self, *arguments: str | Path) -> None:
        """Carried out, and shown as a person would type it in a checkout."""
        typed = " ".join(("kubectl", "-n", NAMESPACE, *map(_as_typed, arguments)))
        self._screen.command(typed.replace(" -f ", " \\\n    -f ").replace(" -p ", " \\\n    -p "))
        self._stage.cluster.kubectl(f"--namespace={NAMESPACE}", *arguments)

    def _until(self, expected: str, condition: Callable[[View], bool]) -> View:
        """Look until the condition holds; raises StoryFailed with what there is instead."""
        deadline = time.monotonic() + self._patience
        while True:
            view = self._look(f"waiting until {expected}")
            if condition(view):
                return view
            if time.monotonic() > deadline:
                raise StoryFailed(f"{expected}, within {self._patience:.0f} s", describe(view))
            time.sleep(_LOOK_INTERVAL)

    def _look(self, doing: str) -> View:
        for process in (self._stage.operator, self._stage.emulator):
            if not process.is_alive:
                raise SandboxError(f"the {process.name} has ended. The end of its log:\n{process.tail()}")
        view = self._stage.observer.look()
        self._screen.show(view, doing)
        return view

    def _linger(self, seconds: float, doing: str = "(time to read)") -> None:
        """Time for a person to read, while the tables go on."""
        deadline = time.monotonic() + (seconds if self._screen.paced else 0.0)
        while time.monotonic() < deadline:
            self._look(doing)
            time.sleep(_LOOK_INTERVAL)


def describe(view: View) -> str:
    """A view in lines, for the report of a failure."""
    declared = (
        f"{item.name}: Ready {item.ready or '?'} {item.reason}, associated {item.associated or '-'}: {item.message}"
        for item in view.declared.values()
    )
    consumers = (f"{item.kind} {item.name} uses {', '.join(item.uses) or 'nothing'}" for item in view.consumers)
    return "\n".join((*declared, *consumers)) or "nothing at all"


def _as_declared(view: View) -> bool:
    """Whether every sample is Ready and exactly what it selects uses it."""
    rooms = {item.name for item in view.consumers if item.kind == "room" and item.tags.get("env") == "prod"}
    return (
        len(view.declared) == len(SAMPLES)
        and all(item.ready == "True" for item in view.declared.values())
        and view.users("chat-archive") == rooms
        and view.users("chat-search") == {"lobby"}
        and view.users("vod") == {"main-stage"}
        and view.users("highlights-hd") == {"second-stage"}
    )


def _as_typed(argument: str | Path) -> str:
    """Quoted for a shell; files of the repository relative to it."""
    if isinstance(argument, Path):
        return str(Path(*argument.parts[argument.parts.index("manifests") :]))
    return shlex.quote(argument)
