"""What schedules and sensors share: what they run, their contexts' resources, logs."""

from __future__ import annotations

from treadle._assets.rules import check_name, check_tags
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from typing_extensions import Self

    from treadle._run.instance import DagsterInstance


def jobs_of(name: str, job_name: str | None, job: Any, jobs: Sequence[Any] | None, target: Any) -> list[Any]:
    """The jobs a schedule or sensor may run. Assets as target become a job of their own."""
    given = [
        n
        for n, v in (("job_name", job_name), ("job", job), ("jobs", jobs), ("target", target))
        if v is not None
    ]
    if len(given) > 1:
        raise DagsterInvalidDefinitionError(
            f"'{name}' was given {' and '.join(given)}: only one of them says what it runs."
        )
    if job is not None:
        return [_job(job, name)]
    if jobs is not None:
        if len(jobs) == 0:
            raise CheckError(f"jobs of '{name}' is an empty list: name at least one.")
        return [_job(j, name) for j in jobs]
    if target is not None:
        return [_target(target, name)]
    return [job_name] if job_name is not None else []


def _job(job: Any, name: str) -> Any:
    from treadle._ops.graphs import GraphDefinition

    if isinstance(job, GraphDefinition):
        return job.to_job()
    if not hasattr(job, "_to_core") or not hasattr(job, "resolve"):
        raise CheckError(f"'{name}' was given {job!r} as a job, which is none.")
    return job


def _target(target: Any, name: str) -> Any:
    if hasattr(target, "_to_core") and hasattr(target, "resolve"):
        return target
    from treadle._assets.jobs import define_asset_job
    from treadle._assets.selection import AssetSelection

    if not isinstance(target, (str, AssetSelection, list, tuple)):
        target = [target]
    return define_asset_job(f"__anonymous_asset_job_{name}", AssetSelection.from_coercible(target))


class Instigator:
    """A schedule or a sensor: its name, what it runs, and what people should know about it."""

    def __init__(
        self,
        name: str,
        jobs: list[Any],
        description: str | None,
        tags: Mapping[str, str] | None,
        metadata: Mapping[str, Any] | None,
        required_resource_keys: Any,
        owners: Sequence[str] | None,
    ) -> None:
        from treadle._assets.rules import check_owners
        from treadle._events.metadata import normalize_metadata

        self._name = check_name(name, "name")
        self._jobs = jobs
        self._description = description
        self._tags = check_tags(tags, name)
        self._metadata = normalize_metadata(metadata or {})
        self._required_resource_keys = frozenset(required_resource_keys or ())
        self._owners = list(check_owners(owners, name)) if owners else []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def tags(self) -> Mapping[str, str]:
        return dict(self._tags)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return dict(self._metadata)

    @property
    def owners(self) -> Sequence[str]:
        return list(self._owners)

    @property
    def required_resource_keys(self) -> set[str]:
        return set(self._required_resource_keys)

    @property
    def has_anonymous_job(self) -> bool:
        return any(j.name.startswith("__anonymous_asset_job_") for j in self._jobs if not isinstance(j, str))

    @property
    def job(self) -> Any:
        if len(self._jobs) != 1 or isinstance(self._jobs[0], str):
            having = "several jobs" if len(self._jobs) > 1 else "a job by its name only"
            raise DagsterInvalidDefinitionError(f"{self!r} has {having if self._jobs else 'no job'}.")
        return self._jobs[0]

    @property
    def job_name(self) -> str | None:
        if not self._jobs:
            return None
        if len(self._jobs) > 1:
            raise DagsterInvalidDefinitionError(f"{self!r} has several jobs: there is no one job_name.")
        return self._jobs[0] if isinstance(self._jobs[0], str) else self._jobs[0].name

    @property
    def _job_names(self) -> list[str]:
        return [j if isinstance(j, str) else j.name for j in self._jobs]


class EvaluationContext:
    """What the functions of schedules and sensors are given, whichever they are."""

    def __init__(
        self,
        instance: DagsterInstance | None,
        resources: Mapping[str, Any] | None,
        definitions: Any,
        what: str,
    ) -> None:
        self._instance = instance
        self._given_resources = dict(resources or {})
        self._resources: Any = None
        self._holders: list[Any] = []
        self._definitions = definitions
        self._what = what

    @property
    def instance(self) -> DagsterInstance:
        if self._instance is None:
            raise DagsterInvariantViolationError(
                f"Attempted to initialize dagster instance, but no instance reference was provided: give"
                f" {self._what}(instance=...)."
            )
        return self._instance

    @property
    def repository_def(self) -> Any:
        return self._definitions

    @property
    def log(self) -> Any:
        from treadle._run.log import get_dagster_logger

        return get_dagster_logger()

    @property
    def resource_defs(self) -> Mapping[str, Any]:
        return dict(self._given_resources)

    @property
    def resources(self) -> Any:
        """The resources, set up when first used."""
        if self._resources is None:
            from treadle._resources.building import ResourceHolder
            from treadle._resources.context import Resources

            values = {}
            for key, value in self._given_resources.items():
                holder = ResourceHolder(key, value, None)
                handle = holder.set_up("EPHEMERAL", {})
                self._holders.append((holder, handle))
                values[key] = handle.value
            self._resources = Resources(values.__getitem__, frozenset(values))
        return self._resources

    def merge_resources(self, resources_dict: Mapping[str, Any]) -> Self:
        import copy

        other = copy.copy(self)
        other._given_resources = {**self._given_resources, **resources_dict}
        other._resources = None
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for holder, handle in reversed(self._holders):
            holder.tear_down(handle)
        self._holders = []
        self._resources = None
