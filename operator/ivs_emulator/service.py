"""The two services: one request in, one reply out."""

import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel

from ivs_emulator import channels, chat_logging, conversations, recording, rooms, sessions, streams, tags
from ivs_emulator.clock import Clock
from ivs_emulator.errors import ApiError, Reply, error_reply
from ivs_emulator.models import ServiceApi, integer_range, service_api
from ivs_emulator.operations import Call, Handler
from ivs_emulator.rates import Rates
from ivs_emulator.serialization import project, request_params, to_json
from ivs_emulator.settings import Settings
from ivs_emulator.state import World
from ivs_emulator.validation import validate

__all__ = ["HANDLERS", "Emulation", "Request"]

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "ivs": {
        **recording.OPERATIONS,
        **channels.OPERATIONS,
        **streams.OPERATIONS,
        **sessions.OPERATIONS,
        **tags.OPERATIONS,
    },
    "ivschat": {**chat_logging.OPERATIONS, **rooms.OPERATIONS, **conversations.OPERATIONS, **tags.OPERATIONS},
}


@dataclass(frozen=True, slots=True)
class Request:
    """A signed request, whatever the service. `operation` is "" when it names none that is known."""

    service: str
    operation: str
    account: str
    region: str
    access_key: str
    method: str
    raw_path: str
    query: str
    body: bytes
    user_agent: str = ""


class Emulation:
    """The state of all accounts, and the operations on it. Thread-safe: one lock around each operation."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.world = World()
        self.rates = Rates()
        self.settings = settings

    def handle(self, request: Request, forced_state: str | None = None) -> Reply:
        """Carry out a request of IVS or IVS Chat; every failure becomes an error reply."""
        api = service_api(request.service)
        settings = self.settings
        try:
            return self._handle(api, request, settings, forced_state)
        except ApiError as error:
            return error_reply(api, error, settings.ivs_error_body)
        except Exception:  # noqa: BLE001 - the boundary: a fault of the emulator must not look like a lost reply
            traceback.print_exc()
            failure = ApiError("InternalServerException", "the emulator failed; its standard error has the traceback")
            return error_reply(api, failure, settings.ivs_error_body)

    def _handle(self, api: ServiceApi, request: Request, settings: Settings, forced_state: str | None) -> Reply:
        handler = HANDLERS[api.name].get(request.operation)
        if handler is None:
            raise _unknown(request)
        operation = api.operation(request.operation)
        with self.lock:
            self._throttle(request, settings)
            params = request_params(operation, request.raw_path, request.query, request.body)
            result = handler(
                Call(
                    service=api.name,
                    operation=request.operation,
                    params=validate(operation.input_shape, params),
                    world=self.world,
                    territory=self.world.territory(request.account, request.region),
                    settings=settings,
                    now=self.clock.now(),
                    page_size=_page_size(operation),
                    forced_state=forced_state,
                )
            )
        return _success(operation, result)

    def _throttle(self, request: Request, settings: Settings) -> None:
        if not settings.enforce_rates:
            return
        admitted = self.rates.admit(
            request.account,
            request.region,
            request.service,
            request.operation,
            now=self.clock.now(),
            factor=settings.rate_factor,
        )
        if not admitted:
            raise ApiError("ThrottlingException", "Rate exceeded")

    def call(self, account: str, region: str) -> Call:
        """A call without a request, for the control path; hold the lock while using it."""
        territory = self.world.territory(account, region)
        return Call("", "control path", {}, self.world, territory, self.settings, self.clock.now())


def _unknown(request: Request) -> ApiError:
    if request.operation:
        message = f"{request.service} {request.operation} is not part of this emulator"
    else:
        message = f"{request.service} has no operation {request.method} {request.raw_path[:200]}"
    return ApiError("UnknownOperationException", message)


def _success(operation: OperationModel, result: Mapping[str, Any] | None) -> Reply:
    status = operation.http.get("responseCode", 200)
    if operation.output_shape is None:
        return Reply(status)
    return Reply(status, to_json(project(operation.output_shape, result)), {"Content-Type": "application/json"})


def _page_size(operation: OperationModel) -> int:
    """The largest page, which both services also take when maxResults is absent; 0 for operations without pages."""
    shape = operation.input_shape
    member = shape.members.get("maxResults") if shape is not None else None
    return (integer_range(member)[1] or 0) if member is not None else 0
