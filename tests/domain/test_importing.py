"""Custom resources from AWS objects: planned against the object they were made from, they ask for nothing but tags."""

from dataclasses import replace
from typing import Any

import pytest
import yaml

from ivs_operator.api.names import PAUSED_ANNOTATION, TAG_OWNER
from ivs_operator.api.validation import parse_spec
from ivs_operator.commands.import_files import as_folder, as_stream
from ivs_operator.domain.identity import Kind, is_own_tag
from ivs_operator.domain.import_names import parse_template
from ivs_operator.domain.importing import Choice, Import, Outcome, import_from
from ivs_operator.domain.listed import Listed
from ivs_operator.domain.observed import Configuration, Consumer, ConsumerIndex
from ivs_operator.domain.sync import synchronise
from support.objects import CHAT, RECORDING, REGION, channel, configuration, desired_of, resource, room
from support.situations import situation

CHOICE = Choice(parse_template("default"))


def listed(*items: Configuration, kind: Kind = CHAT, consumers: tuple[Consumer, ...] | None = ()) -> Listed:
    return Listed(kind, REGION, "", items, None if consumers is None else ConsumerIndex(consumers))


def imported(*items: Configuration, kind: Kind = CHAT, consumers: tuple[Consumer, ...] = (), **choice: Any) -> Import:
    outcome = import_from([listed(*items, kind=kind, consumers=consumers)], replace(CHOICE, **choice))
    assert not outcome.left_out
    (made,) = outcome.imports
    return made


def left_out(*items: Configuration, **choice: Any) -> Outcome:
    outcome = import_from([listed(*items)], replace(CHOICE, **choice))
    assert not outcome.imports
    return outcome


FOREIGN = configuration(owner=None, tags={"team": "live"})


def test_what_the_contract_asks_for() -> None:
    made = imported(FOREIGN, consumers=(room("b", "a"), room("a", "x", "a"), room("c")))
    assert made.manifest() == {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": "ChatLoggingConfiguration",
        "metadata": {"name": "vod", "namespace": "default"},
        "spec": {
            "region": REGION,
            "existing": {"arn": FOREIGN.arn},
            "deletionPolicy": "Retain",
            "driftPolicy": "Report",
            "name": "vod",
            "destinationConfiguration": {"s3": {"bucketName": "my-bucket"}},
            "tags": {"team": "live"},
            "rooms": [{"arn": room("a").arn}, {"arn": room("b").arn}],
        },
    }


RECORDINGS = [
    ({}, "all defaults"),
    ({"thumbnailConfiguration": {"recordingMode": "DISABLED"}}, "no thumbnails"),
    ({"thumbnailConfiguration": {"targetIntervalSeconds": 5, "storage": ["LATEST"], "resolution": "HD"}}, "thumbnails"),
    ({"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["SD", "HD"]}}, "renditions"),
    ({"renditionConfiguration": {"renditionSelection": "NONE"}, "recordingReconnectWindowSeconds": 300}, "the rest"),
    ({"name": ""}, "no name"),
    ({"name": "A_b-C"}, "a name that Kubernetes does not know"),
]


@pytest.mark.parametrize(("settings", "why"), RECORDINGS)
def test_the_planner_wants_nothing_but_owner_tags_for_what_it_imports(settings: dict[str, Any], why: str) -> None:
    item = configuration("a", RECORDING, owner=None, tags={"größe": "ä b/+=:@-._"}, **settings)
    made = imported(item, kind=RECORDING, consumers=(channel("c", "a"),))
    found = {**resource(RECORDING, made.name), "spec": parsed(made)}
    desired = desired_of(found)
    missing = {key for key, value in desired.tags.items() if item.tags.get(key) != value}
    assert all(map(is_own_tag, missing)), why
    claimed = replace(item, tags={**item.tags, **{key: desired.tags[key] for key in missing}})
    assert synchronise(situation(found, [claimed]), desired, claimed).finding is None, why


def parsed(made: Import) -> dict[str, Any]:
    """The spec as it comes out of the file that is written, checked as the API server would."""
    (document,) = yaml.safe_load_all(as_stream([made]))
    parse_spec(document["kind"], document["spec"])
    return dict(document["spec"])


@pytest.mark.parametrize(
    ("item", "says", "trouble"),
    [
        (configuration(owner="cluster-1/live/vod"), "cluster-1/live/vod; --all", False),
        (configuration(owner=None, state="CREATE_FAILED"), "CREATE_FAILED", False),
        (configuration(owner=None, state="DELETING"), "DELETING", False),
        (configuration(owner=None, complete=False), "could not be read", True),
        (configuration(owner=None, name="new words: AWS 2030"), "this version can't express it: spec.name", True),
    ],
)
def test_what_is_left_out_and_why(item: Configuration, says: str, trouble: bool) -> None:
    (entry,) = left_out(item).left_out
    assert says in str(entry)
    assert entry.trouble is trouble
    assert left_out(item, arns=frozenset({item.arn})).left_out[0].trouble, "asked for by name, its absence is trouble"


def test_rooms_that_could_not_be_read_leave_the_object_out() -> None:
    outcome = import_from([listed(FOREIGN, consumers=None)], CHOICE)
    assert not outcome.imports
    assert "rooms could not be read" in str(outcome.left_out[0])


def test_choices() -> None:
    prod = configuration("prod", owner=None, tags={"env": "prod", "a=b": "c=d"})
    test = configuration("test", owner=None, tags={"env": "test"})
    by_tag = import_from([listed(prod, test)], replace(CHOICE, tags=("env=prod", "a=b=c=d")))
    assert [made.arn for made in by_tag.imports] == [prod.arn], "keys and values may have an equals sign"
    by_arn = import_from([listed(prod, test)], replace(CHOICE, arns=frozenset({test.arn, "arn:gone"})))
    assert [made.arn for made in by_arn.imports] == [test.arn]
    assert [str(entry) for entry in by_arn.left_out] == ["left out arn:gone: there is no such configuration"]


def test_managed_ones_on_demand_with_a_word_on_what_applying_does() -> None:
    made = imported(configuration(owner="cluster-1/live/vod"), managed=True)
    assert "cluster-1/live/vod manages it already" in made.remarks[0]
    assert "tags" not in made.spec, "owner tags are not declared"


def test_paused_ones_write_nothing_at_all() -> None:
    made = imported(FOREIGN, paused=True)
    assert made.manifest()["metadata"]["annotations"] == {PAUSED_ANNOTATION: "true"}
    assert "nothing at all is written to AWS" in as_stream([made])


def test_tags_that_a_spec_can_not_have_are_told() -> None:
    tags = {f"k{n:02}": "v" for n in range(42)} | {"aws:x": "y", "bad,key": "v"}
    made = imported(configuration(owner=None, tags=tags))
    assert len(made.spec["tags"]) == 40
    assert "aws:x" not in str(made.remarks), "AWS's own are nobody's to declare"
    assert any("k40, k41" in remark and "bad,key" in remark for remark in made.remarks)


@pytest.mark.parametrize(("number", "warned"), [(47, False), (48, True)])
def test_no_place_for_the_owner_tags(number: int, warned: bool) -> None:
    made = imported(configuration(owner=None, tags={f"k{n}": "" for n in range(number)}))
    assert any("AWS allows 50" in remark for remark in made.remarks) is warned


def test_a_tag_can_not_break_out_of_the_comment_it_is_named_in() -> None:
    evil = "x\nkind: Secret\u2028\x1b[2J"
    made = imported(configuration(owner=None, tags={TAG_OWNER: f"c/{evil}/y"}), managed=True)
    text = as_stream([made])
    (document,) = yaml.safe_load_all(text)
    assert document == made.manifest()
    assert "\x1b" not in text


def test_text_that_would_show_otherwise_than_it_reads_is_spelled_out() -> None:
    made = imported(configuration(owner=None, tags={"a": "x\u202ey", "b": "é"}))
    text = as_stream([made])
    assert "\u202e" not in text
    assert [*yaml.safe_load_all(text)] == [made.manifest()]
    assert "é" in as_stream([imported(configuration(owner=None, tags={"b": "é"}))])


def test_a_folder_for_kustomize() -> None:
    namespaces = parse_template("{tag:team}")
    outcome = import_from([listed(FOREIGN)], replace(CHOICE, namespace=namespaces))
    files = as_folder(outcome.imports, namespaces=True)
    assert sorted(files) == ["kustomization.yaml", "live/chat-logging-vod.yaml", "live/namespace.yaml"]
    assert yaml.safe_load(files["kustomization.yaml"])["resources"] == [
        "live/chat-logging-vod.yaml",
        "live/namespace.yaml",
    ]
