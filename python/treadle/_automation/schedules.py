"""Schedules: runs at the ticks of a cron expression."""

from __future__ import annotations

from enum import Enum

from treadle._automation.cron import check_schedule
from treadle._automation.functions import EvaluationFunction, as_list
from treadle._automation.instigation import EvaluationContext, Instigator, jobs_of
from treadle._automation.requests import SCHEDULE_TAG, RunRequest, SkipReason
from treadle._automation.resolving import resolve_partition
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._run.instance import DagsterInstance
    from treadle._typing import UserFn


class DefaultScheduleStatus(Enum):
    """Whether a schedule is on when it is first seen."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class ScheduleEvaluationContext(EvaluationContext):
    """What the functions of a schedule are given."""

    def __init__(
        self,
        instance: DagsterInstance | None,
        scheduled_execution_time: datetime.datetime | None,
        resources: Mapping[str, Any] | None,
        definitions: Any = None,
    ) -> None:
        super().__init__(instance, resources, definitions, "build_schedule_context")
        self._scheduled_execution_time = scheduled_execution_time

    @property
    def scheduled_execution_time(self) -> datetime.datetime:
        """The tick. A tick that is evaluated late keeps its time."""
        if self._scheduled_execution_time is None:
            raise DagsterInvariantViolationError(
                "Attempting to access scheduled_execution_time, but no scheduled_execution_time was set on"
                " this context: give build_schedule_context(scheduled_execution_time=...)."
            )
        return self._scheduled_execution_time


def build_schedule_context(
    instance: DagsterInstance | None = None,
    scheduled_execution_time: datetime.datetime | None = None,
    resources: Mapping[str, object] | None = None,
    repository_def: object | None = None,
    instance_ref: object | None = None,
) -> ScheduleEvaluationContext:
    """A context for calling schedules in tests. A time without a zone is meant in UTC."""
    if scheduled_execution_time is not None and scheduled_execution_time.tzinfo is None:
        import datetime

        scheduled_execution_time = scheduled_execution_time.replace(tzinfo=datetime.timezone.utc)
    return ScheduleEvaluationContext(instance, scheduled_execution_time, resources, repository_def)


class ScheduleExecutionData:
    """What one tick of a schedule asks for."""

    __slots__ = ("run_requests", "skip_message")

    def __init__(self, run_requests: Sequence[RunRequest], skip_message: str | None) -> None:
        self.run_requests = list(run_requests)
        self.skip_message = skip_message


class ScheduleDefinition(Instigator):
    """Requests runs of a job at the ticks of `cron_schedule`: one expression, or several together."""

    def __init__(
        self,
        name: str | None = None,
        *,
        cron_schedule: str | Sequence[str] | None = None,
        job_name: str | None = None,
        run_config: Any = None,
        run_config_fn: Callable[..., Any] | None = None,
        tags: Mapping[str, str] | None = None,
        tags_fn: Callable[..., Mapping[str, str] | None] | None = None,
        metadata: Mapping[str, Any] | None = None,
        should_execute: Callable[..., bool] | None = None,
        environment_vars: Mapping[str, str] | None = None,
        execution_timezone: str | None = None,
        execution_fn: UserFn | EvaluationFunction | None = None,
        description: str | None = None,
        job: Any = None,
        default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED,
        required_resource_keys: set[str] | None = None,
        target: Any = None,
        owners: Sequence[str] | None = None,
    ) -> None:
        if job is not None and target is not None:
            raise DagsterInvalidDefinitionError("Cannot provide both job and target to a schedule.")
        if cron_schedule is None:
            raise CheckError("A schedule needs a cron_schedule.")
        if execution_fn is not None and (
            run_config_fn or tags_fn or should_execute or run_config is not None
        ):
            raise DagsterInvalidDefinitionError(
                "A schedule with execution_fn takes no run_config, run_config_fn, tags_fn or should_execute:"
                " say them in the RunRequests it returns."
            )
        if run_config is not None and run_config_fn is not None:
            raise DagsterInvalidDefinitionError(
                "Attempted to provide both run_config_fn and run_config as arguments to ScheduleDefinition."
                " Must provide only one of the two."
            )
        if tags is not None and tags_fn is not None:
            raise DagsterInvalidDefinitionError(
                "Attempted to provide both tags_fn and tags as arguments to ScheduleDefinition. Must provide"
                " only one of the two."
            )
        given = name
        jobs = jobs_of(name or "schedule", job_name, job, None, None) if target is None else []
        if given is None:
            if not jobs:
                raise CheckError("A schedule without a job needs a name.")
            given = (jobs[0] if isinstance(jobs[0], str) else jobs[0].name) + "_schedule"
        if target is not None:
            jobs = jobs_of(given, None, None, None, target)
        cron = cron_schedule if isinstance(cron_schedule, str) else list(cron_schedule)
        self._ticks = check_schedule(cron, execution_timezone, given)
        function = (
            execution_fn
            if isinstance(execution_fn, EvaluationFunction) or execution_fn is None
            else EvaluationFunction(execution_fn, f"Schedule '{given}'")
        )
        keys = {*(required_resource_keys or ()), *(function.resources.values() if function else ())}
        super().__init__(given, jobs, description, tags, metadata, keys, owners)
        self._cron_schedule = cron
        self._execution_timezone = execution_timezone
        self._default_status = default_status
        self._function = function
        self._run_config = run_config
        self._run_config_fn = run_config_fn
        self._tags_fn = tags_fn
        self._should_execute = should_execute
        self._environment_vars = dict(environment_vars or {})

    @property
    def cron_schedule(self) -> str | Sequence[str]:
        return self._cron_schedule

    @property
    def execution_timezone(self) -> str | None:
        return self._execution_timezone

    @property
    def default_status(self) -> DefaultScheduleStatus:
        return self._default_status

    @property
    def environment_vars(self) -> Mapping[str, str]:
        return dict(self._environment_vars)

    @property
    def cron(self) -> _core.Cron:
        """Its ticks."""
        return self._ticks

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the decorated function, as tests do."""
        if self._function is None:
            raise DagsterInvalidDefinitionError(
                f"Schedule '{self.name}' has no function to call: use evaluate_tick(context)."
            )
        context, rest = self._function.find_context(
            args, kwargs, ScheduleEvaluationContext, build_schedule_context
        )
        result = self._function.call(context, given=rest)
        return _told(result)

    def evaluate_tick(self, context: ScheduleEvaluationContext) -> ScheduleExecutionData:
        """What this tick asks for."""
        told = list(self._evaluate(context))
        told = [t for t in told if t is not None] if told != [None] else []
        if not told:
            return ScheduleExecutionData([], "Schedule function returned an empty result")
        if len(told) == 1 and isinstance(told[0], SkipReason):
            return ScheduleExecutionData([], told[0].skip_message)
        for one in told:
            if not isinstance(one, RunRequest):
                raise CheckError(
                    f"Schedule '{self.name}' gave {one!r}: it gives one SkipReason, or RunRequests."
                )
        if len(told) > 1 and not all(r.run_key for r in told):
            raise CheckError(
                "Schedules that return multiple RunRequests must specify a run_key in each RunRequest"
            )
        at = context._scheduled_execution_time
        requests = [
            resolve_partition(
                r, self._jobs, context.repository_def, context._instance, "build_schedule_context", at
            )
            for r in told
        ]
        return ScheduleExecutionData([r._resolved({SCHEDULE_TAG: self.name}) for r in requests], None)

    def _evaluate(self, context: ScheduleEvaluationContext) -> Iterator[Any]:
        if self._function is not None:
            result = _told(self._function.call(context))
            yield from as_list(result)
            return
        if self._should_execute is not None and not self._call(self._should_execute, context):
            yield SkipReason(f"should_execute function for {self.name} returned false.")
            return
        config = self._run_config
        if self._run_config_fn is not None:
            config = self._call(self._run_config_fn, context)
        tags = self._call(self._tags_fn, context) if self._tags_fn is not None else self._tags
        yield RunRequest(run_key=None, run_config=config, tags=tags or {})

    @staticmethod
    def _call(fn: Callable[..., Any], context: ScheduleEvaluationContext) -> Any:
        import inspect

        return fn(context) if inspect.signature(fn).parameters else fn()

    def with_updated_job(self, new_job: Any) -> ScheduleDefinition:
        import copy

        other = copy.copy(self)
        other._jobs = [new_job]
        return other

    def with_attributes(
        self, *, job: Any = ..., metadata: Mapping[str, Any] | None = None
    ) -> ScheduleDefinition:
        import copy

        from treadle._events.metadata import normalize_metadata

        other = copy.copy(self)
        if job is not ...:
            other._jobs = [job]
        if metadata is not None:
            other._metadata = normalize_metadata(metadata)
        return other


def _told(result: Any) -> Any:
    """Configuration instead of a request is a request with it."""
    from treadle._config.run_config import RunConfig

    if isinstance(result, (dict, RunConfig)):
        return RunRequest(run_key=None, run_config=result, tags={})
    return result


def schedule(
    cron_schedule: str | Sequence[str],
    *,
    job_name: str | None = None,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    tags_fn: Callable[..., Mapping[str, str] | None] | None = None,
    metadata: Mapping[str, Any] | None = None,
    should_execute: Callable[..., bool] | None = None,
    environment_vars: Mapping[str, str] | None = None,
    execution_timezone: str | None = None,
    description: str | None = None,
    job: Any = None,
    default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED,
    required_resource_keys: set[str] | None = None,
    target: Any = None,
    owners: Sequence[str] | None = None,
) -> Callable[[UserFn], ScheduleDefinition]:
    """Declares a schedule: at each tick the function returns RunRequests, a SkipReason, or run config."""
    if tags is not None and tags_fn is not None:
        raise DagsterInvalidDefinitionError(
            "Attempted to provide both tags_fn and tags as arguments to @schedule. Must provide only one of"
            " the two."
        )

    def decorate(fn: UserFn) -> ScheduleDefinition:
        from treadle._assets.rules import clean_doc

        own = name or fn.__name__
        function = EvaluationFunction(fn, f"Schedule '{own}'")
        schedule = ScheduleDefinition(
            own,
            cron_schedule=cron_schedule,
            job_name=job_name,
            tags=tags,
            metadata=metadata,
            environment_vars=environment_vars,
            execution_timezone=execution_timezone,
            execution_fn=function,
            description=description if description is not None else clean_doc(fn.__doc__),
            job=job,
            default_status=default_status,
            required_resource_keys=required_resource_keys,
            target=target,
            owners=owners,
        )
        if should_execute is None and tags_fn is None and not tags:
            return schedule
        call = function.call

        def evaluate(context: ScheduleEvaluationContext) -> Any:
            if should_execute is not None and not schedule._call(should_execute, context):
                return SkipReason(f"should_execute function for {own} returned false.")
            added = schedule._call(tags_fn, context) if tags_fn is not None else tags
            told = as_list(_told(call(context)))
            return [
                t._replace(tags={**(added or {}), **t.tags}) if isinstance(t, RunRequest) else t for t in told
            ]

        schedule._evaluate = lambda context: iter(as_list(evaluate(context)))  # type: ignore[method-assign]
        return schedule

    return decorate


def build_schedule_from_partitioned_job(
    job: Any,
    description: str | None = None,
    name: str | None = None,
    minute_of_hour: int | None = None,
    hour_of_day: int | None = None,
    day_of_week: int | None = None,
    day_of_month: int | None = None,
    default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED,
    tags: Mapping[str, str] | None = None,
    cron_schedule: str | None = None,
    execution_timezone: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    owners: Sequence[str] | None = None,
) -> Any:
    """A schedule that runs each partition of a job when its window has ended; of partitions that are not of
    time, all at each tick of `cron_schedule`.
    """
    given = (minute_of_hour, hour_of_day, day_of_week, day_of_month)
    partitions = getattr(job, "partitions_def", None)
    if partitions is None and hasattr(job, "selection") and not hasattr(job, "graph"):
        # Its partitions are those of what it selects: known together with the definitions.
        return UnresolvedPartitionedAssetScheduleDefinition(
            name or f"{job.name}_schedule",
            job,
            {
                "description": description,
                "minute_of_hour": minute_of_hour,
                "hour_of_day": hour_of_day,
                "day_of_week": day_of_week,
                "day_of_month": day_of_month,
                "default_status": default_status,
                "tags": tags,
                "cron_schedule": cron_schedule,
                "execution_timezone": execution_timezone,
                "metadata": metadata,
                "owners": owners,
            },
        )
    if partitions is None:
        raise CheckError(
            f"The job {job.name!r} has no partitions: give it a partitions_def, or a partitioned config."
        )
    windows = partitions
    if getattr(partitions, "has_time_window_dimension", False):
        windows = partitions.time_window_partitions_def
    timed = hasattr(windows, "get_cron_schedule")
    if timed:
        if cron_schedule is not None or execution_timezone is not None:
            raise CheckError(
                "Cannot set cron_schedule or execution_timezone for a job with partitions of time: they are"
                " those of the partitions."
            )
        ticks = windows.get_cron_schedule(minute_of_hour, hour_of_day, day_of_week, day_of_month)
        zone = windows.timezone
    else:
        if any(v is not None for v in given):
            raise CheckError(
                "Cannot set minute_of_hour, hour_of_day, day_of_week or day_of_month for a job whose"
                " partitions are not of time: give cron_schedule."
            )
        if cron_schedule is None:
            raise CheckError("A job whose partitions are not of time needs a cron_schedule.")
        ticks, zone = cron_schedule, execution_timezone

    def latest(context: ScheduleEvaluationContext) -> Any:
        at = context._scheduled_execution_time
        nothing = SkipReason("The job's PartitionsDefinition has no partitions")
        if not timed:
            keys = partitions.get_partition_keys(dynamic_partitions_store=context._instance)
        else:
            last = windows.get_last_partition_key(current_time=at)
            if last is None:
                return nothing
            if _is_excluded(windows, last, at):
                return SkipReason("The window that has ended is excluded from the partitions.")
            keys = [last]
            if windows is not partitions:
                keys = partitions.get_multipartition_keys_with_dimension_value(
                    partitions.time_window_dimension.name, last, dynamic_partitions_store=context._instance
                )
        if not keys:
            return nothing
        return [
            job.run_request_for_partition(
                k,
                run_key=str(k) if len(keys) > 1 or timed else None,
                tags=tags,
                current_time=at,
                dynamic_partitions_store=context._instance,
            )
            for k in keys
        ]

    return ScheduleDefinition(
        name or f"{job.name}_schedule",
        cron_schedule=ticks,
        job=job,
        execution_timezone=zone,
        execution_fn=EvaluationFunction(latest, f"Schedule '{name or job.name}'"),
        description=description,
        default_status=default_status,
        metadata=metadata,
        owners=owners,
    )


def _is_excluded(windows: Any, last: str, at: datetime.datetime | None) -> bool:
    """Whether the window that should have ended at the tick is left out: then the last one ended before."""
    if at is None or not windows.exclusions:
        return False
    import datetime

    from treadle._partitions.time import to_micros

    tick = to_micros(at, windows.timezone)
    cron = check_schedule(windows.cron_schedule, windows.timezone, "partitions")
    begun = cron.at_or_before(tick)
    for _ in range(1 - windows.end_offset):
        begun = None if begun is None else cron.at_or_before(begun - 1)
    start = windows.time_window_for_partition_key(last).start
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return begun is not None and (start - epoch) // datetime.timedelta(microseconds=1) != begun


class UnresolvedPartitionedAssetScheduleDefinition:
    """A schedule of a job of assets whose partitions are not known yet."""

    def __init__(self, name: str, job: Any, rest: Mapping[str, Any]) -> None:
        from treadle._assets.rules import check_owners

        self.name = name
        self.job = job
        self._rest = dict(rest)
        self.owners = check_owners(rest.get("owners"), name)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return dict(self._rest["metadata"] or {})

    def with_metadata(self, metadata: Mapping[str, Any]) -> UnresolvedPartitionedAssetScheduleDefinition:
        return UnresolvedPartitionedAssetScheduleDefinition(
            self.name, self.job, {**self._rest, "metadata": metadata}
        )

    def resolve(self, definitions: Any) -> ScheduleDefinition:
        """Once the definitions are known. Raises when nothing that the job selects has partitions."""
        job = self.job.resolve(definitions)
        if job.partitions_def is None:
            raise DagsterInvalidDefinitionError(
                f"Job '{job.name}' provided to build_schedule_from_partitioned_job must contain partitioned"
                " assets or a partitions definition."
            )
        schedule: ScheduleDefinition = build_schedule_from_partitioned_job(job, name=self.name, **self._rest)
        return schedule
