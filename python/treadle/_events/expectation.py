"""ExpectationResult: what a test of data inside an op has found."""

from __future__ import annotations

from treadle._errors import CheckError
from treadle._events.metadata import metadata_to_core, normalize_metadata
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle import _core
    from treadle._events.metadata import MetadataValue
    from treadle._typing import RawMetadataMapping


class ExpectationResult(Record):
    """Yielded or logged by an op: whether its data are as expected. It stops nothing."""

    __slots__ = _fields = ("success", "label", "description", "metadata")
    success: bool
    label: str
    description: str | None
    metadata: Mapping[str, MetadataValue]

    def __init__(
        self,
        success: bool,
        label: str | None = None,
        description: str | None = None,
        metadata: RawMetadataMapping | None = None,
    ) -> None:
        if not isinstance(success, bool):
            raise CheckError(f"Object {success!r} is not a bool. Got {success!r} with type {type(success)}.")
        self.success = success
        self.label = label or "result"
        self.description = description
        self.metadata = normalize_metadata(metadata)


def report_expectation(step: _core.Step, result: ExpectationResult) -> None:
    import json

    message = result.description or f"Expectation {result.label} {'passed' if result.success else 'failed'}"
    rest = {"success": result.success, "label": result.label, "description": result.description}
    told = metadata_to_core(result.metadata)
    step.report_event("STEP_EXPECTATION_RESULT", "", "", message, told, json.dumps(rest))


def expectation_of(payload: Mapping[str, Any], metadata: Mapping[str, Any]) -> ExpectationResult:
    """As the record has it."""
    return ExpectationResult(
        bool(payload.get("success")), payload.get("label"), payload.get("description"), metadata
    )
