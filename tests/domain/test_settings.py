"""The canonical form: what means the same compares equal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivs_operator.domain.identity import spec_hash
from ivs_operator.domain.settings import canonical, differences, without_defaults
from support.objects import CHAT, RECORDING, desired_of, resource

S3 = {"destinationConfiguration": {"s3": {"bucketName": "b"}}, "name": "n"}
SAME = [
    pytest.param({}, {"recordingReconnectWindowSeconds": 0}, id="no window"),
    pytest.param({}, {"renditionConfiguration": {"renditionSelection": "ALL"}}, id="all renditions"),
    pytest.param(
        {},
        {"renditionConfiguration": {"renditionSelection": "ALL", "renditions": ["HD"]}},
        id="renditions that AWS ignores",
    ),
    pytest.param({}, {"thumbnailConfiguration": {"recordingMode": "INTERVAL"}}, id="default thumbnails"),
    pytest.param(
        {},
        {
            "thumbnailConfiguration": {
                "recordingMode": "INTERVAL",
                "targetIntervalSeconds": 60,
                "storage": ["SEQUENTIAL"],
            }
        },
        id="default thumbnails, said in full",
    ),
    pytest.param(
        {"thumbnailConfiguration": {"recordingMode": "DISABLED"}},
        {"thumbnailConfiguration": {"recordingMode": "DISABLED", "targetIntervalSeconds": 30}},
        id="an interval without thumbnails",
    ),
    pytest.param(
        {"thumbnailConfiguration": {"storage": ["LATEST", "SEQUENTIAL"]}},
        {"thumbnailConfiguration": {"storage": ["SEQUENTIAL", "LATEST", "LATEST"]}},
        id="sets have no order",
    ),
    pytest.param(
        {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["SD", "HD"]}},
        {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]}},
        id="renditions are a set",
    ),
    pytest.param({}, {"tags": {"a": "b"}, "region": "x"}, id="what is no setting"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    forms = [canonical(RECORDING, S3 | members) for members in (one, other)]
    assert forms[0] == forms[1]
    assert spec_hash(without_defaults(forms[0])) == spec_hash(without_defaults(forms[1]))


DIFFERENT = [
    ("recordingReconnectWindowSeconds", 60),
    ("renditionConfiguration", {"renditionSelection": "NONE"}),
    ("thumbnailConfiguration", {"resolution": "HD"}),
    ("thumbnailConfiguration", {"targetIntervalSeconds": 30}),
    ("name", "other"),
    ("destinationConfiguration", {"s3": {"bucketName": "c"}}),
]


@pytest.mark.parametrize(("field", "value"), DIFFERENT)
def test_different(field: str, value: Any) -> None:
    one, other = canonical(RECORDING, S3), canonical(RECORDING, S3 | {field: value})
    assert [entry[0] for entry in differences(other, one)] == [field]
    assert spec_hash(without_defaults(one)) != spec_hash(without_defaults(other))


def test_the_form_is_its_own_form() -> None:
    form = canonical(RECORDING, S3 | {"thumbnailConfiguration": {"resolution": "HD"}})
    assert canonical(RECORDING, form) == form


def test_differences_are_printable() -> None:
    form = canonical(CHAT, S3)
    assert differences(form, {"name": "n"}) == (("destinationConfiguration", '{"s3": {"bucketName": "b"}}', "null"),)
    assert differences(form, form) == ()


def test_nothing_of_a_logging_configuration_is_fixed() -> None:
    one = desired_of(resource(CHAT))
    other = desired_of(resource(CHAT, destinationConfiguration={"firehose": {"deliveryStreamName": "chat"}}))
    assert one.spec_hash == other.spec_hash, "else an edit would be taken for a replacement"


def test_the_hash_is_what_it_was_in_the_first_release() -> None:
    """It is on objects at AWS: a change needs another version, or every object would seem to differ."""
    assert desired_of(resource(RECORDING)).spec_hash == "v1-39e74e007e3741cb55419e06"
    assert desired_of(resource(CHAT)).spec_hash == "v1-44136fa355b3678a1146ad16"


@given(st.permutations(["HD", "SD", "FULL_HD"]), st.permutations(["LATEST", "SEQUENTIAL"]))
def test_order_never_matters(renditions: list[str], storage: list[str]) -> None:
    members = S3 | {
        "renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": renditions},
        "thumbnailConfiguration": {"storage": storage},
    }
    assert canonical(RECORDING, members)["renditionConfiguration"]["renditions"] == ["FULL_HD", "HD", "SD"]
    assert canonical(RECORDING, members)["thumbnailConfiguration"]["storage"] == ["LATEST", "SEQUENTIAL"]
