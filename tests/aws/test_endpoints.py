"""Which addresses of AWS boto3 would refuse, and which variable or profile they come from."""

from pathlib import Path

import boto3
import pytest

from ivs_operator.aws.endpoints import endpoint_trouble
from support.operator_process import clean_environment

VALUES = [
    pytest.param("http://127.0.0.1:4566", True, id="an emulator"),
    pytest.param("https://ivs.example.test/path", True, id="a proxy"),
    pytest.param("", True, id="empty is unset"),
    pytest.param("nonsense", False, id="a word"),
    pytest.param("localhost:4566", False, id="without http://"),
    pytest.param("http://", False, id="no host"),
    pytest.param("http://a b", False, id="a space"),
]


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IVS"])
@pytest.mark.parametrize(("value", "good"), VALUES)
def test_what_boto3_refuses_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, good: bool) -> None:
    environ = clean_environment({name: value})
    trouble = endpoint_trouble(environ)
    assert (trouble is None) is good
    assert good or (trouble or "").startswith(f"{name} is no address: {value!r}")
    for variable, text in environ.items():
        monkeypatch.setenv(variable, text)
    try:
        boto3.Session(region_name="us-west-2").client("ivs")
    except ValueError:
        assert not good


def test_addresses_that_boto3_ignores_are_no_trouble() -> None:
    assert endpoint_trouble({"AWS_ENDPOINT_URL": "x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}) is None


SERVICES = "services = mine\n[services mine]\nivs =\n  endpoint_url = {}\ndynamodb =\n  endpoint_url = nonsense\n"
PROFILES = [
    pytest.param("endpoint_url = http://127.0.0.1:4566", {}, None, id="an emulator"),
    pytest.param("endpoint_url = nonsense", {}, "endpoint_url of AWS profile team is no address: 'nonsense'", id="all"),
    pytest.param(
        SERVICES.format("localhost:4566"),
        {},
        "endpoint_url for ivs of AWS profile team is no address: 'localhost:4566'",
        id="of one service",
    ),
    pytest.param(SERVICES.format("http://127.0.0.1:4566"), {}, None, id="of a service that is none of ours"),
    pytest.param(
        "endpoint_url = nonsense", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, None, id="a variable goes before it"
    ),
    pytest.param(
        SERVICES.format("nonsense"), {"AWS_ENDPOINT_URL_IVS": "http://127.0.0.1:1"}, None, id="of a service, likewise"
    ),
    pytest.param("endpoint_url = nonsense\nignore_configured_endpoint_urls = true", {}, None, id="ignored"),
]


@pytest.mark.parametrize(("text", "variables", "trouble"), PROFILES)
def test_what_boto3_refuses_of_a_profile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], trouble: str | None
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile team]\nregion = us-west-2\n{text}\n")
    given = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "team", **variables}
    environ = clean_environment(given)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = endpoint_trouble(environ)
    assert (found or "").partition(";")[0] == (trouble or "")
    try:
        boto3.Session().client("ivs")
    except ValueError:
        assert trouble


def test_a_profile_that_is_none_is_told_by_whoever_makes_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in clean_environment({"AWS_PROFILE": "nobody"}).items():
        monkeypatch.setenv(name, value)
    assert endpoint_trouble() is None
