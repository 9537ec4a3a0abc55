"""Every error of both models reaches boto3 as the exception that the model declares."""

from typing import Any

import pytest

from ivs_emulator.models import SERVICES, service_api
from support.aws_errors import refusal
from support.emulator import Emulator

ERRORS = [(service, shape.name) for service in SERVICES for shape in service_api(service).model.error_shapes]
LIST: dict[str, str] = {"ivs": "list_channels", "ivschat": "list_rooms"}


@pytest.mark.parametrize(("service", "code"), ERRORS, ids=[f"{service}.{code}" for service, code in ERRORS])
def test_error_has_the_models_status_and_members(emulator: Emulator, service: str, code: str) -> None:
    emulator.control.add_fault(service=service, error={"code": code, "message": "because"})
    client = emulator.client(service)
    refused = refusal(getattr(client, LIST[service]))
    shape = service_api(service).error_shape(code)
    assert shape is not None
    assert refused.code == code
    assert refused.status == shape.metadata["error"]["httpStatusCode"]
    assert refused.message == "because"
    missing = set(shape.required_members) - set(refused.response) - {"message"}
    assert not missing
    for name in set(shape.members) & set(refused.response):
        assert_type(shape.members[name], refused.response[name])
    assert len(refused.response["ResponseMetadata"]["RequestId"]) == 36


def assert_type(shape: Any, value: Any) -> None:
    expected = {"string": str, "integer": int, "list": list}[shape.type_name]
    assert isinstance(value, expected), shape.name
    if shape.type_name == "string" and shape.enum:
        assert value in shape.enum


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerException", "ResourceNotFoundException"])
def test_boto3_has_a_class_for_it(emulator: Emulator, code: str) -> None:
    client = emulator.client("ivschat")
    emulator.control.add_fault(error={"code": code})
    with pytest.raises(getattr(client.exceptions, code)):
        client.get_room(identifier="arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh1234")


def test_ivs_body_can_have_exception_message_alone(emulator: Emulator) -> None:
    """The model has no `message`; a client that reads only that sees an empty text."""
    emulator.control.add_fault(error={"code": "ConflictException", "message": "because"})
    assert refusal(emulator.client("ivs").list_channels).response["Error"]["Message"] == "because"
    emulator.control.set(ivs_error_body="exceptionMessage")
    response = refusal(emulator.client("ivs").list_channels).response
    assert response["Error"]["Message"] == ""
    assert response["exceptionMessage"] == "because"


def test_a_code_that_no_model_has_can_be_sent(emulator: Emulator) -> None:
    emulator.control.add_fault(error={"code": "ExpiredTokenException", "status": 403, "message": "expired"})
    refused = refusal(emulator.client("ivs").list_channels)
    assert (refused.status, refused.code, refused.message) == (403, "ExpiredTokenException", "expired")
