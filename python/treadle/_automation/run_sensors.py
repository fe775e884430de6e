"""Sensors on runs: when one reaches a status."""

from __future__ import annotations

from treadle._automation.functions import as_list
from treadle._automation.instigation import EvaluationContext, declaring
from treadle._automation.requests import RunRequest, SensorResult, SkipReason
from treadle._automation.resolving import check_requests
from treadle._automation.sensor_context import build_sensor_context
from treadle._automation.sensors import DefaultSensorStatus, SensorDefinition, SensorExecutionData, SensorType
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._events.error import told_error
from treadle._events.record import Record
from treadle._run.instance import DagsterRunStatus
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._events.dagster_event import DagsterEvent
    from treadle._events.error import SerializableErrorInfo
    from treadle._run.instance import DagsterInstance, DagsterRun
    from treadle._typing import UserFn

_EVENT = {
    DagsterRunStatus.QUEUED: "RUN_ENQUEUED",
    DagsterRunStatus.STARTING: "RUN_STARTING",
    DagsterRunStatus.STARTED: "RUN_START",
    DagsterRunStatus.SUCCESS: "RUN_SUCCESS",
    DagsterRunStatus.FAILURE: "RUN_FAILURE",
    DagsterRunStatus.CANCELING: "RUN_CANCELING",
    DagsterRunStatus.CANCELED: "RUN_CANCELED",
}


class RunStatusSensorContext(EvaluationContext):
    """The run that has reached the status, and the event that says so."""

    def __init__(
        self,
        sensor_name: str,
        dagster_run: DagsterRun,
        dagster_event: DagsterEvent,
        instance: DagsterInstance,
        context: object | None = None,
        resource_defs: Mapping[str, Any] | None = None,
        logger: object | None = None,
        partition_key: str | None = None,
        repository_def: object | None = None,
    ) -> None:
        super().__init__(instance, resource_defs, repository_def, "build_run_status_sensor_context")
        self._sensor_name = sensor_name
        self._dagster_run = dagster_run
        self._dagster_event = dagster_event
        self._partition_key = partition_key

    @property
    def sensor_name(self) -> str:
        return self._sensor_name

    @property
    def dagster_run(self) -> DagsterRun:
        return self._dagster_run

    @property
    def dagster_event(self) -> DagsterEvent:
        return self._dagster_event

    @property
    def partition_key(self) -> str | None:
        if self._partition_key is not None:
            return self._partition_key
        return self._dagster_run.tags.get("dagster/partition")

    def for_run_failure(self) -> RunFailureSensorContext:
        """The same for functions of run_failure_sensor."""
        return RunFailureSensorContext(
            self._sensor_name,
            self._dagster_run,
            self._dagster_event,
            self.instance,
            resource_defs=self._given_resources,
            partition_key=self._partition_key,
            repository_def=self._definitions,
        )


class RunFailureSensorContext(RunStatusSensorContext):
    """The run that has failed, and how."""

    @property
    def failure_event(self) -> DagsterEvent:
        """That the run has failed. Its error is that of the step that failed first, if one did."""
        steps = self.get_step_failure_events()
        return self.dagster_event.because_of(steps[0]) if steps else self.dagster_event

    def get_step_failure_events(self) -> Sequence[DagsterEvent]:
        """One for each step that failed."""
        from treadle._events.dagster_event import DagsterEventType

        logs = self.instance.all_logs(self.dagster_run.run_id, of_type=DagsterEventType.STEP_FAILURE)
        return [entry.get_dagster_event() for entry in logs]


class DagsterRunReaction(Record):
    """That a run status sensor has looked at a run; with what its function raised there."""

    __slots__ = _fields = ("dagster_run", "error", "run_status")
    dagster_run: DagsterRun | None
    error: SerializableErrorInfo | None
    run_status: DagsterRunStatus | None

    def __init__(
        self,
        dagster_run: DagsterRun | None,
        error: SerializableErrorInfo | None = None,
        run_status: DagsterRunStatus | None = None,
    ) -> None:
        self.dagster_run = dagster_run
        self.error = error
        self.run_status = run_status


class RunStatusSensorDefinition(SensorDefinition):
    """Calls its function once for each run that reaches a status."""

    _type = SensorType.RUN_STATUS
    _context_class = RunStatusSensorContext
    _combines_resources = True

    def __init__(
        self,
        name: str,
        run_status: DagsterRunStatus,
        run_status_sensor_fn: UserFn,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        monitored_jobs: Sequence[Any] | None = None,
        monitor_all_code_locations: bool | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        request_job: Any = None,
        request_jobs: Sequence[Any] | None = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        required_resource_keys: set[str] | None = None,
    ) -> None:
        if not isinstance(run_status, DagsterRunStatus) or run_status not in _EVENT:
            raise CheckError(
                f"Sensor '{name}' cannot wait for {run_status!r}: a run reaches one of"
                f" {', '.join(s.name for s in _EVENT)}."
            )
        if monitored_jobs and monitor_all_code_locations:
            raise DagsterInvalidDefinitionError(
                "Cannot specify both monitor_all_code_locations and monitored_jobs."
            )
        super().__init__(
            name,
            evaluation_fn=run_status_sensor_fn,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description,
            default_status=default_status,
            job=request_job,
            jobs=request_jobs,
            tags=tags,
            metadata=metadata,
            required_resource_keys=required_resource_keys,
        )
        self._run_status = run_status
        self._monitored_jobs = _monitored(monitored_jobs, name)

    @property
    def run_status(self) -> DagsterRunStatus:
        return self._run_status

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        context = self._function.find_context(
            args, kwargs, RunStatusSensorContext, "build_run_status_sensor_context", build_sensor_context
        )
        told = as_list(self._function.call(self._fitting(context)))
        if len(told) == 1:
            return told[0]
        return told or None

    def _fitting(self, context: RunStatusSensorContext) -> RunStatusSensorContext:
        failed = self._run_status is DagsterRunStatus.FAILURE and isinstance(context, RunStatusSensorContext)
        return context.for_run_failure() if failed else context

    def evaluate_tick(self, context: Any) -> SensorExecutionData:
        """Calls the function for each run that has reached the status since the last tick. Without a cursor
        nothing that happened before counts. What the function raises for one run is told of that run, and the
        others are looked at nevertheless.
        """
        home = context.instance._home
        event = [_EVENT[self._run_status]]
        if not (context.cursor or "").isdigit():
            newest = home.events("", "", event, 0, 1, True)
            reason = f"Initiating {self.name}: runs from now on count."
            return SensorExecutionData([], reason, str(newest[0][0] if newest else 0), [], [])
        names = {j.name for j in self._monitored_jobs}
        place = int(context.cursor)
        found: list[Any] = []
        reactions = []
        for raw in home.events("", "", event, place, 0, False):
            place = raw[0]
            run = context.instance.get_run_by_id(raw[1])
            if run is None or (names and run.job_name not in names):
                continue
            told, error = self._react(context, run, raw)
            found += told
            reactions.append(DagsterRunReaction(run, error, self._run_status))
        requests: list[RunRequest] = []
        dynamic: list[Any] = []
        events: list[Any] = []
        skipped = [t.skip_message or "" for t in found if isinstance(t, SkipReason)]
        for one in found:
            if isinstance(one, RunRequest):
                requests.append(one)
            elif isinstance(one, SensorResult):
                requests += one.run_requests or ()
                dynamic += one.dynamic_partitions_requests or ()
                events += one.asset_events
                skipped += [one.skip_reason.skip_message or ""] if one.skip_reason else []
        check_requests(dynamic)
        skip = None if requests else "; ".join(s for s in skipped if s) or "No run asks for another."
        resolved = [self._request(r, context, dynamic) for r in requests]
        return SensorExecutionData(resolved, skip, str(place), dynamic, events, reactions)

    def _react(
        self, context: Any, run: DagsterRun, raw: tuple[Any, ...]
    ) -> tuple[list[Any], SerializableErrorInfo | None]:
        from treadle._events.dagster_event import DagsterEvent

        with RunStatusSensorContext(
            self.name,
            run,
            DagsterEvent.of(raw),
            context.instance,
            resource_defs=context.resource_defs,
            repository_def=context.repository_def,
        ) as own:
            try:
                told = as_list(self._function.call(self._fitting(own)))
            except Exception as error:
                return [], told_error(error)
        if any(isinstance(t, SensorResult) and t.cursor for t in told):
            raise DagsterInvariantViolationError(
                f"Error in run status sensor {self.name}: Sensor returned a SensorResult with a cursor value."
                " The cursor is managed by the sensor and should not be modified by a user."
            )
        return told, None


def _monitored(jobs: Sequence[Any] | None, name: str) -> list[Any]:
    for job in jobs or ():
        if not hasattr(job, "name"):
            raise CheckError(f"monitored_jobs of sensor '{name}' holds {job!r}, which is no job.")
    return list(jobs or ())


def run_status_sensor(
    run_status: DagsterRunStatus,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    monitored_jobs: Sequence[Any] | None = None,
    job_selection: Sequence[Any] | None = None,
    monitor_all_code_locations: bool | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    request_job: Any = None,
    request_jobs: Sequence[Any] | None = None,
    monitor_all_repositories: bool | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], RunStatusSensorDefinition]:
    """Declares a sensor that is called with each run that reaches a status."""
    return _declaring(locals())


@overload
def run_failure_sensor(name: UserFn, /) -> RunStatusSensorDefinition: ...
@overload
def run_failure_sensor(
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    monitored_jobs: Sequence[Any] | None = None,
    job_selection: Sequence[Any] | None = None,
    monitor_all_code_locations: bool | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    request_job: Any = None,
    request_jobs: Sequence[Any] | None = None,
    monitor_all_repositories: bool | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], RunStatusSensorDefinition]: ...


def run_failure_sensor(
    name: str | UserFn | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    monitored_jobs: Sequence[Any] | None = None,
    job_selection: Sequence[Any] | None = None,
    monitor_all_code_locations: bool | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    request_job: Any = None,
    request_jobs: Sequence[Any] | None = None,
    monitor_all_repositories: bool | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """Declares a sensor that is called with each run that fails: `fn(context: RunFailureSensorContext)`."""
    options = {**locals(), "run_status": DagsterRunStatus.FAILURE}
    if not callable(name):
        return _declaring(options)
    return _declaring({**options, "name": None})(name)


def _declaring(options: Mapping[str, Any]) -> Callable[[UserFn], RunStatusSensorDefinition]:
    """With the older names of two of the arguments."""
    own = dict(options)
    jobs, everywhere = own.pop("job_selection"), own.pop("monitor_all_repositories")
    own["monitored_jobs"] = own["monitored_jobs"] or jobs
    own["monitor_all_code_locations"] = own["monitor_all_code_locations"] or everywhere
    return declaring(RunStatusSensorDefinition, "run_status_sensor_fn", own)


def build_run_status_sensor_context(
    sensor_name: str,
    dagster_event: DagsterEvent,
    dagster_instance: DagsterInstance,
    dagster_run: DagsterRun,
    context: object | None = None,
    resources: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    *,
    repository_def: object | None = None,
) -> RunStatusSensorContext:
    """A context for calling run status sensors in tests."""
    return RunStatusSensorContext(
        sensor_name,
        dagster_run,
        dagster_event,
        dagster_instance,
        context,
        resources,
        partition_key=partition_key,
        repository_def=repository_def,
    )
