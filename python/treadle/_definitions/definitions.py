"""Definitions: everything that one project declares, and its form for the core."""

from __future__ import annotations

from treadle._assets.definition import AssetChecksDefinition, AssetsDefinition, Input
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition, define_asset_job
from treadle._assets.keys import AssetKey
from treadle._assets.rules import unsupported
from treadle._assets.specs import FILE_METADATA, AssetSpec, SourceAsset, split_kinds
from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._events.metadata import metadata_to_core
from treadle._resources.holders import holders
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.keys import AssetCheckKey
    from treadle._run.instance import DagsterInstance
    from treadle._run.policies import RetryPolicy
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetSelection


class Definitions:
    """Assets, checks, jobs and resources. Mistakes are found when it is used, all at once;
    `validate_loadable` finds them at once.
    """

    __slots__ = ("_asset_checks", "_assets", "_cached", "_executor", "_jobs", "_resources", "metadata")

    def __init__(
        self,
        assets: Iterable[AssetsDefinition | AssetSpec | SourceAsset] | None = None,
        schedules: object | None = None,
        sensors: object | None = None,
        jobs: Iterable[JobDefinition | UnresolvedAssetJobDefinition] | None = None,
        resources: Mapping[str, Any] | None = None,
        executor: object | None = None,
        loggers: object | None = None,
        asset_checks: Iterable[AssetsDefinition] | None = None,
        metadata: Mapping[str, Any] | None = None,
        component_tree: object | None = None,
    ) -> None:
        unsupported(
            "Definitions", schedules=schedules or None, sensors=sensors or None, component_tree=component_tree
        )
        self._assets = list(flatten(assets or ()))
        self._asset_checks = list(asset_checks or ())
        self._jobs = list(jobs or ())
        self._resources = dict(resources or {})
        self._executor = executor
        self.metadata = dict(metadata or {})
        self._cached: _core.Definitions | None = None
        for item in self._assets:
            if not isinstance(item, (AssetsDefinition, AssetSpec, SourceAsset)):
                raise CheckError(f"Definitions(assets=...) holds {item!r}, which is no asset.")
        for check in self._asset_checks:
            if not isinstance(check, AssetsDefinition):
                raise CheckError(f"Definitions(asset_checks=...) holds {check!r}, which is no asset check.")

    @property
    def assets(self) -> Iterable[AssetsDefinition | AssetSpec | SourceAsset]:
        return list(self._assets)

    @property
    def asset_checks(self) -> Iterable[AssetsDefinition]:
        return list(self._asset_checks)

    @property
    def jobs(self) -> Iterable[JobDefinition | UnresolvedAssetJobDefinition]:
        return list(self._jobs)

    @property
    def resources(self) -> Mapping[str, Any]:
        return dict(self._resources)

    @property
    def executor(self) -> Any:
        return self._executor

    @staticmethod
    def merge(*def_sets: Definitions) -> Definitions:
        """All of them as one; the same resource key may not stand for two things."""
        resources: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        for defs in def_sets:
            if not isinstance(defs, Definitions):
                raise CheckError(f"Definitions.merge was given {defs!r}, which is no Definitions object.")
            for key, value in defs._resources.items():
                if key in resources and resources[key] is not value:
                    raise DagsterInvalidDefinitionError(
                        f"Definitions objects have conflicting values for resource key '{key}'. First value:"
                        f" {resources[key]!r}."
                        f" Second value: {value!r}."
                    )
                resources[key] = value
            metadata.update(defs.metadata)
        return Definitions(
            assets=[a for d in def_sets for a in d._assets],
            asset_checks=[c for d in def_sets for c in d._asset_checks],
            jobs=[j for d in def_sets for j in d._jobs],
            resources=resources,
            executor=next((d._executor for d in def_sets if d._executor is not None), None),
            metadata=metadata,
        )

    merge_unbound_defs = merge

    @staticmethod
    def validate_loadable(defs: Definitions) -> None:
        """Raises DagsterInvalidDefinitionError with everything that is wrong."""
        defs._core()

    def resolve_all_asset_keys(self) -> Sequence[AssetKey]:
        return [s.key for s in self.resolve_all_asset_specs()]

    def resolve_all_asset_specs(self) -> Sequence[AssetSpec]:
        specs: list[AssetSpec] = []
        for item in self._assets:
            if isinstance(item, AssetsDefinition):
                specs += item.specs
            elif isinstance(item, AssetSpec):
                specs.append(item)
            else:
                specs.append(
                    AssetSpec(
                        item.key,
                        description=item.description,
                        metadata=item.metadata,
                        group_name=item.group_name,
                    )
                )
        return specs

    get_all_asset_specs = resolve_all_asset_specs

    def resolve_assets_def(self, key: CoercibleToAssetKey) -> AssetsDefinition:
        wanted = AssetKey.from_coercible(key)
        for item in self._assets:
            if isinstance(item, AssetsDefinition) and wanted in item.keys:
                return item
        raise CheckError(f"Asset key {wanted.to_user_string()!r} was not found in these definitions.")

    get_assets_def = resolve_assets_def

    def get_asset_checks_def(self, key: AssetCheckKey) -> AssetChecksDefinition:
        for item in (*self._asset_checks, *self._assets):
            if isinstance(item, AssetChecksDefinition) and key in item.check_keys:
                return item
        raise CheckError(f"Asset check {key.to_user_string()!r} was not found in these definitions.")

    def resolve_job_def(self, name: str) -> JobDefinition:
        """The job of that name; "__ASSET_JOB" is everything."""
        for job in self._jobs:
            if job.name == name:
                return job.resolve(self)
        if name == "__ASSET_JOB":
            return define_asset_job(name).resolve(self)
        raise CheckError(
            f"Job {name!r} was not found in these definitions; its jobs are:"
            f" {', '.join(j.name for j in self._jobs) or 'none'}."
        )

    get_job_def = resolve_job_def

    def resolve_implicit_global_asset_job_def(self) -> JobDefinition:
        return self.resolve_job_def("__ASSET_JOB")

    get_implicit_global_asset_job_def = resolve_implicit_global_asset_job_def

    def resolve_all_job_defs(self) -> Sequence[JobDefinition]:
        return [self.resolve_implicit_global_asset_job_def(), *(j.resolve(self) for j in self._jobs)]

    def map_asset_specs(
        self, *, func: Callable[[AssetSpec], AssetSpec], selection: CoercibleToAssetSelection | None = None
    ) -> Definitions:
        """The same with each (selected) spec replaced by what `func` makes of it."""
        chosen: set[AssetKey] | None = None
        if selection is not None:
            from treadle._assets.selection import AssetSelection

            chosen = {
                AssetKey.from_user_string(k)
                for k in self._core().select(AssetSelection.from_coercible(selection)._text)
            }

        def mapped(spec: AssetSpec) -> AssetSpec:
            return func(spec) if chosen is None or spec.key in chosen else spec

        other = Definitions(
            resources=self._resources,
            jobs=self._jobs,
            asset_checks=self._asset_checks,
            metadata=self.metadata,
        )
        other._executor = self._executor
        for item in self._assets:
            if isinstance(item, AssetsDefinition):
                other._assets.append(item.map_asset_specs(mapped))
            elif isinstance(item, AssetSpec):
                other._assets.append(mapped(item))
            else:
                other._assets.append(item)
        return other

    def load_asset_value(
        self,
        asset_key: CoercibleToAssetKey,
        *,
        python_type: type | None = None,
        instance: DagsterInstance | None = None,
        partition_key: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Any:
        """The latest value of an asset, read by the default IO manager."""
        from treadle._run.instance import DagsterInstance

        return (instance or DagsterInstance.get()).load_asset_value(asset_key)

    def _core(self) -> _core.Definitions:
        """The core's form of these definitions, checked. Made once: definitions do not change."""
        if self._cached is None:
            self._cached = to_core([*self._assets, *self._asset_checks], self._resources, self._jobs)
        return self._cached


def flatten(items: Iterable[Any]) -> Iterable[Any]:
    """Assets may be given in nested lists, as `load_assets_from_modules` makes them."""
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from flatten(item)
        else:
            yield item


def to_core(
    assets: Iterable[AssetsDefinition | AssetSpec | SourceAsset],
    resources: Mapping[str, Any],
    jobs: Iterable[JobDefinition | UnresolvedAssetJobDefinition] = (),
    run_config: Mapping[str, Any] | None = None,
) -> _core.Definitions:
    """Hands declarations to the core, which finds everything that is wrong with them
    (DagsterInvalidDefinitionError).
    """
    from treadle import _core

    steps: list[AssetsDefinition] = []
    sources: list[AssetSpec | SourceAsset] = []
    seen: set[int] = set()
    for item in assets:
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, AssetsDefinition):
            steps.append(item)
        else:
            sources.append(item)
    resources = _with_bound_resources(steps, sources, resources)
    by_step: Any = {d._name: d for d in steps}
    names = _Names(steps, sources)
    core_steps = [_step(d, names) for d in steps if not hasattr(d, "_graph")]
    graphs: list[Any] = [d for d in steps if hasattr(d, "_graph")]
    if graphs:
        from treadle._ops.jobs import OpsByStep

        for definition in graphs:
            by_step.update(definition._ops_by_step())
        by_step = OpsByStep(by_step)
    used_as_io = {k for d in steps for k in d._io_manager_keys()}
    used_as_io.update(s.get_io_manager_key() for s in sources if isinstance(s, SourceAsset))
    wanted = {k for d in steps for k in d._required_resource_keys}
    plain, managers = holders(resources, used_as_io, wanted, by_step, run_config)
    return _core.Definitions(
        core_steps,
        [_source(s) for s in sources],
        [j._to_core() for j in jobs],
        plain,
        managers,
        [d._to_core(lambda i, d=d: names.resolve(i, d), _output) for d in graphs],
    )


def _with_bound_resources(
    steps: Iterable[AssetsDefinition],
    sources: Iterable[AssetSpec | SourceAsset],
    resources: Mapping[str, Any],
) -> dict[str, Any]:
    """Resources given to single assets (`resource_defs`, `io_manager_def`) join those of all."""
    bound: dict[str, Any] = {}
    for step in steps:
        for key, value in step._resource_defs.items():
            _bind(bound, key, value, step._name)
    for source in sources:
        if isinstance(source, SourceAsset):
            if source.io_manager_def is not None:
                _bind(bound, source.get_io_manager_key(), source.io_manager_def, source.key.to_user_string())
            for key, value in source.resource_defs.items():
                _bind(bound, key, value, source.key.to_user_string())
    return {**resources, **bound}


def _bind(bound: dict[str, Any], key: str, value: Any, where: str) -> None:
    if key in bound and bound[key] is not value:
        raise DagsterInvalidDefinitionError(
            f"Conflicting versions of resource with key '{key}' were provided to different assets, one of"
            f" them '{where}'. Give both"
            " the same object, or use another key."
        )
    bound[key] = value


class _Names:
    """Finds what a bare parameter name means: the asset of exactly that key, else the only one of that name
    with the same prefix, else the only one in the same group."""

    def __init__(self, steps: Iterable[AssetsDefinition], sources: Iterable[AssetSpec | SourceAsset]) -> None:
        self._groups: dict[AssetKey, str] = {}
        for step in steps:
            for output in step._outputs:
                self._groups[output.key] = output.group or "default"
        for source in sources:
            self._groups[source.key] = source.group_name or "default"
        self._by_name: dict[str, list[AssetKey]] | None = None

    def resolve(self, given: Input, step: AssetsDefinition) -> AssetKey:
        if not given.by_name or given.key in self._groups:
            return given.key
        if self._by_name is None:
            self._by_name = {}
            for key in self._groups:
                self._by_name.setdefault(key.parts[-1], []).append(key)
        candidates = self._by_name.get(given.key.parts[-1], [])
        own = step._outputs[0] if step._outputs else None
        if own is not None:
            same_prefix = [k for k in candidates if k.parts[:-1] == own.key.parts[:-1]]
            if len(same_prefix) == 1:
                return same_prefix[0]
        group = (own.group or "default") if own is not None else "default"
        same_group = [k for k in candidates if self._groups[k] == group]
        return same_group[0] if len(same_group) == 1 else given.key


def _step(definition: AssetsDefinition, names: _Names) -> tuple[Any, ...]:
    return (
        definition._name,
        [
            (i.name, names.resolve(i, definition).parts, i.manager_key, metadata_to_core_lenient(i.metadata))
            for i in definition._inputs
        ],
        [_output(o) for o in definition._outputs],
        [
            (c.name, c.asset_key.parts, c.blocking, c.description or "", metadata_to_core_lenient(c.metadata))
            for c in definition._check_specs
        ],
        list(definition._required_resource_keys),
        retry_to_core(definition._retry_policy),
        [(str(k), str(v)) for k, v in definition._op_tags.items()] if definition._op_tags else (),
        definition._can_subset,
        definition._place[0],
        definition._place[1],
        definition,
        definition._fn,
    )


def _output(o: Any) -> tuple[Any, ...]:
    kinds: Sequence[str] = ()
    tags: Sequence[tuple[str, str]] = ()
    if o.tags:
        kinds, tags = split_kinds(o.tags)
    return (
        o.name,
        o.key.parts,
        o.group or "default",
        o.description or "",
        o.owners,
        kinds,
        tags,
        metadata_to_core_lenient(o.metadata) if o.metadata else (),
        o.code_version or "",
        o.required,
        o.stores_value,
        o.io_manager_key,
        None if o.follows_from is None else [k.parts for k in o.follows_from],
    )


def _source(source: AssetSpec | SourceAsset) -> tuple[Any, ...]:
    kinds, tags = split_kinds(source.tags)
    metadata = dict(source.metadata)
    file = metadata.get(FILE_METADATA, "")
    return (
        source.key.parts,
        source.group_name or "default",
        source.description or "",
        list(getattr(source, "owners", ())),
        kinds,
        tags,
        metadata_to_core_lenient(metadata),
        source.get_io_manager_key()
        if isinstance(source, SourceAsset)
        else metadata.get("dagster/io_manager_key", "io_manager"),
        file,
    )


def metadata_to_core_lenient(metadata: Mapping[str, Any] | None) -> Sequence[tuple[str, str, object]]:
    """Definition metadata may hold anything; what cannot be kept is told by its class."""
    if not metadata:
        return ()
    from treadle._errors import DagsterInvalidMetadata

    told: list[tuple[str, str, object]] = []
    for name, value in metadata.items():
        try:
            told += metadata_to_core({name: value})
        except DagsterInvalidMetadata:
            told.append((name, "text", f"[{type(value).__name__}] (unserializable)"))
    return told


def retry_to_core(policy: RetryPolicy | None) -> tuple[int, float, int, int] | None:
    if policy is None:
        return None
    backoff = {"LINEAR": 1, "EXPONENTIAL": 2}[policy.backoff.value] if policy.backoff is not None else 0
    jitter = {"FULL": 1, "PLUS_MINUS": 2}[policy.jitter.value] if policy.jitter is not None else 0
    return (policy.max_retries, float(policy.delay or 0), backoff, jitter)
