"""Schedules: runs at the ticks of a cron expression."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from treadle._assets.rules import check_name
from treadle._assets.tags import normalize_tags
from treadle._automation.cron import check_schedule
from treadle._automation.functions import EvaluationFunction, as_list, told_as
from treadle._automation.instigation import (
    AutomationTarget,
    EvaluationContext,
    Instigator,
    assets_in,
    declaring,
    jobs_of,
)
from treadle._automation.requests import SCHEDULE_TAG, RunRequest, SkipReason
from treadle._automation.resolving import resolve_partition
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvariantViolationError,
    ScheduleExecutionError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping, Sequence
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
        instance_ref: object | None,
        scheduled_execution_time: datetime.datetime | None,
        log_key: Sequence[str] | None = None,
        repository_name: str | None = None,
        schedule_name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        repository_def: Any = None,
        *,
        instance: DagsterInstance | None = None,
    ) -> None:
        super().__init__(instance, resources, repository_def, "build_schedule_context")
        self._scheduled_execution_time = scheduled_execution_time

    @property
    def scheduled_execution_time(self) -> datetime.datetime:
        """The tick. A tick that is evaluated late keeps its time."""
        if self._scheduled_execution_time is None:
            raise CheckError(
                "Attempting to access scheduled_execution_time, but no scheduled_execution_time was set on"
                " this context: give build_schedule_context(scheduled_execution_time=...)."
            )
        return self._scheduled_execution_time

    @property
    def repository_def(self) -> Any:
        if self._definitions is None:
            raise DagsterInvariantViolationError(
                "Attempted to access repository_def, but no repository_def was provided: give"
                " build_schedule_context(repository_def=...)."
            )
        return self._definitions


def build_schedule_context(
    instance: DagsterInstance | None = None,
    scheduled_execution_time: datetime.datetime | None = None,
    resources: Mapping[str, object] | None = None,
    repository_def: object | None = None,
    instance_ref: object | None = None,
) -> ScheduleEvaluationContext:
    """A context for calling schedules in tests. A time without a zone is meant in UTC."""
    return ScheduleEvaluationContext(
        instance_ref,
        scheduled_execution_time,
        resources=resources,
        repository_def=repository_def,
        instance=instance,
    )


class ScheduleExecutionData(NamedTuple):
    """What one tick of a schedule asks for."""

    run_requests: Sequence[RunRequest]
    skip_message: str | None


class ScheduleDefinition(Instigator):
    """Requests runs of a job at the ticks of `cron_schedule`: one expression, or several together."""

    _kind = "schedule"
    _may_set_system_tags = False

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
        execution_fn: UserFn | None = None,
        description: str | None = None,
        job: Any = None,
        default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED,
        required_resource_keys: set[str] | None = None,
        target: Any = None,
        owners: Sequence[str] | None = None,
    ) -> None:
        if sum(given is not None for given in (job, target, job_name)) > 1:
            raise DagsterInvalidDefinitionError(
                "Attempted to provide more than one of 'job', 'job_name', and 'target' params to"
                " ScheduleDefinition. Must provide only one."
            )
        if cron_schedule is None:
            raise CheckError("A schedule needs a cron_schedule.")
        if execution_fn is not None and (
            run_config_fn or tags_fn or should_execute or run_config is not None
        ):
            raise DagsterInvalidDefinitionError(
                "Attempted to provide both execution_fn and individual run_config/tags_fn arguments to"
                " ScheduleDefinition. Must provide only one of the two: say them in the RunRequests that it"
                " returns."
            )
        if run_config is not None and run_config_fn is not None:
            raise DagsterInvalidDefinitionError(
                "Attempted to provide both run_config_fn and run_config as arguments to ScheduleDefinition."
                " Must provide only one of the two."
            )
        if tags and tags_fn is not None:
            raise DagsterInvalidDefinitionError(
                "Attempted to provide both tags_fn and tags as arguments to ScheduleDefinition. Must provide"
                " only one of the two."
            )
        own = name or (job_name if job is None else job.name)
        if own is None:
            raise CheckError(
                "If you specify target you must specify schedule name"
                if target is not None
                else "Must provide target, job, or job_name"
            )
        own = check_name(name) if name else f"{own}_schedule"
        cron = cron_schedule if isinstance(cron_schedule, str) else list(cron_schedule)
        self._ticks = check_schedule(cron, execution_timezone, own)
        self._function: EvaluationFunction | None = None
        if execution_fn is not None:
            what = f"schedule '{own}'"
            self._function = EvaluationFunction(execution_fn, what, required=required_resource_keys or ())
        resources = self._function.resources if self._function is not None else []
        if required_resource_keys and resources:
            raise CheckError(
                "Cannot specify resource requirements in both @schedule decorator and as arguments to the"
                " decorated function"
            )
        keys = {*(required_resource_keys or ()), *resources}
        jobs = jobs_of(own, job_name, job, None, target)
        if not jobs:
            raise CheckError(f"Schedule '{own}' runs nothing: must provide target, job, or job_name.")
        super().__init__(own, jobs, description, tags, metadata, keys, owners)
        self._target_assets = assets_in(target)
        self._cron_schedule = cron
        self._execution_timezone = execution_timezone
        self._default_status = default_status
        self._run_config = run_config
        self._run_config_fn = run_config_fn
        self._tags_fn = tags_fn
        self._should_execute = should_execute
        self._environment_vars = dict(environment_vars or {})
        self._decorated = False

    @property
    def target(self) -> AutomationTarget:
        return self._targets()[0]

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

    @property
    def has_job(self) -> bool:
        return any(not isinstance(j, str) for j in self._jobs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the decorated function, as tests do."""
        if self._function is None or not self._decorated:
            raise DagsterInvalidInvocationError(
                "Schedule invocation is only supported for schedules created via the schedule decorators:"
                f" use evaluate_tick(context) of '{self.name}'."
            )
        context = self._function.find_context(
            args, kwargs, ScheduleEvaluationContext, "build_schedule_context", build_schedule_context
        )
        result = self._function.call(context)
        if isinstance(result, dict):
            import copy

            return copy.deepcopy(result)
        return result

    def evaluate_tick(self, context: ScheduleEvaluationContext) -> ScheduleExecutionData:
        """What this tick asks for."""
        if not isinstance(context, ScheduleEvaluationContext):
            raise CheckError(f"evaluate_tick takes a context of build_schedule_context, not {context!r}.")
        told = [t for t in self._evaluate(context) if t is not None]
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
        at, instance = context._scheduled_execution_time, context._instance
        resolved = [
            resolve_partition(r, self._jobs, context._definitions, instance, "build_schedule_context", at)
            for r in told
        ]
        return ScheduleExecutionData([r._resolved({SCHEDULE_TAG: self.name}) for r in resolved], None)

    def _evaluate(self, context: ScheduleEvaluationContext) -> list[Any]:
        if self._should_execute is not None and not self._of_user("should_execute", context):
            return [SkipReason(f"should_execute function for {self.name} returned false.")]
        if self._function is not None:
            with self._telling(f"evaluation of schedule {self.name}"):
                result = self._function.call(context)
                if not _is_config(result):
                    return as_list(result)
            tags = self._tags or (self._of_user("tags_fn", context) if self._tags_fn is not None else {})
            return [RunRequest(run_config=result, tags=tags)]
        config = self._run_config
        if self._run_config_fn is not None:
            config = self._of_user("run_config_fn", context)
        tags = self._of_user("tags_fn", context) if self._tags_fn is not None else self._tags
        return [RunRequest(run_config=config, tags=normalize_tags(tags, allow_private_system_tags=False))]

    def _of_user(self, what: str, context: ScheduleEvaluationContext) -> Any:
        """What one of the user's functions says. With a context, unless it takes none."""
        import copy

        from treadle._resources.definition import takes_argument

        fn = getattr(self, f"_{what}")
        with self._telling(f"execution of {what} for schedule {self.name}"):
            return copy.deepcopy(fn(context) if takes_argument(fn) else fn())

    def _telling(self, what: str) -> told_as:
        return told_as(ScheduleExecutionError, f"Error occurred during the {what}")

    def with_updated_job(self, new_job: Any) -> ScheduleDefinition:
        return self.with_attributes(job=new_job)

    def with_attributes(
        self, *, job: Any = None, metadata: Mapping[str, Any] | None = None
    ) -> ScheduleDefinition:
        """The schedule with another job, or other metadata."""
        import copy

        from treadle._events.metadata import normalize_metadata

        other = copy.copy(self)
        if job is not None:
            other._jobs = jobs_of(self.name, None, job, None, None)
        if metadata is not None:
            other._metadata = normalize_metadata(metadata)
        return other


def _is_config(result: Any) -> bool:
    from treadle._config.run_config import RunConfig

    return isinstance(result, (dict, RunConfig))


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
    options = locals()
    if tags_fn is not None and tags:
        raise DagsterInvalidDefinitionError(
            "Attempted to provide both tags_fn and tags as arguments to ScheduleDefinition. Must provide only"
            " one of the two."
        )
    # What says when to run, and with which tags, is asked beside the function.
    beside = {"should_execute": should_execute, "tags_fn": tags_fn}
    decorate = declaring(ScheduleDefinition, "execution_fn", {**options, **dict.fromkeys(beside)})

    def declare(fn: UserFn) -> ScheduleDefinition:
        schedule = decorate(fn)
        schedule._should_execute, schedule._tags_fn = should_execute, tags_fn
        schedule._decorated = True
        return schedule

    return declare


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
    if day_of_week and day_of_month:
        raise CheckError("Cannot provide both day_of_month and day_of_week to a schedule of partitions.")
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
            kind = DagsterInvalidDefinitionError if hasattr(partitions, "partitions_defs") else CheckError
            raise kind("A job whose partitions are not of time needs a cron_schedule.")
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
        requests = [
            job.run_request_for_partition(
                k,
                run_key=str(k),
                tags=tags,
                current_time=at,
                dynamic_partitions_store=context._instance,
            )
            for k in keys
        ]
        return requests[0] if windows is partitions and timed else requests

    schedule = ScheduleDefinition(
        name or f"{job.name}_schedule",
        cron_schedule=ticks,
        job=job,
        execution_timezone=zone,
        execution_fn=latest,
        description=description,
        default_status=default_status,
        metadata=metadata,
        owners=owners,
    )
    schedule._decorated = True
    return schedule


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
        self.owners = check_owners(rest.get("owners"), name, "schedule")

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
