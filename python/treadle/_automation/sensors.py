"""Sensors: runs when something has happened."""

from __future__ import annotations

from enum import Enum

from treadle._assets.rules import check_name
from treadle._automation.functions import EvaluationFunction, as_list
from treadle._automation.instigation import (
    AutomationTarget,
    EvaluationContext,
    Instigator,
    assets_in,
    declaring,
    jobs_of,
)
from treadle._automation.requests import (
    SENSOR_TAG,
    AddDynamicPartitionsRequest,
    DeleteDynamicPartitionsRequest,
    RunRequest,
    SensorResult,
    SkipReason,
)
from treadle._automation.resolving import (
    KeysAfter,
    check_requests,
    definitions_of,
    resolve_partition,
    within_selection,
)
from treadle._automation.sensor_context import SensorEvaluationContext, build_sensor_context
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._assets.selection import AssetSelection
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


class SensorExecutionData:
    """What one tick of a sensor asks for."""

    __slots__ = (
        "asset_events",
        "cursor",
        "dagster_run_reactions",
        "dynamic_partitions_requests",
        "run_requests",
        "skip_message",
    )

    def __init__(
        self,
        run_requests: Sequence[RunRequest],
        skip_message: str | None,
        cursor: str | None,
        dynamic_partitions_requests: Sequence[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest],
        asset_events: Sequence[Any],
        dagster_run_reactions: Sequence[Any] = (),
    ) -> None:
        self.run_requests = list(run_requests)
        self.skip_message = skip_message
        self.cursor = cursor
        self.dynamic_partitions_requests = list(dynamic_partitions_requests)
        self.asset_events = list(asset_events)
        self.dagster_run_reactions = list(dagster_run_reactions)


class SensorDefinition(Instigator):
    """Calls a function every `minimum_interval_seconds`; it returns RunRequests, a SkipReason or a
    SensorResult.
    """

    _type = SensorType.STANDARD
    _context_class: type[EvaluationContext] = SensorEvaluationContext
    _most = 1  # arguments of the function, beside its resources
    _combines_resources = False  # may name resources both ways

    def __init__(
        self,
        name: str | None = None,
        *,
        evaluation_fn: UserFn | None = None,
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
            raise DagsterInvalidDefinitionError("Must provide evaluation_fn to SensorDefinition.")
        if asset_selection is not None and (job or jobs or job_name or target is not None):
            raise DagsterInvalidDefinitionError(
                "A sensor takes only one of job, jobs, job_name, target and asset_selection."
            )
        own = check_name(name) if name else evaluation_fn.__name__
        required = required_resource_keys or set()
        function = EvaluationFunction(evaluation_fn, f"sensor '{own}'", self._most, required)
        if required and function.resources and not self._combines_resources:
            raise CheckError(
                "Cannot specify resource requirements in both @sensor decorator and as arguments to the"
                " decorated function"
            )
        if minimum_interval_seconds is not None and minimum_interval_seconds < 0:
            raise CheckError(f"minimum_interval_seconds of sensor '{own}' is negative.")
        chosen = jobs_of(own, job_name, job, jobs, target)
        keys = {*(required_resource_keys or ()), *function.resources}
        super().__init__(own, chosen, description, tags, metadata, keys, owners)
        self._target_assets = assets_in(target)
        self._function = function
        self._minimum_interval_seconds = minimum_interval_seconds
        self._default_status = default_status
        self._asset_selection: AssetSelection | None = None
        if asset_selection is not None:
            from treadle._assets.selection import AssetSelection

            self._asset_selection = AssetSelection.from_coercible(asset_selection)

    @property
    def _raw_fn(self) -> UserFn:
        """What @sensor decorated; tests of projects call it."""
        return self._function.fn

    @property
    def targets(self) -> list[AutomationTarget]:
        return self._targets()

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
        if not self.has_jobs:
            raise DagsterInvalidDefinitionError(f"No job was provided to SensorDefinition. {self._having()}")
        return [j for j in self._jobs if not isinstance(j, str)]

    @property
    def has_jobs(self) -> bool:
        return any(not isinstance(j, str) for j in self._jobs)

    @property
    def sensor_type(self) -> SensorType:
        return self._type

    def _call(self, context: Any) -> Any:
        return self._function.call(context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the decorated function, as tests do."""
        return self._call(
            self._function.find_context(
                args, kwargs, self._context_class, "build_sensor_context", build_sensor_context
            )
        )

    def evaluate_tick(self, context: Any) -> SensorExecutionData:
        """What this tick asks for."""
        return self._data(as_list(self._call(context)), context)

    def _data(self, told: list[Any], context: Any) -> SensorExecutionData:
        empty = "Sensor function returned an empty result"
        cursor = context.cursor
        told = [t for t in told if t is not None]
        if not told:
            return SensorExecutionData([], empty, cursor, [], [])
        for one in told:
            if not isinstance(one, (RunRequest, SkipReason, SensorResult)):
                raise CheckError(
                    f"Error in sensor {self.name}: Sensor unexpectedly returned output {one!r} of type"
                    f" {type(one)}. Should only return SkipReason, RunRequest or SensorResult objects."
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
        check_requests(dynamic)
        return SensorExecutionData(
            [self._request(r, context, dynamic) for r in requests], skip, cursor, dynamic, events
        )

    def _request(self, request: RunRequest, context: Any, dynamic: Sequence[Any] = ()) -> RunRequest:
        if not self._jobs and self._asset_selection is None:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor evaluation function returned a RunRequest for a sensor"
                " lacking a specified target (job_name, job, or jobs). Targets can be specified by providing"
                " job, jobs, or job_name to the @sensor decorator."
            )
        names = self._job_names
        if request.job_name is None and len(names) > 1:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor returned a RunRequest that did not specify job_name for"
                f" the requested run. Expected one of: {names}"
            )
        if request.job_name is not None and names and request.job_name not in names:
            raise DagsterInvariantViolationError(
                f"Error in sensor {self.name}: Sensor returned a RunRequest with job_name {request.job_name}."
                f" Expected one of: {names}"
            )
        definitions = context.repository_def
        if self._asset_selection is not None and definitions is not None:
            request = within_selection(request, self._asset_selection, definitions_of(definitions))
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
    options = locals()
    if not callable(job_name):
        return declaring(SensorDefinition, "evaluation_fn", options)
    return declaring(SensorDefinition, "evaluation_fn", {**options, "job_name": None})(job_name)
