"""`repository`: definitions as a list or dict that a function returns; what was used before Definitions."""

from __future__ import annotations

from treadle._assets.definition import AssetChecksDefinition, AssetsDefinition
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
from treadle._assets.keys import AssetKey
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._definitions.definitions import Definitions
from treadle._definitions.modules import is_schedule, is_sensor
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._events.metadata import normalize_metadata
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._assets.keys import AssetCheckKey
    from treadle._io.loading import AssetValueLoader
    from treadle._run.instance import DagsterInstance

_KEYS = ("schedules", "sensors", "jobs")


class RepositoryData:
    """What a repository is made of, given by the methods of a subclass."""

    def get_top_level_resources(self) -> Mapping[str, Any]:
        return {}

    def get_all_jobs(self) -> Sequence[JobDefinition]:
        return []

    def get_all_schedules(self) -> Sequence[Any]:
        return []

    def get_all_sensors(self) -> Sequence[Any]:
        return []

    def get_assets_defs_by_key(self) -> Mapping[AssetKey, AssetsDefinition]:
        return {}

    def get_source_assets_by_key(self) -> Mapping[AssetKey, SourceAsset]:
        return {}

    def get_asset_checks_defs_by_key(self) -> Mapping[AssetCheckKey, AssetChecksDefinition]:
        return {}

    def _definitions(self) -> Definitions:
        assets: list[Any] = [
            *self.get_assets_defs_by_key().values(),
            *self.get_source_assets_by_key().values(),
        ]
        return Definitions(
            assets=list({id(a): a for a in assets}.values()),
            asset_checks=list({id(c): c for c in self.get_asset_checks_defs_by_key().values()}.values()),
            jobs=self.get_all_jobs(),
            schedules=self.get_all_schedules(),
            sensors=self.get_all_sensors(),
            resources=self.get_top_level_resources(),
        )


class RepositoryDefinition:
    """Named definitions."""

    def __init__(
        self,
        name: str,
        definitions: Definitions,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.metadata = dict(metadata or {})
        self._definitions = definitions

    def __repr__(self) -> str:
        return f"<RepositoryDefinition {self.name!r}>"

    def __call__(self) -> RepositoryDefinition:
        return self

    def _core(self) -> Any:
        return self._definitions._core()

    def load_all_definitions(self) -> None:
        """Raises DagsterInvalidDefinitionError with everything that is wrong."""
        Definitions.validate_loadable(self._definitions)

    validate_loadable = load_all_definitions

    def get_top_level_resources(self) -> Mapping[str, Any]:
        return self._definitions.resources or {}

    # --- jobs

    @property
    def job_names(self) -> Sequence[str]:
        return [j.name for j in self.get_all_jobs()]

    def has_job(self, name: str) -> bool:
        return name in self.job_names

    def get_job(self, name: str) -> JobDefinition:
        return self._definitions.resolve_job_def(name)

    def get_all_jobs(self) -> Sequence[JobDefinition]:
        return self._definitions.resolve_all_job_defs()

    def has_implicit_global_asset_job_def(self) -> bool:
        return self._definitions.has_implicit_global_asset_job_def()

    def get_implicit_global_asset_job_def(self) -> JobDefinition:
        return self._definitions.resolve_implicit_global_asset_job_def()

    # --- schedules and sensors

    @property
    def schedule_defs(self) -> Sequence[Any]:
        definitions = self._definitions
        # Of a job of assets whose partitions are known only here.
        return [s.resolve(definitions) if hasattr(s, "resolve") else s for s in definitions.schedules or ()]

    def get_schedule_def(self, name: str) -> Any:
        return _named(self.schedule_defs, name, "schedule", self.name)

    def has_schedule_def(self, name: str) -> bool:
        return any(s.name == name for s in self.schedule_defs)

    @property
    def sensor_defs(self) -> Sequence[Any]:
        return list(self._definitions.sensors or ())

    def get_sensor_def(self, name: str) -> Any:
        return _named(self.sensor_defs, name, "sensor", self.name)

    def has_sensor_def(self, name: str) -> bool:
        return any(s.name == name for s in self.sensor_defs)

    # --- assets

    @property
    def assets_defs_by_key(self) -> Mapping[AssetKey, AssetsDefinition]:
        assets = self._definitions._assets
        return {k: a for a in assets if isinstance(a, AssetsDefinition) for k in a.keys}

    @property
    def source_assets_by_key(self) -> Mapping[AssetKey, SourceAsset]:
        return {a.key: a for a in self._definitions._assets if isinstance(a, SourceAsset)}

    @property
    def asset_checks_defs_by_key(self) -> Mapping[AssetCheckKey, AssetsDefinition]:
        found = (*self._definitions._assets, *self._definitions._asset_checks)
        return {k: c for c in found if isinstance(c, AssetsDefinition) for k in c.check_keys}

    @property
    def asset_graph(self) -> Any:
        return self._definitions.resolve_asset_graph()

    def get_asset_value_loader(self, instance: DagsterInstance | None = None) -> AssetValueLoader:
        """Loads several values with the same resources: a context manager."""
        return self._definitions.get_asset_value_loader(instance)

    def load_asset_value(
        self,
        asset_key: Any,
        *,
        python_type: type | None = None,
        instance: DagsterInstance | None = None,
        partition_key: str | None = None,
        metadata: dict[str, Any] | None = None,
        resource_config: Any = None,
    ) -> Any:
        return self._definitions.load_asset_value(
            asset_key,
            python_type=python_type,
            instance=instance,
            partition_key=partition_key,
            metadata=metadata,
        )


def _named(items: Sequence[Any], name: str, what: str, where: str) -> Any:
    for item in items:
        if item.name == name:
            return item
    raise DagsterInvariantViolationError(
        f"Could not find {what} '{name}' in repository '{where}'. It has:"
        f" {', '.join(repr(i.name) for i in items) or 'none'}."
    )


@overload
def repository(definitions_fn: Callable[[], Any], /) -> RepositoryDefinition: ...
@overload
def repository(
    definitions_fn: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    default_executor_def: Any = None,
    default_logger_defs: Mapping[str, Any] | None = None,
) -> Callable[[Callable[[], Any]], RepositoryDefinition]: ...


def repository(
    definitions_fn: Callable[[], Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    default_executor_def: Any = None,
    default_logger_defs: Mapping[str, Any] | None = None,
) -> Any:
    """Declares definitions as the list of what a function returns, or as a dict of functions that make
    them.
    """

    def decorate(fn: Callable[[], Any]) -> RepositoryDefinition:
        found = fn()
        if isinstance(found, list):
            made = _of_list(found, default_executor_def, default_logger_defs)
        elif isinstance(found, dict):
            made = _of_dict(found)
        elif isinstance(found, RepositoryData):
            made = found._definitions()
        else:
            raise DagsterInvalidDefinitionError(
                f"Bad return value of type {type(found)} from repository construction function: must return"
                " list, dict, or RepositoryData. See the @repository decorator docstring for details and"
                " examples"
            )
        told = normalize_metadata(metadata)
        return RepositoryDefinition(name or fn.__name__, made, description, told)

    return decorate if definitions_fn is None else decorate(definitions_fn)


def _of_list(found: list[Any], executor: Any, loggers: Mapping[str, Any] | None) -> Definitions:
    from treadle._definitions.to_core import flatten
    from treadle._ops.graphs import GraphDefinition

    groups: dict[str, list[Any]] = {n: [] for n in ("assets", "checks", "jobs", "schedules", "sensors")}
    bad = []
    for index, item in enumerate(flatten(found)):
        if isinstance(item, AssetChecksDefinition):
            groups["checks"].append(item)
        elif isinstance(item, (AssetsDefinition, SourceAsset, AssetSpec)):
            groups["assets"].append(item)
        elif isinstance(item, (JobDefinition, UnresolvedAssetJobDefinition)):
            groups["jobs"].append(item)
        elif isinstance(item, GraphDefinition):
            groups["jobs"].append(item.to_job())
        elif is_schedule(item):
            groups["schedules"].append(item)
        elif is_sensor(item):
            groups["sensors"].append(item)
        else:
            bad.append(f"value of type {type(item)} at index {index}")
    if bad:
        raise DagsterInvalidDefinitionError(
            "Bad return value from repository construction function: all elements of list must be of type"
            " JobDefinition, GraphDefinition, ScheduleDefinition, SensorDefinition, AssetsDefinition,"
            f" SourceAsset, or AssetChecksDefinition.Got {', '.join(bad)}."
        )
    _check_jobs(groups["jobs"])
    return Definitions(
        assets=groups["assets"],
        asset_checks=groups["checks"],
        jobs=groups["jobs"],
        schedules=groups["schedules"],
        sensors=groups["sensors"],
        executor=executor,
        loggers=loggers,
    )


def _check_jobs(jobs: list[Any]) -> None:
    """That they have names of their own, and those of ops what they need."""
    from treadle._ops.jobs import OpJobDefinition

    by_name: dict[str, Any] = {}
    for job in jobs:
        if by_name.setdefault(job.name, job) is not job:
            raise DagsterInvalidDefinitionError(f"Duplicate job definition found for job '{job.name}'")
        if isinstance(job, OpJobDefinition):
            job._core(job._resource_defs, {})


def _of_dict(found: dict[str, Any]) -> Definitions:
    bad = [f"'{k}'" for k in found if k not in _KEYS]
    if bad:
        raise DagsterInvalidDefinitionError(
            "Bad return value from repository construction function: dict must not contain keys other than"
            f" {{'schedules', 'sensors', 'jobs'}}: found {', '.join(bad)}"
        )
    made: dict[str, list[Any]] = {}
    for kind in _KEYS:
        made[kind] = []
        for name, item in (found.get(kind) or {}).items():
            one: Any = item if hasattr(item, "name") else item()
            one = one.to_job() if kind == "jobs" and hasattr(one, "to_job") else one
            if one.name != name:
                raise CheckError(
                    f"Bad constructor for {kind[:-1]} '{name}': name in {kind[:-1]} does not match: got"
                    f" '{one.name}'"
                )
            made[kind].append(one)
    return Definitions(jobs=made["jobs"], schedules=made["schedules"], sensors=made["sensors"])
