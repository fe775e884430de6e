"""The particulars of events: one class for each kind, as Dagster calls them."""

from __future__ import annotations

from enum import Enum

from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class EventData(Record):
    """The particulars of an event; which there are depends on its type."""

    __slots__ = ("__dict__",)

    def __init__(self, **particulars: Any) -> None:
        self.__dict__.update(particulars)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self).__name__, *sorted(self.__dict__)))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"This event has no {name!r}; it has {', '.join(self.__dict__) or 'nothing'}.")


class ErrorSource(str, Enum):
    """Where the error of a failed step came from."""

    FRAMEWORK_ERROR = "FRAMEWORK_ERROR"
    USER_CODE_ERROR = "USER_CODE_ERROR"
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"
    INTERRUPT = "INTERRUPT"


class StepOutputHandle(Record):
    """An output of a step; `mapping_key` of a dynamic one."""

    __slots__ = _fields = ("step_key", "output_name", "mapping_key")
    step_key: str
    output_name: str
    mapping_key: str | None

    def __init__(self, step_key: str, output_name: str = "result", mapping_key: str | None = None) -> None:
        self.step_key = step_key
        self.output_name = output_name
        self.mapping_key = mapping_key


# Kind of event: the class of its particulars.
_CLASSES = {
    kind: type(name, (EventData,), {"__slots__": (), "__doc__": f"The particulars of {kind}."})
    for kind, name in (
        ("ASSET_CHECK_EVALUATION_PLANNED", "AssetCheckEvaluationPlanned"),
        ("ASSET_MATERIALIZATION", "StepMaterializationData"),
        ("ASSET_MATERIALIZATION_PLANNED", "AssetMaterializationPlannedData"),
        ("ASSET_OBSERVATION", "AssetObservationData"),
        ("ENGINE_EVENT", "EngineEventData"),
        ("HANDLED_OUTPUT", "HandledOutputData"),
        ("HOOK_ERRORED", "HookErroredData"),
        ("LOADED_INPUT", "LoadedInputData"),
        ("LOGS_CAPTURED", "ComputeLogsCaptureData"),
        ("RUN_CANCELED", "JobCanceledData"),
        ("RUN_FAILURE", "JobFailureData"),
        ("STEP_EXPECTATION_RESULT", "StepExpectationResultData"),
        ("STEP_FAILURE", "StepFailureData"),
        ("STEP_INPUT", "StepInputData"),
        ("STEP_OUTPUT", "StepOutputData"),
        ("STEP_SUCCESS", "StepSuccessData"),
        ("STEP_UP_FOR_RETRY", "StepRetryData"),
    )
}
_BY_NAME = {cls.__name__: cls for cls in _CLASSES.values()}


def class_of(kind: str) -> type[EventData]:
    return _CLASSES.get(kind, EventData)


def __getattr__(name: str) -> type[EventData]:
    if name in _BY_NAME:
        return _BY_NAME[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
