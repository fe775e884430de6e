"""Sensors on runs: when one reaches a status."""

from __future__ import annotations

from treadle._automation.functions import EvaluationFunction, as_list
from treadle._automation.instigation import EvaluationContext
from treadle._automation.requests import RunRequest, SensorResult
from treadle._automation.sensors import DefaultSensorStatus, SensorDefinition, SensorExecutionData, SensorType
from treadle._errors import DagsterInvalidInvocationError
from treadle._run.instance import DagsterRunStatus
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._events.dagster_event import DagsterEvent
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
        return self.dagster_event

    def get_step_failure_events(self) -> Sequence[DagsterEvent]:
        """One for each step that failed."""
        from treadle._events.dagster_event import DagsterEventType

        logs = self.instance.all_logs(self.dagster_run.run_id, of_type=DagsterEventType.STEP_FAILURE)
        return [entry.get_dagster_event() for entry in logs]


class RunStatusSensorDefinition(SensorDefinition):
    """Calls its function once for each run that reaches a status."""

    _type = SensorType.RUN_STATUS
    _context_class = RunStatusSensorContext

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
        super().__init__(
            name,
            evaluation_fn=EvaluationFunction(run_status_sensor_fn, f"Sensor '{name}'"),
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
        self._monitored_jobs = list(monitored_jobs or ())

    @property
    def run_status(self) -> DagsterRunStatus:
        return self._run_status

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        context, rest = self._function.find_context(
            args, kwargs, RunStatusSensorContext, build_run_status_sensor_context
        )
        if not isinstance(context, RunStatusSensorContext):
            raise DagsterInvalidInvocationError(f"{self!r} is called with a RunStatusSensorContext.")
        told = as_list(self._function.call(self._fitting(context), given=rest))
        if len(told) == 1:
            return told[0]
        return told or None

    def _fitting(self, context: RunStatusSensorContext) -> RunStatusSensorContext:
        failed = self._run_status is DagsterRunStatus.FAILURE
        return context.for_run_failure() if failed else context

    def evaluate_tick(self, context: Any) -> SensorExecutionData:
        """Calls the function for each run that has reached the status since the last tick. Without a cursor
        nothing that happened before counts.
        """
        home = context.instance._home
        newest = home.events("", "", [_EVENT[self._run_status]], 0, 1, True)
        if context.cursor is None:
            place = newest[0][0] if newest else 0
            reason = "Initiating run status sensor: runs from now on count."
            return SensorExecutionData([], reason, str(place), [], [])
        after = int(context.cursor)
        names = {j.name for j in self._monitored_jobs if hasattr(j, "name")}
        requests: list[RunRequest] = []
        for raw in home.events("", "", [_EVENT[self._run_status]], after, 0, False):
            after = raw[0]
            run = context.instance.get_run_by_id(raw[1])
            if run is None or (names and run.job_name not in names):
                continue
            from treadle._events.dagster_event import DagsterEvent

            one = RunStatusSensorContext(
                self.name,
                run,
                DagsterEvent(raw),
                context.instance,
                resource_defs=context._given_resources,
                repository_def=context.repository_def,
            )
            for told in as_list(self._function.call(self._fitting(one))):
                if isinstance(told, RunRequest):
                    requests.append(self._request(told, None))
                elif isinstance(told, SensorResult):
                    requests += [self._request(r, None) for r in told.run_requests or ()]
        skip = None if requests else "No run asks for another."
        return SensorExecutionData(requests, skip, str(after), [], [])


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

    def decorate(fn: UserFn) -> RunStatusSensorDefinition:
        return RunStatusSensorDefinition(
            name or fn.__name__,
            run_status,
            fn,
            minimum_interval_seconds,
            description if description is not None else fn.__doc__,
            monitored_jobs if monitored_jobs is not None else job_selection,
            monitor_all_code_locations or monitor_all_repositories,
            default_status,
            request_job,
            request_jobs,
            tags,
            metadata,
        )

    return decorate


def run_failure_sensor(name: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Declares a sensor that is called with each run that fails: `fn(context: RunFailureSensorContext)`."""
    if callable(name):
        return run_status_sensor(DagsterRunStatus.FAILURE)(name)
    return run_status_sensor(DagsterRunStatus.FAILURE, name, *args, **kwargs)


def build_run_status_sensor_context(
    sensor_name: str,
    dagster_event: DagsterEvent,
    dagster_instance: DagsterInstance,
    dagster_run: DagsterRun,
    context: object | None = None,
    resources: Mapping[str, object] | None = None,
    partition_key: str | None = None,
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
