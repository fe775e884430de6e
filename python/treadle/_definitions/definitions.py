"""Definitions: everything that one project declares."""

from __future__ import annotations

from treadle._assets.definition import AssetChecksDefinition, AssetsDefinition
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition, define_asset_job
from treadle._assets.keys import AssetKey
from treadle._assets.rules import unsupported
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._definitions.given import (
    check_collections,
    check_items,
    check_jobs_and_automation,
    check_names,
    once,
)
from treadle._definitions.to_core import Names, flatten, to_core
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._events.metadata import normalize_metadata
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.keys import AssetCheckKey
    from treadle._assets.specs import AssetCheckSpec
    from treadle._io.loading import AssetValueLoader
    from treadle._run.instance import DagsterInstance
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetSelection


class Definitions:
    """Assets, checks, jobs, schedules, sensors and resources. Mistakes are found when it is used, all
    together; `validate_loadable` finds them at once.
    """

    __slots__ = (
        "_asset_checks",
        "_assets",
        "_cached",
        "_executor",
        "_given",
        "_jobs",
        "_loggers",
        "_resources",
        "_schedules",
        "_sensors",
        "component_tree",
        "metadata",
    )

    def __init__(
        self,
        assets: Iterable[AssetsDefinition | AssetSpec | SourceAsset] | None = None,
        schedules: Iterable[Any] | None = None,
        sensors: Iterable[Any] | None = None,
        jobs: Iterable[JobDefinition | UnresolvedAssetJobDefinition] | None = None,
        resources: Mapping[str, Any] | None = None,
        executor: object | None = None,
        loggers: Mapping[str, Any] | None = None,
        asset_checks: Iterable[AssetsDefinition] | None = None,
        metadata: Mapping[str, Any] | None = None,
        component_tree: object | None = None,
    ) -> None:
        unsupported("Definitions", component_tree=component_tree)
        given = {"assets": assets, "schedules": schedules, "sensors": sensors, "jobs": jobs}
        given.update(resources=resources, loggers=loggers, asset_checks=asset_checks)
        self._given = frozenset(k for k, v in given.items() if v is not None)
        check_collections(given, executor)
        self._assets = list(flatten(assets or ()))
        self._asset_checks = list(flatten(asset_checks or ()))
        self._jobs = once(jobs)
        self._schedules = once(schedules)
        self._sensors = once(sensors)
        self._resources = dict(resources or {})
        self._loggers = dict(loggers or {})
        self._executor = executor
        self.component_tree = None
        self.metadata = normalize_metadata(metadata)
        self._cached: _core.Definitions | None = None
        check_items("assets", self._assets, (AssetsDefinition, AssetSpec, SourceAsset), "assets")
        check_items("asset_checks", self._asset_checks, AssetsDefinition, "asset checks")
        check_jobs_and_automation(self._jobs, self._schedules, self._sensors)

    # --- what was given; None where nothing was

    @property
    def assets(self) -> Iterable[AssetsDefinition | AssetSpec | SourceAsset] | None:
        return list(self._assets) if "assets" in self._given else None

    @property
    def asset_checks(self) -> Iterable[AssetsDefinition] | None:
        return list(self._asset_checks) if "asset_checks" in self._given else None

    @property
    def jobs(self) -> Iterable[JobDefinition | UnresolvedAssetJobDefinition] | None:
        return list(self._jobs) if "jobs" in self._given else None

    @property
    def schedules(self) -> Iterable[Any] | None:
        return list(self._schedules) if "schedules" in self._given else None

    @property
    def sensors(self) -> Iterable[Any] | None:
        return list(self._sensors) if "sensors" in self._given else None

    @property
    def resources(self) -> Mapping[str, Any] | None:
        return dict(self._resources) if "resources" in self._given else None

    @property
    def loggers(self) -> Mapping[str, Any] | None:
        return dict(self._loggers) if "loggers" in self._given else None

    @property
    def executor(self) -> Any:
        return self._executor

    def _replace(self, **changes: Any) -> Definitions:
        """The same with some of its parts replaced; names are those of the constructor."""
        parts = ("assets", "schedules", "sensors", "jobs", "resources", "executor", "loggers", "asset_checks")
        given = {name: getattr(self, name) for name in (*parts, "metadata")}
        return Definitions(**{**given, **changes})

    # --- variations

    @staticmethod
    def merge(*def_sets: Definitions) -> Definitions:
        """All of them as one; the same resource or logger key may not stand for two things, and only one may
        bring an executor.
        """
        resources: dict[str, Any] = {}
        loggers: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        places: dict[tuple[str, str], int] = {}
        executor: Any = None
        for index, defs in enumerate(def_sets):
            if not isinstance(defs, Definitions):
                raise CheckError(f"Definitions.merge was given {defs!r}, which is no Definitions object.")
            metadata.update(defs.metadata)
            for what, merged, own in (
                ("resources", resources, defs._resources),
                ("loggers", loggers, defs._loggers),
            ):
                for key, value in own.items():
                    if key in merged and merged[key] is not value:
                        raise DagsterInvariantViolationError(
                            f"Definitions objects {places[what, key]} and {index} have different {what} with"
                            f" same key '{key}'"
                        )
                    merged[key] = value
                    places[what, key] = index
            if defs._executor is not None:
                if executor is not None and executor is not defs._executor:
                    raise DagsterInvariantViolationError(
                        f"Definitions objects {places['executor', '']} and {index} both have an executor"
                    )
                executor = defs._executor
                places["executor", ""] = index
        return Definitions(
            assets=[a for d in def_sets for a in d._assets],
            schedules=[s for d in def_sets for s in d._schedules],
            sensors=[s for d in def_sets for s in d._sensors],
            jobs=[j for d in def_sets for j in d._jobs],
            resources=resources,
            executor=executor,
            loggers=loggers,
            asset_checks=[c for d in def_sets for c in d._asset_checks],
            metadata=metadata,
        )

    merge_unbound_defs = merge

    def with_resources(self, resources: Mapping[str, Any] | None) -> Definitions:
        return Definitions.merge(self, Definitions(resources=resources)) if resources else self

    def with_reconstruction_metadata(self, reconstruction_metadata: Mapping[str, str]) -> Definitions:
        """The same with what was fetched to make it, as text, for those who load it again."""
        from treadle._events.metadata import CodeLocationReconstructionMetadataValue

        for key, value in reconstruction_metadata.items():
            if not isinstance(value, str):
                raise DagsterInvariantViolationError(
                    "Reconstruction metadata values must be strings. State-representing values are expected"
                    " to be serialized before being passed as reconstruction metadata. Got for key"
                    f" {key}:\n\n{value}"
                )
        added = {k: CodeLocationReconstructionMetadataValue(v) for k, v in reconstruction_metadata.items()}
        return self._replace(metadata={**self.metadata, **added})

    def map_asset_specs(
        self, *, func: Callable[[AssetSpec], AssetSpec], selection: CoercibleToAssetSelection | None = None
    ) -> Definitions:
        """The same with each spec replaced by what `func` makes of it."""
        if selection is not None:
            raise CheckError(
                "Invariant failed. Description: The selection parameter is no longer supported for"
                " map_asset_specs, Please use map_resolved_asset_specs instead"
            )
        return self.map_resolved_asset_specs(func=func)

    def map_resolved_asset_specs(
        self, *, func: Callable[[AssetSpec], AssetSpec], selection: CoercibleToAssetSelection | None = None
    ) -> Definitions:
        """As `map_asset_specs`, for the selected assets."""
        others = {type(d) for d in self._assets if not isinstance(d, (AssetsDefinition, AssetSpec))}
        if others:
            raise DagsterInvariantViolationError(
                "Can only map over AssetSpec or AssetsDefinition objects. Received objects of types:"
                f" {others}."
            )
        return self.permissive_map_resolved_asset_specs(func, selection)

    def permissive_map_resolved_asset_specs(
        self, func: Callable[[AssetSpec], AssetSpec], selection: CoercibleToAssetSelection | None
    ) -> Definitions:
        """As `map_resolved_asset_specs`; source assets stay as they are."""
        from treadle._assets.specs import map_asset_specs

        chosen: set[AssetKey] | None = None
        if selection:
            from treadle._assets.selection import AssetSelection

            asked = (
                AssetSelection.from_string(selection, include_sources=True)
                if isinstance(selection, str)
                else AssetSelection.from_coercible(selection)
            )
            chosen = asked.resolve(self)
        mappable = [d for d in self._assets if isinstance(d, (AssetsDefinition, AssetSpec))]
        mapped = map_asset_specs(
            lambda spec: func(spec) if chosen is None or spec.key in chosen else spec, mappable
        )
        others = [d for d in self._assets if not isinstance(d, (AssetsDefinition, AssetSpec))]
        return self._replace(assets=[*mapped, *others])

    # --- finding

    @staticmethod
    def validate_loadable(defs: Definitions) -> None:
        """Raises DagsterInvalidDefinitionError with everything that is wrong."""
        defs._core()
        for job in defs._jobs:
            job.resolve(defs)

    def get_repository_def(self) -> Any:
        from treadle._definitions.repository import RepositoryDefinition

        return RepositoryDefinition("__repository__", self, metadata=self.metadata)

    def resolve_asset_graph(self) -> Any:
        """Questions about how the assets depend on each other."""
        from treadle._assets.graph import AssetGraph

        return AssetGraph(self)

    def resolve_all_asset_keys(self) -> Sequence[AssetKey]:
        return [s.key for s in self.resolve_all_asset_specs()]

    def resolve_all_asset_specs(self) -> Sequence[AssetSpec]:
        names = Names.of(self._assets)
        specs: dict[AssetKey, AssetSpec] = {}
        for item in self._assets:
            for spec in names.resolved_specs(item):
                specs.setdefault(spec.key, spec)
        return list(specs.values())

    get_all_asset_specs = resolve_all_asset_specs

    def resolve_assets_def(self, key: CoercibleToAssetKey) -> AssetsDefinition:
        from treadle._assets.external import external_assets_from_specs

        wanted = AssetKey.from_coercible(key)
        for item in self._assets:
            if isinstance(item, AssetsDefinition) and wanted in item.keys:
                return item
            if isinstance(item, (AssetSpec, SourceAsset)) and item.key == wanted:
                return external_assets_from_specs([item if isinstance(item, AssetSpec) else item.to_spec()])[
                    0
                ]
        raise DagsterInvariantViolationError(f"Could not find asset {wanted}")

    get_assets_def = resolve_assets_def

    def get_asset_checks_def(self, key: AssetCheckKey) -> AssetChecksDefinition:
        for item in (*self._asset_checks, *self._assets):
            if isinstance(item, AssetChecksDefinition) and key in item.check_keys:
                return item
        raise DagsterInvariantViolationError(f"Could not find asset checks definition for {key}")

    def resolve_job_def(self, name: str) -> JobDefinition:
        """The job of that name; "__ASSET_JOB" is everything."""
        self._core()  # says what is wrong with the definitions
        for job in self._jobs:
            if job.name == name:
                return job.resolve(self)
        if name == "__ASSET_JOB":
            return define_asset_job(name).resolve(self)
        for automation in (*self._schedules, *self._sensors):
            for found in _jobs_of(automation):
                if found.name == name:
                    resolved: JobDefinition = found.resolve(self)
                    return resolved
        raise DagsterInvariantViolationError(
            f"Could not find job '{name}'. Found: {', '.join(repr(j.name) for j in self._jobs) or 'none'}."
        )

    get_job_def = resolve_job_def

    def get_schedule_def(self, name: str) -> Any:
        return self.get_repository_def().get_schedule_def(name)

    resolve_schedule_def = get_unresolved_schedule_def = get_schedule_def

    def get_sensor_def(self, name: str) -> Any:
        return self.get_repository_def().get_sensor_def(name)

    resolve_sensor_def = get_unresolved_sensor_def = get_sensor_def

    def has_implicit_global_asset_job_def(self) -> bool:
        return any(isinstance(a, AssetsDefinition) for a in (*self._assets, *self._asset_checks))

    def resolve_implicit_global_asset_job_def(self) -> JobDefinition:
        return self.resolve_job_def("__ASSET_JOB")

    get_implicit_global_asset_job_def = resolve_implicit_global_asset_job_def

    def resolve_all_job_defs(self) -> Sequence[JobDefinition]:
        jobs = [j.resolve(self) for j in self._jobs]
        if self.has_implicit_global_asset_job_def():
            jobs.insert(0, self.resolve_implicit_global_asset_job_def())
        return jobs

    def load_asset_value(
        self,
        asset_key: CoercibleToAssetKey,
        *,
        python_type: type | None = None,
        instance: DagsterInstance | None = None,
        partition_key: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Any:
        """The latest value of an asset, as its IO manager loads it."""
        with self.get_asset_value_loader(instance) as loader:
            return loader.load_asset_value(
                asset_key, python_type=python_type, partition_key=partition_key, metadata=metadata
            )

    def get_asset_value_loader(self, instance: DagsterInstance | None = None) -> AssetValueLoader:
        """Loads several values with the same resources: a context manager."""
        from treadle._io.loading import AssetValueLoader

        return AssetValueLoader(self._assets, self._resources, instance)

    def _check_specs(self) -> Iterable[AssetCheckSpec]:
        for item in (*self._assets, *self._asset_checks):
            if isinstance(item, AssetsDefinition):
                yield from item._check_specs

    def _core(self) -> _core.Definitions:
        """The core's form of these definitions, checked. Made once: definitions do not change."""
        if self._cached is None:
            check_names(self._schedules, self._sensors)
            self._cached = to_core([*self._assets, *self._asset_checks], self._resources, self._jobs)
            try:
                for job in self._jobs:
                    if getattr(job, "partitions_def", None) is not None:
                        job.resolve(self)  # says whether its assets have these partitions
            except Exception:
                self._cached = None
                raise
        return self._cached


def _jobs_of(automation: Any) -> Iterable[Any]:
    """The jobs that a schedule or sensor starts."""
    return [
        j for j in getattr(automation, "jobs", None) or [getattr(automation, "job", None)] if j is not None
    ]
