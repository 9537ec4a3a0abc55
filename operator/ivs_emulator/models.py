"""The service models that botocore ships: operations, their shapes, and how a request finds its operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

__all__ = ["SERVICES", "ServiceApi", "integer_range", "service_api"]

SERVICES = ("ivs", "ivschat")
_TAGS_PREFIX = "/tags/"


@dataclass(frozen=True, slots=True)
class ServiceApi:
    """One service: its model, indexed by what a request carries."""

    name: str
    model: ServiceModel
    routes: Mapping[tuple[str, str], str]

    def operation_name(self, method: str, raw_path: str) -> str | None:
        """The operation that answers `method` on `raw_path`, or None.

        The path must still be percent-encoded, as clients encode the slash of the ARN in a tag path.
        """
        if raw_path.startswith(_TAGS_PREFIX):
            return self.routes.get((method, _TAGS_PREFIX))
        return self.routes.get((method, raw_path))

    def operation(self, name: str) -> OperationModel:
        """The model of operation `name`."""
        return self.model.operation_model(name)

    def error_shape(self, code: str) -> Any | None:
        """The shape of error `code`, or None when the model has none."""
        return next((shape for shape in self.model.error_shapes if shape.name == code), None)


@cache
def service_api(name: str) -> ServiceApi:
    """The model of service `name`, which is one of `SERVICES`."""
    model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
    routes = {}
    for operation_name in model.operation_names:
        http = model.operation_model(operation_name).http
        path = _TAGS_PREFIX if http["requestUri"].startswith(_TAGS_PREFIX) else http["requestUri"]
        routes[http["method"], path] = operation_name
    return ServiceApi(name, model, routes)


def integer_range(shape: Shape) -> tuple[int | None, int | None]:
    """Smallest and largest value, length or size that a shape allows; None where it sets no bound."""
    return shape.metadata.get("min"), shape.metadata.get("max")
