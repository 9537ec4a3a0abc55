"""The default region, and what the start of the operator has to say about it and about the credentials."""

import logging
from pathlib import Path

import boto3
import pytest
import structlog
from structlog.testing import capture_logs

from aws.test_estate import Opened, surroundings
from ivs_operator.aws.regions import region_trouble, supported_regions, unserved
from ivs_operator.domain.identity import Kind

__all__ = ["surroundings"]

TROUBLE = [
    pytest.param("us-west-2", {}, None, id="a region"),
    pytest.param("xx-new-9", {}, None, id="one that botocore may not know yet"),
    pytest.param(None, {}, None, id="none: objects may name theirs"),
    pytest.param(None, {"AWS_REGION": "eu-west-1"}, None, id="of the surroundings"),
    pytest.param(None, {"AWS_REGION": "Oregon"}, "the default region is none: 'Oregon'", id="a name"),
    pytest.param(None, {"AWS_DEFAULT_REGION": "us-west-2a"}, "the default region is none", id="a zone"),
    pytest.param("us-west-2", {"AWS_REGION": "Oregon"}, None, id="what is given goes first"),
    pytest.param(None, {"AWS_PROFILE": "gone"}, "the AWS settings can't be read: The config profile (gone)", id="gone"),
]


@pytest.mark.parametrize(("given", "environment", "words"), TROUBLE)
def test_what_is_no_region_is_told_before_anything_begins(
    surroundings: pytest.MonkeyPatch, given: str | None, environment: dict[str, str], words: str | None
) -> None:
    for name, value in environment.items():
        surroundings.setenv(name, value)
    found = region_trouble(given)
    assert (found is None) is (words is None)
    assert (found or "").startswith(words or "")


def test_a_region_of_the_profile_counts_too(surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nregion = nowhere\n")
    assert "'nowhere'" in (region_trouble(None) or "")


OFFERED = {kind: supported_regions(boto3.Session(), kind) for kind in Kind}


def test_a_region_without_the_service_is_told_with_those_that_have_it() -> None:
    assert unserved("us-west-2", OFFERED) is None
    told = unserved("eu-west-3", OFFERED)
    assert told is not None
    assert told.startswith(
        "RecordingConfiguration and ChatLoggingConfiguration objects can't live in the default region eu-west-3: "
    )
    assert "us-west-2" in told


START = [
    pytest.param("us-west-2", ["the AWS account can't be told"], id="only credentials are missing"),
    pytest.param("", ["no default region: objects", "the AWS account can't be told"], id="no region either"),
    pytest.param("eu-west-3", ["RecordingConfiguration and", "the AWS account can't be told"], id="no IVS there"),
]


@pytest.mark.parametrize(("region", "lines"), START)
async def test_the_start_tells_without_any_object_what_an_object_would_be_told(
    surroundings: pytest.MonkeyPatch, region: str, lines: list[str]
) -> None:
    surroundings.setenv("AWS_REGION", region)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with capture_logs() as told:
        made = Opened()
        made.estate.introduce()
        assert not any("account" in line["event"] for line in told), "nobody waits for it"
        introduction = made.estate._introduction
        assert introduction is not None
        await introduction
        made.estate.close()
    assert [line["event"].startswith(words) for line, words in zip(told, lines, strict=True)] == [True] * len(lines)
    assert "docs/iam.md" in told[-1]["error"]
