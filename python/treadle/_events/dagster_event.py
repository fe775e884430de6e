"""Events of the record under Dagster's names."""

from __future__ import annotations

from enum import Enum

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.specs import AssetCheckSeverity
from treadle._events.events import AssetCheckEvaluation, AssetMaterialization, AssetObservation
from treadle._events.metadata import metadata_from_json
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._events.metadata import MetadataValue


class DagsterEventType(str, Enum):
    """What happened. Runs were once called pipelines, and the values still say so."""

    STEP_OUTPUT = "STEP_OUTPUT"
    STEP_INPUT = "STEP_INPUT"
    STEP_FAILURE = "STEP_FAILURE"
    STEP_START = "STEP_START"
    STEP_SUCCESS = "STEP_SUCCESS"
    STEP_SKIPPED = "STEP_SKIPPED"
    STEP_UP_FOR_RETRY = "STEP_UP_FOR_RETRY"
    STEP_RESTARTED = "STEP_RESTARTED"
    STEP_EXPECTATION_RESULT = "STEP_EXPECTATION_RESULT"
    ASSET_MATERIALIZATION = "ASSET_MATERIALIZATION"
    ASSET_MATERIALIZATION_PLANNED = "ASSET_MATERIALIZATION_PLANNED"
    ASSET_FAILED_TO_MATERIALIZE = "ASSET_FAILED_TO_MATERIALIZE"
    ASSET_OBSERVATION = "ASSET_OBSERVATION"
    ASSET_CHECK_EVALUATION_PLANNED = "ASSET_CHECK_EVALUATION_PLANNED"
    ASSET_CHECK_EVALUATION = "ASSET_CHECK_EVALUATION"
    RUN_START = "PIPELINE_START"
    RUN_SUCCESS = "PIPELINE_SUCCESS"
    RUN_FAILURE = "PIPELINE_FAILURE"
    RUN_CANCELING = "PIPELINE_CANCELING"
    RUN_CANCELED = "PIPELINE_CANCELED"
    HANDLED_OUTPUT = "HANDLED_OUTPUT"
    LOADED_INPUT = "LOADED_INPUT"
    ENGINE_EVENT = "ENGINE_EVENT"
    RESOURCE_INIT_STARTED = "RESOURCE_INIT_STARTED"
    RESOURCE_INIT_SUCCESS = "RESOURCE_INIT_SUCCESS"
    RESOURCE_INIT_FAILURE = "RESOURCE_INIT_FAILURE"
    LOGS_CAPTURED = "LOGS_CAPTURED"
    HOOK_COMPLETED = "HOOK_COMPLETED"
    HOOK_ERRORED = "HOOK_ERRORED"
    HOOK_SKIPPED = "HOOK_SKIPPED"
    RUN_ENQUEUED = "PIPELINE_ENQUEUED"
    RUN_DEQUEUED = "PIPELINE_DEQUEUED"
    RUN_STARTING = "PIPELINE_STARTING"
    PIPELINE_ENQUEUED = RUN_ENQUEUED
    PIPELINE_DEQUEUED = RUN_DEQUEUED
    PIPELINE_STARTING = RUN_STARTING
    PIPELINE_START = RUN_START
    PIPELINE_SUCCESS = RUN_SUCCESS
    PIPELINE_FAILURE = RUN_FAILURE
    PIPELINE_CANCELING = RUN_CANCELING
    PIPELINE_CANCELED = RUN_CANCELED
    STEP_WORKER_STARTING = "STEP_WORKER_STARTING"
    STEP_WORKER_STARTED = "STEP_WORKER_STARTED"
    OBJECT_STORE_OPERATION = "OBJECT_STORE_OPERATION"
    ASSET_STORE_OPERATION = "ASSET_STORE_OPERATION"
    ASSET_WIPED = "ASSET_WIPED"


class SerializableErrorInfo(Record):
    """What went wrong, in text."""

    __slots__ = _fields = ("message", "stack", "cls_name", "cause")
    message: str
    stack: Sequence[str]
    cls_name: str | None
    cause: SerializableErrorInfo | None

    def __init__(
        self,
        message: str,
        stack: Sequence[str],
        cls_name: str | None,
        cause: SerializableErrorInfo | None = None,
    ) -> None:
        self.message = message
        self.stack = stack
        self.cls_name = cls_name
        self.cause = cause

    def to_string(self) -> str:
        text = f"{self.cls_name}: {self.message}\n\nStack Trace:\n{''.join(self.stack)}"
        return (
            text
            if self.cause is None
            else f"{text}\nThe above exception was caused by the following"
            f" exception:\n{self.cause.to_string()}"
        )

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> SerializableErrorInfo:
        cause = data.get("cause")
        return SerializableErrorInfo(
            data.get("message") or "",
            (data.get("stack") or "").splitlines(keepends=True),
            data.get("cls_name"),
            SerializableErrorInfo.from_json(cause) if cause else None,
        )


class EventData(Record):
    """The particulars of an event; which there are depends on its type."""

    __slots__ = ("__dict__",)

    def __init__(self, **particulars: Any) -> None:
        self.__dict__.update(particulars)

    def __repr__(self) -> str:
        return f"EventData({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"This event has no {name!r}; it has {', '.join(self.__dict__) or 'nothing'}.")


class DagsterEvent:
    """One event of a run."""

    __slots__ = (
        "_asset",
        "_data",
        "_name",
        "_payload",
        "_raw_payload",
        "event_id",
        "log_level",
        "message",
        "partition",
        "run_id",
        "step_key",
        "timestamp",
    )

    def __init__(self, raw: tuple[int, str, str, int, int, str, str, str, str, str]) -> None:
        event_id, run_id, name, level, time, step_key, asset, partition, message, payload = raw
        self.event_id = event_id
        self.run_id = run_id
        self._name = name
        self.log_level = level
        self.timestamp = time / 1e6
        self.step_key = step_key or None
        self._asset = asset
        self.partition = partition or None
        self.message = message
        self._raw_payload = payload
        self._payload: Mapping[str, Any] | None = None
        self._data: Any = None

    def __repr__(self) -> str:
        return f"DagsterEvent({self._name}, step_key={self.step_key!r}, message={self.message!r})"

    @property
    def event_type(self) -> DagsterEventType:
        return DagsterEventType[self._name]

    @property
    def event_type_value(self) -> str:
        return (
            DagsterEventType[self._name].value if self._name in DagsterEventType.__members__ else self._name
        )

    @property
    def payload(self) -> Mapping[str, Any]:
        """The particulars as the record keeps them (docs/formats/events.md)."""
        if self._payload is None:
            if self._raw_payload:
                import json

                self._payload = json.loads(self._raw_payload)
            else:
                self._payload = {}
        return self._payload

    @property
    def asset_key(self) -> AssetKey | None:
        return AssetKey.from_user_string(self._asset) if self._asset else None

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        return metadata_from_json(self.payload.get("metadata") or {})

    # --- what kind

    @property
    def is_step_event(self) -> bool:
        return self.step_key is not None

    @property
    def is_failure(self) -> bool:
        return self._name in ("STEP_FAILURE", "RUN_FAILURE", "RUN_CANCELED")

    @property
    def is_run_failure(self) -> bool:
        return self._name == "RUN_FAILURE"

    @property
    def is_job_success(self) -> bool:
        return self._name == "RUN_SUCCESS"

    @property
    def is_job_failure(self) -> bool:
        return self._name == "RUN_FAILURE"

    @property
    def is_step_success(self) -> bool:
        return self._name == "STEP_SUCCESS"

    @property
    def is_step_failure(self) -> bool:
        return self._name == "STEP_FAILURE"

    @property
    def is_step_start(self) -> bool:
        return self._name == "STEP_START"

    @property
    def is_step_skipped(self) -> bool:
        return self._name == "STEP_SKIPPED"

    @property
    def is_step_up_for_retry(self) -> bool:
        return self._name == "STEP_UP_FOR_RETRY"

    @property
    def is_step_restarted(self) -> bool:
        return self._name == "STEP_RESTARTED"

    @property
    def is_successful_output(self) -> bool:
        return self._name == "STEP_OUTPUT"

    @property
    def is_step_materialization(self) -> bool:
        return self._name == "ASSET_MATERIALIZATION"

    @property
    def is_asset_observation(self) -> bool:
        return self._name == "ASSET_OBSERVATION"

    @property
    def is_handled_output(self) -> bool:
        return self._name == "HANDLED_OUTPUT"

    @property
    def is_loaded_input(self) -> bool:
        return self._name == "LOADED_INPUT"

    @property
    def is_engine_event(self) -> bool:
        return self._name == "ENGINE_EVENT"

    # --- particulars

    @property
    def materialization(self) -> AssetMaterialization:
        return self.event_specific_data.materialization  # type: ignore[no-any-return]

    @property
    def asset_check_evaluation_data(self) -> AssetCheckEvaluation:
        return self.event_specific_data  # type: ignore[no-any-return]

    @property
    def step_materialization_data(self) -> Any:
        return self.event_specific_data

    @property
    def step_failure_data(self) -> Any:
        return self.event_specific_data

    @property
    def event_specific_data(self) -> Any:
        if self._data is None:
            self._data = self._particulars()
        return self._data

    def _particulars(self) -> Any:
        p = self.payload
        if self._name == "ASSET_MATERIALIZATION":
            return EventData(materialization=self._fact(AssetMaterialization), asset_lineage=[])
        if self._name == "ASSET_OBSERVATION":
            return EventData(asset_observation=self._fact(AssetObservation))
        if self._name == "STEP_EXPECTATION_RESULT":
            from treadle._events.expectation import expectation_of

            return EventData(expectation_result=expectation_of(p, self.metadata))
        if self._name == "ASSET_CHECK_EVALUATION":
            assert self.asset_key is not None
            return AssetCheckEvaluation(
                self.asset_key,
                p.get("check", ""),
                bool(p.get("passed")),
                self.metadata,
                AssetCheckSeverity(p.get("severity", "ERROR")),
                p.get("description") or None,
                bool(p.get("blocking")),
                self.partition,
            )
        if self._name == "ASSET_CHECK_EVALUATION_PLANNED":
            assert self.asset_key is not None
            return EventData(asset_check_key=AssetCheckKey(self.asset_key, p.get("check", "")))
        particulars = {k: v for k, v in p.items() if k not in ("metadata", "error")}
        if "metadata" in p:
            particulars["metadata"] = self.metadata
        if p.get("error"):
            particulars["error"] = SerializableErrorInfo.from_json(p["error"])
        if self._name in ("STEP_FAILURE", "STEP_UP_FOR_RETRY"):
            particulars.setdefault("error", None)
            particulars["user_failure_data"] = (
                EventData(label="intentional-failure", metadata=self.metadata) if "metadata" in p else None
            )
        if self._name == "STEP_SUCCESS":
            particulars["duration_ms"] = p.get("duration_us", 0) / 1000
        if self._name == "STEP_OUTPUT":
            particulars["output_name"] = p.get("output")
            particulars.setdefault("metadata", {})
        if self._name in ("HANDLED_OUTPUT", "LOADED_INPUT"):
            particulars["manager_key"] = p.get("io_manager")
            particulars["output_name" if self._name == "HANDLED_OUTPUT" else "input_name"] = p.get(
                "output" if self._name == "HANDLED_OUTPUT" else "input"
            )
            particulars.setdefault("metadata", {})
        return EventData(**particulars)

    def _fact(self, cls: type[AssetMaterialization] | type[AssetObservation]) -> Any:
        p = self.payload
        tags = dict(p.get("tags") or {})
        provenance = p.get("provenance") or {}
        if provenance.get("code_version"):
            tags.setdefault("dagster/code_version", provenance["code_version"])
        for given in provenance.get("inputs") or ():
            if given.get("data_version"):
                tags.setdefault(f"dagster/input_data_version/{given['asset']}", given["data_version"])
        version = provenance.get("data_version") or p.get("data_version")
        if version:
            tags.setdefault("dagster/data_version", version)
        fact = object.__new__(cls)
        fact.asset_key = self.asset_key  # type: ignore[assignment]
        fact.description = None
        fact.metadata = self.metadata
        fact.partition = self.partition
        fact.tags = tags
        return fact
