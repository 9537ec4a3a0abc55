"""Which addresses of AWS boto3 would refuse, and which variable they come from."""

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
