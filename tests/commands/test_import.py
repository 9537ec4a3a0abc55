"""`import`, and what becomes of it: the operator takes over what kubectl applies, and AWS is as it was but for tags."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.commands.exit_codes import ExitCode
from support.command_here import run_here
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command_here import RunHere
    from support.command_process import Done
    from support.emulator import Emulator
    from support.walk import Walk

__all__ = ["run_here"]

ROOMS_PER_PAGE = 50


@pytest.fixture
def imported(run_here: RunHere, emulator: Emulator) -> Callable[..., Done]:
    """`imported(*arguments)` runs `import` with the emulator's credentials."""
    return lambda *arguments: run_here("import", *arguments, environment=emulator.environment())


def populate(walk: Walk) -> dict[str, str]:
    """An account as others have made it; ARN of each configuration by its name for the test."""
    bucket = walk.emulator.bucket("vod")
    settings = {
        "thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 5, "storage": ["LATEST"]},
        "renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["SD", "HD"]},
        "recordingReconnectWindowSeconds": 30,
    }
    tags = {"größe": "ä b_.:/=+-@", "team": "live"}
    made = walk.ivs.create_recording_configuration(
        name="VOD_1", destinationConfiguration=s3(bucket), tags=tags, **settings
    )
    found = {
        "recording": made["recordingConfiguration"]["arn"],
        "nameless": walk.foreign(RECORDING, ""),
        "logs": walk.foreign(CHAT, "logs", team="live", env="prod"),
        "same": walk.foreign(CHAT, "same"),
        "twin": walk.foreign(CHAT, "same", other="tags"),
    }
    walk.control.set_state(found["recording"], "ACTIVE")
    for number in range(3):
        walk.channel(f"channel-{number}", found["recording"])
        walk.room(f"room-{number}", found["logs"], found["same"])
    walk.room("another", found["same"])
    walk.channel("idle")
    return found


def users(walk: Walk) -> dict[str, Any]:
    """What each room and channel uses."""
    rooms = {item["arn"]: item.get("loggingConfigurationIdentifiers") for item in walk.control.resources("room")}
    return rooms | {item["arn"]: item["recordingConfigurationArn"] for item in walk.control.resources("channel")}


def objects(done: Done) -> dict[str, tuple[str, str]]:
    """Plural and name by ARN, of what was printed."""
    plurals = {"ChatLoggingConfiguration": CHAT, "RecordingConfiguration": RECORDING}
    documents = [item for item in yaml.safe_load_all(done.out) if item["kind"] in plurals]
    return {item["spec"]["existing"]["arn"]: (plurals[item["kind"]], item["metadata"]["name"]) for item in documents}


def test_what_is_applied_gets_ready_and_changes_nothing_but_tags(walk: Walk, imported: Callable[..., Done]) -> None:
    made, before = populate(walk), users(walk)
    done = imported("--namespace", walk.namespace)
    assert (done.code, done.err) == (0, "5 objects imported\n")
    found = objects(done)
    assert found.keys() == set(made.values())
    since = walk.control.last_sequence()

    walk.kubectl("apply", "-f", "-", stdin=done.out)
    for plural, name in found.values():
        walk.ready(plural, name)

    assert walk.status(*found[made["logs"]])["associations"]["summary"] == "3/3"
    assert walk.status(*found[made["same"]])["associations"]["summary"] == "4/4"
    assert walk.status(*found[made["recording"]])["associations"]["summary"] == "3/3"
    assert users(walk) == before
    writes = walk.aws_writes(since)
    assert writes.keys() == {"ivs.TagResource", "ivschat.TagResource"}, "owner tags and nothing else"
    touched = [entry["body"] for entry in walk.control.requests(since, operation="TagResource")]
    assert all(body.count("ivs-operator.dev/") == body.count('": "') for body in touched), "no tag but ours"

    again = imported("--namespace", walk.namespace)
    assert (again.code, again.out) == (0, "")
    assert again.err.startswith(
        "nothing to import, so that nothing is written: kubectl apply would find no objects\nleft out arn:"
    )
    assert objects(imported("--namespace", walk.namespace, "--all")) == found, "the same names as before"

    walk.kubectl("delete", "-f", "-", "--wait=false", stdin=done.out)
    for plural, name in found.values():
        walk.gone(plural, name)
    assert users(walk) == before
    assert len(walk.configurations(CHAT) + walk.configurations(RECORDING)) == len(made), "Retain leaves all there"


def test_without_tags_nothing_is_written_until_they_are_resumed(walk: Walk, imported: Callable[..., Done]) -> None:
    made = populate(walk)
    done = imported("--namespace", walk.namespace, "--no-tags", "--arn", made["logs"])
    ((plural, name),) = objects(done).values()
    since = walk.control.last_sequence()
    walk.kubectl("apply", "-f", "-", stdin=done.out)
    walk.reason(plural, name, "Paused")
    walk.sweeps(plural, 2)
    assert walk.aws_writes(since) == {}
    walk.annotate(plural, name, "paused-")
    walk.ready(plural, name)
    assert walk.aws_writes(since).keys() == {"ivschat.TagResource"}


def test_a_folder_that_kubectl_applies_as_a_whole(walk: Walk, imported: Callable[..., Done], tmp_path: Path) -> None:
    logs = walk.foreign(CHAT, "logs", team="Live Ops")
    folder = tmp_path / "ivs"
    namespace = f"{walk.namespace}-{{tag:team}}"
    done = imported(f"--namespace={namespace}", f"--output-dir={folder}", "--create-namespaces")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"1 object imported to {folder}\n"
    built = [*yaml.safe_load_all(walk.cluster.kubectl("kustomize", str(folder)).stdout)]
    expected = f"{walk.namespace}-live-ops"
    assert [(item["kind"], item["metadata"]["name"]) for item in built] == [
        ("Namespace", expected),
        ("ChatLoggingConfiguration", "logs"),
    ]
    walk.cluster.kubectl("apply", "-k", str(folder))
    found = walk.api.get(CHAT, expected, "logs")
    assert found is not None
    assert found["spec"]["existing"]["arn"] == logs
    renewed = imported(f"--namespace={namespace}", f"--output-dir={folder}")
    assert renewed.code == 0, "an earlier import may be renewed"
    assert "to be there before it is applied: namespaces " in renewed.err
    assert "to be there" not in done.err, "they were written"


def test_many_rooms_become_few_entries_at_a_page_each(walk: Walk, imported: Callable[..., Done]) -> None:
    """A tenth of 5,000 rooms; ListRooms is called once for each 50, and once more for what moved meanwhile."""
    logs = walk.foreign(CHAT, "logs")
    walk.control.seed(rooms=500, logging_configuration_identifiers=[logs], tags={"env": "prod"})
    walk.control.seed(rooms=100, prefix="others")
    since = walk.control.last_sequence()
    done = imported("--namespace", walk.namespace)
    assert done.code == 0
    assert "entries by tags or names match rooms that get these later, too" in done.err
    (document,) = yaml.safe_load_all(done.out)
    assert document["spec"]["rooms"] == [{"matchTags": {"env": "prod"}}]
    assert walk.control.counts(since, operation="ListRooms").total == math.ceil(600 / ROOMS_PER_PAGE) + 1
    walk.kubectl("apply", "-f", "-", stdin=done.out)
    walk.ready(CHAT, "logs")
    assert walk.status(CHAT, "logs")["associations"]["summary"] == "500/500"
    assert "ivschat.UpdateRoom" not in walk.aws_writes(since)


def test_only_what_was_asked_for_is_read_in_detail(emulator: Emulator, imported: Callable[..., Done]) -> None:
    arns = emulator.control.seed(recording_configurations=20)["recordingConfigurations"]
    emulator.control.seed(recording_configurations=5, prefix="managed", tags={TAG_OWNER: "c/ns/n"})
    since = emulator.control.last_sequence()
    assert imported("--arn", arns[0], "--arn", arns[1]).code == 0
    assert emulator.control.counts(since, operation="GetRecordingConfiguration").total == 2


def test_what_was_asked_for_and_is_not_there(emulator: Emulator, imported: Callable[..., Done]) -> None:
    arn = "arn:aws:ivschat:eu-west-1:123456789012:logging-configuration/AbCdEfGh1234"
    done = imported("--arn", arn)
    assert (done.code, done.out) == (ExitCode.FAILURE, "")
    assert done.err.endswith(f"ivs-operator: left out {arn}: there is no such configuration\n")
    assert {entry["region"] for entry in emulator.control.requests()} == {"eu-west-1"}, "the ARN says where to look"


def test_half_readable(emulator: Emulator, imported: Callable[..., Done]) -> None:
    emulator.control.seed(recording_configurations=1, logging_configurations=1)
    emulator.control.add_fault(
        operation="ListRooms", error={"code": "AccessDeniedException", "message": "no", "status": 403}
    )
    done = imported()
    assert done.code == ExitCode.PARTIAL
    assert [item["kind"] for item in yaml.safe_load_all(done.out)] == ["RecordingConfiguration"]
    assert "could not read rooms in us-west-2: ListRooms: no" in done.err
    assert "its rooms could not be read" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--arn=arn:aws:s3:::bucket"],
            "--arn: 'arn:aws:s3:::bucket' is no ARN of a recording or logging configuration",
        ),
        (["--tag=env"], "--tag: 'env' is not of the form KEY=VALUE"),
        (["--namespace=Live"], "--namespace: 'Live' makes no namespace"),
        (["--namespace={cluster}"], "{cluster} is no placeholder"),
        (["--output=a", "--output-dir=b"], "give --output or --output-dir, not both"),
    ],
)
def test_wrong_usage(run_here: RunHere, arguments: list[str], says: str) -> None:
    done = run_here("import", *arguments, environment={"AWS_REGION": "us-west-2"})
    assert done.code == ExitCode.USAGE
    assert says in done.err


def test_a_folder_with_somebody_s_files_is_left_alone(run_here: RunHere, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    done = run_here("import", f"--output-dir={tmp_path}", environment={"AWS_REGION": "us-west-2"})
    assert done.code == ExitCode.USAGE
    assert "has files that no import has written; name a new or empty folder" in done.err
