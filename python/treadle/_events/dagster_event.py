"""Events of the record under Dagster's names."""

from __future__ import annotations

from enum import Enum

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.specs import AssetCheckSeverity
from treadle._errors import CheckError
from treadle._events.error import SerializableErrorInfo, error_of_step, is_own
from treadle._events.event_data import ErrorSource, EventData, StepOutputHandle, class_of
from treadle._events.events import (
    AssetCheckEvaluation,
    AssetCheckEvaluationTargetMaterializationData,
    AssetMaterialization,
    AssetObservation,
)
from treadle._events.metadata import metadata_from_json
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle import _core
    from treadle._events.metadata import MetadataValue
    from treadle._ops.handle import NodeHandle

    # id, run, name of the type, log level, time (µs), step, asset, partition, message, particulars (JSON)
    Raw = tuple[int, str, str, int, int, str, str, str, str, str]


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


_IS = {
    "is_asset_check_evaluation": ("ASSET_CHECK_EVALUATION",),
    "is_asset_failed_to_materialize": ("ASSET_FAILED_TO_MATERIALIZE",),
    "is_asset_materialization_planned": ("ASSET_MATERIALIZATION_PLANNED",),
    "is_asset_observation": ("ASSET_OBSERVATION",),
    "is_engine_event": ("ENGINE_EVENT",),
    "is_expectation_result": ("STEP_EXPECTATION_RESULT",),
    "is_failure": ("RUN_CANCELED", "RUN_FAILURE", "STEP_FAILURE"),
    "is_handled_output": ("HANDLED_OUTPUT",),
    "is_hook_event": ("HOOK_COMPLETED", "HOOK_ERRORED", "HOOK_SKIPPED"),
    "is_job_failure": ("RUN_FAILURE",),
    "is_job_success": ("RUN_SUCCESS",),
    "is_loaded_input": ("LOADED_INPUT",),
    "is_resource_init_failure": ("RESOURCE_INIT_FAILURE",),
    "is_run_failure": ("RUN_FAILURE",),
    "is_step_failure": ("STEP_FAILURE",),
    "is_step_materialization": ("ASSET_MATERIALIZATION",),
    "is_step_restarted": ("STEP_RESTARTED",),
    "is_step_skipped": ("STEP_SKIPPED",),
    "is_step_start": ("STEP_START",),
    "is_step_success": ("STEP_SUCCESS",),
    "is_step_up_for_retry": ("STEP_UP_FOR_RETRY",),
    "is_successful_output": ("STEP_OUTPUT",),
}
_DATA_OF = {
    "asset_check_planned_data": "ASSET_CHECK_EVALUATION_PLANNED",
    "asset_materialization_planned_data": "ASSET_MATERIALIZATION_PLANNED",
    "asset_observation_data": "ASSET_OBSERVATION",
    "engine_event_data": "ENGINE_EVENT",
    "hook_errored_data": "HOOK_ERRORED",
    "job_canceled_data": "RUN_CANCELED",
    "job_failure_data": "RUN_FAILURE",
    "logs_captured_data": "LOGS_CAPTURED",
    "step_expectation_result_data": "STEP_EXPECTATION_RESULT",
    "step_failure_data": "STEP_FAILURE",
    "step_input_data": "STEP_INPUT",
    "step_materialization_data": "ASSET_MATERIALIZATION",
    "step_output_data": "STEP_OUTPUT",
    "step_retry_data": "STEP_UP_FOR_RETRY",
    "step_success_data": "STEP_SUCCESS",
}


class DagsterEvent:
    """One event of a run. `is_X` says whether it is of a kind, `X_data` are the particulars of that kind."""

    if TYPE_CHECKING:
        is_engine_event: bool
        is_failure: bool
        is_handled_output: bool
        is_hook_event: bool
        is_loaded_input: bool
        is_step_failure: bool
        is_step_materialization: bool
        is_step_success: bool
        is_successful_output: bool
        engine_event_data: Any
        step_failure_data: Any
        step_input_data: Any
        step_materialization_data: Any
        step_output_data: Any

    __slots__ = (
        "_asset",
        "_data",
        "_home",
        "_name",
        "_payload",
        "_raw_payload",
        "event_id",
        "job_name",
        "log_level",
        "message",
        "partition",
        "run_id",
        "step_key",
        "timestamp",
    )

    def __init__(
        self,
        event_type_value: str,
        job_name: str,
        step_handle: Any = None,
        node_handle: Any = None,
        step_kind_value: str | None = None,
        logging_tags: Mapping[str, str] | None = None,
        event_specific_data: Any = None,
        message: str | None = None,
        pid: int | None = None,
        step_key: str | None = None,
    ) -> None:
        """An event that no run reported, as tests make them. Those of the record are made by `of`."""
        named = [t for t in DagsterEventType if t.value == event_type_value]
        if not named:
            raise CheckError(f"{event_type_value!r} is no value of DagsterEventType.")
        step = step_key or (str(step_handle) if step_handle is not None else "")
        data = f'{{"pid": {pid}}}' if pid is not None else ""
        self._fill((0, "", named[0].name, 0, 0, step, "", "", message or "", data), job_name)
        self._data: Any = event_specific_data

    @classmethod
    def of(cls, raw: Raw, job_name: str = "", home: _core.Home | None = None) -> DagsterEvent:
        """From the record; `home`: where it is kept, for what an event says of earlier ones."""
        event = object.__new__(cls)
        event._fill(raw, job_name)
        event._home = home
        return event

    def _fill(self, raw: Raw, job_name: str) -> None:
        self.job_name = job_name
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
        self._data = None
        self._home: _core.Home | None = None

    def _facts(self) -> tuple[object, ...]:
        return self.run_id, self.event_id, self._name, self.timestamp, self.message, self._raw_payload

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DagsterEvent) and other._facts() == self._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

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

    @property
    def pid(self) -> int | None:
        """The process of the step, where the record knows it."""
        return self.payload.get("pid")

    @property
    def node_handle(self) -> NodeHandle | None:
        """Where the op is in the graphs of the job."""
        from treadle._ops.handle import NodeHandle

        if self.step_key is None:
            return None
        return NodeHandle.from_string(self.step_key.partition("[")[0])

    @property
    def node_name(self) -> str:
        handle = self.node_handle
        if handle is None:
            raise CheckError("Invariant failed. Description: No step: the event is not one of a step.")
        return handle.name

    @property
    def step_handle(self) -> str | None:
        return self.step_key

    @property
    def step_kind_value(self) -> str | None:
        """Whether the step is one of a dynamic output."""
        if self.step_key is None:
            return None
        return "UNRESOLVED_MAPPED" if "[?]" in self.step_key else "COMPUTE"

    @property
    def logging_tags(self) -> Mapping[str, str]:
        if self.step_key is None:
            return {}
        return {"step_key": self.step_key, "op_name": self.node_name}

    # --- what kind

    def __getattr__(self, name: str) -> Any:
        """`is_step_success` and the like: whether it is of those kinds; `step_output_data` and the like: its
        particulars, of an event of that kind.
        """
        kinds = _IS.get(name)
        if kinds is not None:
            return self._name in kinds
        kind = _DATA_OF.get(name)
        if kind is None:
            raise AttributeError(f"'DagsterEvent' object has no attribute {name!r}")
        if self._name != kind:
            raise CheckError(
                f"Invariant failed. Description: {name} called on an event of type {self.event_type_value}."
            )
        return self.event_specific_data

    @property
    def is_step_event(self) -> bool:
        return self.step_key is not None

    @property
    def hook_completed_data(self) -> Any:
        return self.event_specific_data

    @property
    def hook_skipped_data(self) -> Any:
        return self.event_specific_data

    # --- particulars

    @property
    def materialization(self) -> AssetMaterialization:
        return self.event_specific_data.materialization  # type: ignore[no-any-return]

    @property
    def asset_check_evaluation_data(self) -> AssetCheckEvaluation:
        return self.event_specific_data  # type: ignore[no-any-return]

    @property
    def event_specific_data(self) -> Any:
        if self._data is None:
            self._data = self._particulars()
        return self._data

    def _checked_materialization(self) -> AssetCheckEvaluationTargetMaterializationData | None:
        """The latest materialization of the asset before this event."""
        if self._home is None:
            return None
        for limit in (20, 0):  # the very latest, but for events that are read long afterwards
            found = self._home.events("", self._asset, ["ASSET_MATERIALIZATION"], 0, limit, True)
            for raw in found:
                if raw[0] < self.event_id:
                    return AssetCheckEvaluationTargetMaterializationData(raw[0], raw[1], raw[4] / 1e6)
            if len(found) < limit:
                break
        return None

    def because_of(self, step_failure: DagsterEvent) -> DagsterEvent:
        """This failure of a run with the error of the step that brought it about."""
        import copy

        other = copy.copy(self)
        other._data = copy.copy(self.event_specific_data)
        other._data.__dict__.update(
            error=step_failure.event_specific_data.error, first_step_failure_event=step_failure
        )
        return other

    def _particulars(self) -> Any:
        p = self.payload
        if self._name == "ASSET_MATERIALIZATION":
            return class_of(self._name)(materialization=self._fact(AssetMaterialization), asset_lineage=[])
        if self._name == "ASSET_OBSERVATION":
            return class_of(self._name)(asset_observation=self._fact(AssetObservation))
        if self._name == "STEP_EXPECTATION_RESULT":
            from treadle._events.expectation import expectation_of

            return class_of(self._name)(expectation_result=expectation_of(p, self.metadata))
        if self._name == "ASSET_CHECK_EVALUATION":
            assert self.asset_key is not None
            return AssetCheckEvaluation(
                self.asset_key,
                p.get("check", ""),
                bool(p.get("passed")),
                self.metadata,
                self._checked_materialization(),
                AssetCheckSeverity(p.get("severity", "ERROR")),
                p.get("description") or None,
                bool(p.get("blocking")),
                self.partition,
            )
        if self._name == "ASSET_MATERIALIZATION_PLANNED":
            return class_of(self._name)(
                asset_key=self.asset_key, partition=self.partition, partitions_subset=None
            )
        if self._name == "ASSET_CHECK_EVALUATION_PLANNED":
            assert self.asset_key is not None
            return class_of(self._name)(asset_check_key=AssetCheckKey(self.asset_key, p.get("check", "")))
        particulars = {k: v for k, v in p.items() if k not in ("metadata", "error")}
        if "metadata" in p:
            particulars["metadata"] = self.metadata
        if p.get("error"):
            particulars["error"] = SerializableErrorInfo.from_json(p["error"])
        if self._name == "RUN_FAILURE":
            particulars.setdefault("error", None)
        if self._name in ("STEP_FAILURE", "STEP_UP_FOR_RETRY"):
            error = particulars.setdefault("error", None)
            if error is not None:
                attempt = int(p.get("attempt") or 1)
                particulars["error"] = error_of_step(error, self.node_name, self._name, attempt)
            if p.get("error_source"):
                own = error is not None and is_own(error)
                particulars["error_source"] = (
                    ErrorSource.FRAMEWORK_ERROR if own else ErrorSource(p["error_source"])
                )
            raised = p.get("error") or {}
            particulars["user_failure_data"] = (
                EventData(
                    label="intentional-failure",
                    description=raised.get("message") or None,
                    metadata=self.metadata,
                )
                if "metadata" in p or raised.get("cls_name") == "Failure"
                else None
            )
        if self._name == "STEP_SUCCESS":
            particulars["duration_ms"] = p.get("duration_us", 0) / 1000
        if self._name == "STEP_OUTPUT":
            name, key = p.get("output") or "", p.get("mapping_key")
            particulars["output_name"] = name
            particulars["mapping_key"] = key
            particulars["step_output_handle"] = StepOutputHandle(self.step_key or "", name, key)
            particulars["type_check_data"] = self._type_check(name)
            particulars["version"] = None
            particulars.setdefault("metadata", {})
        if self._name == "STEP_INPUT":
            particulars["input_name"] = p.get("input")
            particulars["type_check_data"] = self._type_check(p.get("input") or "", self.metadata)
        if self._name == "ENGINE_EVENT":
            particulars.setdefault("metadata", {})
            for part in ("error", "marker_start", "marker_end"):
                particulars.setdefault(part, None)
        if self._name in ("HANDLED_OUTPUT", "LOADED_INPUT"):
            particulars["manager_key"] = p.get("io_manager")
            particulars["output_name" if self._name == "HANDLED_OUTPUT" else "input_name"] = p.get(
                "output" if self._name == "HANDLED_OUTPUT" else "input"
            )
            particulars.setdefault("metadata", {})
        return class_of(self._name)(**particulars)

    def _type_check(self, label: str, metadata: Mapping[str, MetadataValue] | None = None) -> EventData:
        """What the type of an input or output said of a value."""
        return EventData(
            success=self.payload.get("type_check_passed", True),
            label=label,
            description=self.payload.get("type_check_description"),
            metadata=dict(metadata or {}),
        )

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
