"""Sensors: runs when something has happened."""

from __future__ import annotations

from enum import Enum

from treadle._automation.functions import EvaluationFunction, as_list
from treadle._automation.instigation import EvaluationContext, Instigator, jobs_of
from treadle._automation.requests import (
    SENSOR_TAG,
    AddDynamicPartitionsRequest,
    DeleteDynamicPartitionsRequest,
    RunRequest,
    SensorResult,
    SkipReason,
)
from treadle._automation.resolving import KeysAfter, definitions_of, resolve_partition
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._assets.selection import AssetSelection
    from treadle._run.instance import DagsterInstance
    from treadle._typing import CoercibleToAssetSelection, UserFn

DEFAULT_INTERVAL = 30


class DefaultSensorStatus(Enum):
    """Whether a sensor is on when it is first seen."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class SensorType(Enum):
    """What a sensor looks at."""

    STANDARD = "STANDARD"
    RUN_STATUS = "RUN_STATUS"
    ASSET = "ASSET"
    MULTI_ASSET = "MULTI_ASSET"
    FRESHNESS_POLICY = "FRESHNESS_POLICY"
    AUTO_MATERIALIZE = "AUTO_MATERIALIZE"
    AUTOMATION = "AUTOMATION"
    UNKNOWN = "UNKNOWN"


class SensorEvaluationContext(EvaluationContext):
    """What the function of a sensor is given. Its cursor is what the sensor wants to remember."""

    def __init__(
        self,
        instance: DagsterInstance | None = None,
        cursor: str | None = None,
        resources: Mapping[str, Any] | None = None,
        definitions: Any = None,
        sensor_name: str | None = None,
        last_tick_completion_time: float | None = None,
        last_run_key: str | None = None,
        last_sensor_start_time: float | None = None,
    ) -> None:
        super().__init__(instance, resources, definitions, "build_sensor_context")
        self._cursor = cursor
        self._cursor_updated = False
        self._sensor_name = sensor_name
        self._last_tick_completion_time = last_tick_completion_time
        self._last_run_key = last_run_key
        self._last_sensor_start_time = last_sensor_start_time

    @property
    def cursor(self) -> str | None:
        return self._cursor

    @property
    def cursor_updated(self) -> bool:
        return self._cursor_updated

    def update_cursor(self, cursor: str | None) -> None:
        """What the next tick will find as `cursor`."""
        if cursor is not None and not isinstance(cursor, str):
            raise CheckError(f"A sensor's cursor is a string, not {cursor!r}.")
        self._cursor = cursor
        self._cursor_updated = True

    @property
    def sensor_name(self) -> str:
        if self._sensor_name is None:
            raise CheckError("This context belongs to no sensor: give build_sensor_context(sensor_name=...).")
        return self._sensor_name

    @property
    def last_tick_completion_time(self) -> float | None:
        return self._last_tick_completion_time

    last_completion_time = last_tick_completion_time

    @property
    def last_run_key(self) -> str | None:
        return self._last_run_key

    @property
    def last_sensor_start_time(self) -> float | None:
        return self._last_sensor_start_time

    @property
    def is_first_tick_since_sensor_start(self) -> bool:
        last, start = self._last_tick_completion_time, self._last_sensor_start_time
        return last is None or (start is not None and last < start)

    @property
    def repository_name(self) -> str | None:
        return None


def build_sensor_context(
    instance: DagsterInstance | None = None,
    cursor: str | None = None,
    repository_name: str | None = None,
    repository_def: object | None = None,
    sensor_name: str | None = None,
    resources: Mapping[str, object] | None = None,
    definitions: object | None = None,
    instance_ref: object | None = None,
    last_sensor_start_time: float | None = None,
) -> SensorEvaluationContext:
    """A context for calling sensors in tests."""
    return SensorEvaluationContext(
        instance,
        cursor,
        resources if resources is not None else getattr(definitions, "resources", None),
        definitions or repository_def,
        sensor_name,
        last_sensor_start_time=last_sensor_start_time,
    )


class SensorExecutionData:
    """What one tick of a sensor asks for."""

    __slots__ = ("asset_events", "cursor", "dynamic_partitions_requests", "run_requests", "skip_message")

    def __init__(
        self,
        run_requests: Sequence[RunRequest],
        skip_message: str | None,
        cursor: str | None,
        dynamic_partitions_requests: Sequence[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest],
        asset_events: Sequence[Any],
    ) -> None:
        self.run_requests = list(run_requests)
        self.skip_message = skip_message
        self.cursor = cursor
        self.dynamic_partitions_requests = list(dynamic_partitions_requests)
        self.asset_events = list(asset_events)


class SensorDefinition(Instigator):
    """Calls a function every `minimum_interval_seconds`; it returns RunRequests, a SkipReason or a
    SensorResult.
    """

    _type = SensorType.STANDARD
    _context_class: type[EvaluationContext] = SensorEvaluationContext

    def __init__(
        self,
        name: str | None = None,
        *,
        evaluation_fn: UserFn | EvaluationFunction | None = None,
        job_name: str | None = None,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        job: Any = None,
        jobs: Sequence[Any] | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        asset_selection: CoercibleToAssetSelection | None = None,
        required_resource_keys: set[str] | None = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        target: Any = None,
        owners: Sequence[str] | None = None,
    ) -> None:
        if evaluation_fn is None:
            raise CheckError("A sensor needs an evaluation_fn.")
        if asset_selection is not None and (job or jobs or job_name or target is not None):
            raise DagsterInvalidDefinitionError(
                "A sensor takes only one of job, jobs, job_name, target and asset_selection."
            )
        function = (
            evaluation_fn
            if isinstance(evaluation_fn, EvaluationFunction)
            else EvaluationFunction(evaluation_fn, f"Sensor '{name or evaluation_fn.__name__}'")
        )
        own = name or function.fn.__name__
        if minimum_interval_seconds is not None and minimum_interval_seconds < 0:
            raise CheckError(f"minimum_interval_seconds of sensor '{own}' is negative.")
        keys = {*(required_resource_keys or ()), *function.resources.values()}
        chosen = jobs_of(own, job_name, job, jobs, target)
        super().__init__(own, chosen, description, tags, metadata, keys, owners)
        self._function = function
        self._minimum_interval_seconds = minimum_interval_seconds
        self._default_status = default_status
        self._asset_selection: AssetSelection | None = None
        if asset_selection is not None:
            from treadle._assets.selection import AssetSelection

            self._asset_selection = AssetSelection.from_coercible(asset_selection)

    @property
    def minimum_interval_seconds(self) -> int:
        return (
            self._minimum_interval_seconds if self._minimum_interval_seconds is not None else DEFAULT_INTERVAL
        )

    @property
    def default_status(self) -> DefaultSensorStatus:
        return self._default_status

    @property
    def asset_selection(self) -> AssetSelection | None:
        return self._asset_selection

    @property
    def jobs(self) -> list[Any]:
        return list(self._jobs)

    @property
    def has_jobs(self) -> bool:
        return bool(self._jobs)

    @property
    def sensor_type(self) -> SensorType:
        return self._type

    def _call(self, context: Any, given: Mapping[str, Any] | None = None) -> Any:
        return self._function.call(context, given=given)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the decorated function, as tests do."""
        context, rest = self._function.find_context(args, kwargs, self._context_class, build_sensor_context)
        return self._call(context, rest)

    def evaluate_tick(self, context: Any) -> SensorExecutionData:
        """What this tick asks for."""
        told = [t for t in as_list(self._call(context)) if t is not None]
        return self._data(told, context)

    def _data(self, told: list[Any], context: Any) -> SensorExecutionData:
        empty = "Sensor function returned an empty result"
        cursor = context.cursor
        if not told:
            return SensorExecutionData([], empty, cursor, [], [])
        for one in told:
            if not isinstance(one, (RunRequest, SkipReason, SensorResult)):
                raise CheckError(
                    f"Sensor '{self.name}' gave {one!r}: it gives RunRequests, one SkipReason or one"
                    " SensorResult."
                )
        if len(told) > 1:
            if any(isinstance(t, SensorResult) for t in told):
                raise CheckError(
                    "When a SensorResult is returned from a sensor, it must be the only object returned."
                )
            if any(isinstance(t, SkipReason) for t in told):
                raise CheckError(
                    "Expected a single SkipReason or one or more RunRequests: received both RunRequest and"
                    " SkipReason"
                    if any(isinstance(t, RunRequest) for t in told)
                    else "Expected a single SkipReason: received multiple SkipReasons"
                )
        first = told[0]
        skip, requests = None, [t for t in told if isinstance(t, RunRequest)]
        dynamic: Sequence[Any] = ()
        events: Sequence[Any] = ()
        if isinstance(first, SkipReason):
            skip = first.skip_message
        elif isinstance(first, SensorResult):
            requests = list(first.run_requests or ())
            skip = first.skip_reason.skip_message if first.skip_reason else None if requests else empty
            dynamic = first.dynamic_partitions_requests or ()
            events = first.asset_events
            if first.cursor:
                if context.cursor_updated:
                    raise DagsterInvariantViolationError(
                        "SensorResult.cursor cannot be set if context.update_cursor() was called."
                    )
                cursor = first.cursor
        for request in dynamic:
            if not isinstance(request, (AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest)):
                raise CheckError(f"dynamic_partitions_requests of sensor '{self.name}' holds {request!r}.")
        return SensorExecutionData(
            [self._request(r, context, dynamic) for r in requests], skip, cursor, dynamic, events
        )

    def _request(self, request: RunRequest, context: Any, dynamic: Sequence[Any] = ()) -> RunRequest:
        if not self._jobs and self._asset_selection is None and request.asset_selection is None:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor evaluation function returned a RunRequest for a sensor"
                " lacking a specified target (job_name, job, or jobs)."
            )
        names = self._job_names
        if request.job_name is None and len(names) > 1 and request.asset_selection is None:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor returned a RunRequest that did not specify job_name for"
                f" the requested run. Expected one of: {names}"
            )
        if request.job_name is not None and names and request.job_name not in names:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor returned a RunRequest with job_name {request.job_name}."
                f" Expected one of: {names}"
            )
        definitions = getattr(context, "repository_def", None)
        if request.asset_selection is None and self._asset_selection is not None and definitions is not None:
            selected = self._asset_selection.resolve(definitions_of(definitions))
            request = request._replace(asset_selection=sorted(selected))
        if context is not None:
            store = KeysAfter(context._instance, dynamic) if dynamic else context._instance
            request = resolve_partition(request, self._jobs, definitions, store, "build_sensor_context", None)
        return request._resolved({SENSOR_TAG: self.name})

    def with_attributes(
        self, *, jobs: Sequence[Any] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> SensorDefinition:
        import copy

        from treadle._events.metadata import normalize_metadata

        other = copy.copy(self)
        if jobs is not None:
            other._jobs = list(jobs)
        if metadata is not None:
            other._metadata = normalize_metadata(metadata)
        return other

    def with_updated_jobs(self, new_jobs: Sequence[Any]) -> SensorDefinition:
        import copy

        other = copy.copy(self)
        other._jobs = list(new_jobs)
        return other

    def with_updated_job(self, new_job: Any) -> SensorDefinition:
        return self.with_updated_jobs([new_job])


@overload
def sensor(job_name: UserFn, /) -> SensorDefinition: ...
@overload
def sensor(
    job_name: str | None = None,
    *,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    asset_selection: CoercibleToAssetSelection | None = None,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    target: Any = None,
    owners: Sequence[str] | None = None,
) -> Callable[[UserFn], SensorDefinition]: ...


def sensor(
    job_name: str | UserFn | None = None,
    *,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    asset_selection: CoercibleToAssetSelection | None = None,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    target: Any = None,
    owners: Sequence[str] | None = None,
) -> Any:
    """Declares a sensor: the function returns or yields RunRequests, a SkipReason or a SensorResult."""

    def decorate(fn: UserFn) -> SensorDefinition:
        from treadle._assets.rules import clean_doc

        return SensorDefinition(
            name or fn.__name__,
            evaluation_fn=fn,
            job_name=job_name if isinstance(job_name, str) else None,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description if description is not None else clean_doc(fn.__doc__),
            job=job,
            jobs=jobs,
            default_status=default_status,
            asset_selection=asset_selection,
            required_resource_keys=required_resource_keys,
            tags=tags,
            metadata=metadata,
            target=target,
            owners=owners,
        )

    return decorate(job_name) if callable(job_name) else decorate


class AutomationConditionSensorDefinition(SensorDefinition):
    """Evaluates the automation conditions of the selected assets, and requests what they hold for."""

    _type = SensorType.AUTOMATION

    def __init__(
        self,
        name: str,
        *,
        target: CoercibleToAssetSelection,
        tags: Mapping[str, str] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        emit_backfills: bool = True,
        use_user_code_server: bool = False,
        default_condition: Any = None,
    ) -> None:
        if default_condition is not None and not use_user_code_server:
            raise CheckError(
                "Setting a `default_condition` for a non-user-code AutomationConditionSensorDefinition is not"
                " supported."
            )
        super().__init__(
            name,
            evaluation_fn=EvaluationFunction(self._no_function, f"Sensor '{name}'"),
            asset_selection=target,
            tags=tags,
            default_status=default_status,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description,
            metadata=metadata,
        )
        self._run_tags = {k: str(v) for k, v in (run_tags or {}).items()}
        self._emit_backfills = emit_backfills
        self._default_condition = default_condition

    @staticmethod
    def _no_function(context: SensorEvaluationContext) -> Any:
        raise NotImplementedError(
            "Automation condition sensors are evaluated by evaluate_tick or `treadle automation tick`, not"
            " by calling them."
        )

    @property
    def run_tags(self) -> Mapping[str, str]:
        return dict(self._run_tags)

    @property
    def emit_backfills(self) -> bool:
        return self._emit_backfills

    @property
    def default_condition(self) -> Any:
        return self._default_condition

    def evaluate_tick(self, context: SensorEvaluationContext) -> SensorExecutionData:
        """One evaluation of the conditions; the sensor's cursor is theirs."""
        from treadle._automation.evaluation import AssetDaemonCursor, evaluate_automation_conditions

        definitions = context.repository_def
        if definitions is None:
            raise DagsterInvariantViolationError(
                f"Sensor '{self.name}' evaluates the conditions of definitions: give"
                " build_sensor_context(definitions=...)."
            )
        cursor = AssetDaemonCursor.deserialize(context.cursor) if context.cursor else None
        result = evaluate_automation_conditions(
            definitions, context.instance, asset_selection=self._asset_selection, cursor=cursor
        )
        requests = requests_of(result, self._run_tags)
        skip = None if requests else "No conditions hold."
        return SensorExecutionData(
            [r._resolved({SENSOR_TAG: self.name}) for r in requests], skip, result.cursor.serialize(), [], []
        )


def requests_of(result: Any, run_tags: Mapping[str, str]) -> list[RunRequest]:
    """The runs that an evaluation of conditions asks for: what has the same partition goes together."""
    from treadle._assets.keys import AssetKey

    assets: dict[str | None, list[Any]] = {}
    checks: list[Any] = []
    for key, subset in result.requested_subsets.items():
        if not isinstance(key, AssetKey):
            checks.append(key)
        elif subset.is_partitioned:
            for partition in [*subset._core.keys()]:
                assets.setdefault(partition, []).append(key)
        else:
            assets.setdefault(None, []).append(key)
    tags = {"dagster/auto_materialize": "true", "dagster/from_automation_condition": "true", **run_tags}
    found = [
        RunRequest(
            asset_selection=keys,
            partition_key=partition,
            tags=tags,
            asset_check_keys=checks if partition is None else None,
        )
        for partition, keys in assets.items()
    ]
    if checks and None not in assets:
        found.append(RunRequest(asset_selection=[], asset_check_keys=checks, tags=tags))
    return found
