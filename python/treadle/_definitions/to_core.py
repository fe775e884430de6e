"""The form for the core of what a project declares: plain tuples, all problems found at once there."""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.inputs_outputs import Input
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
from treadle._assets.keys import AssetKey
from treadle._assets.specs import FILE_METADATA, AssetSpec, SourceAsset, split_kinds
from treadle._errors import DagsterInvalidDefinitionError
from treadle._events.metadata import metadata_to_core
from treadle._resources.holders import holders
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.specs import AssetCheckSpec
    from treadle._run.policies import RetryPolicy


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
            if item.is_executable:
                steps.append(item)
            if item.is_external:
                sources += item.specs
        else:
            sources.append(item)
            if isinstance(item, SourceAsset) and item.observe_fn is not None:
                from treadle._assets.external import observer_of

                steps.append(observer_of(item))
    sources += _checked_elsewhere(steps, sources)
    resources = _with_bound_resources(steps, sources, resources)
    by_step: Any = {d._name: d for d in steps}
    names = Names([s for s in steps if not s.is_external], sources)
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
    of_sources = {s.key: s.metadata for s in sources}
    for _, manager, _ in managers:
        manager.sources = of_sources
    core = _core.Definitions(
        core_steps,
        [_source(s) for s in sources],
        [j._to_core() for j in jobs],
        plain,
        managers,
        [d._to_core(lambda i, d=d: names.resolve(i, d), _output) for d in graphs],
        _partitioning(steps, sources, names, jobs),
    )
    _set_automation(core, steps, sources, jobs)
    for job in jobs:
        of_ops = hasattr(job, "_checked")
        checks = None if of_ops else job.selection.told_checks((*steps, *sources), core)
        if checks is not None:
            core.set_job_checks(job.name, checks)
    return core


def _checked_elsewhere(
    steps: Iterable[AssetsDefinition], sources: Iterable[AssetSpec | SourceAsset]
) -> list[AssetSpec]:
    """Assets that are checked here and made by other definitions: declared by their checks."""
    known = {o.key for s in steps for o in s._outputs} | {s.key for s in sources}
    checked = dict.fromkeys(c.asset_key for s in steps for c in s._check_specs)
    return [AssetSpec(key) for key in checked if key not in known]


def _set_automation(
    core: _core.Definitions,
    steps: Iterable[AssetsDefinition],
    sources: Iterable[AssetSpec | SourceAsset],
    jobs: Iterable[Any],
) -> None:
    """When assets and checks are executed by themselves, and how new they must be."""
    conditions: dict[str, _core.Condition] = {}
    policies: dict[str, tuple[int, int, str, int, str]] = {}
    checks: dict[str, _core.Condition] = {}
    described: list[Any] = [o for d in steps for o in d._outputs]
    for one in [*described, *sources]:
        if one.automation_condition is not None:
            conditions[one.key.to_user_string()] = one.automation_condition._to_core()
        policy = getattr(one, "freshness_policy", None)
        if policy is not None:
            policies[one.key.to_user_string()] = policy._to_core()
    for step in steps:
        for check in step._check_specs:
            if check.automation_condition is not None:
                key = f"{check.asset_key.to_user_string()}:{check.name}"
                checks[key] = check.automation_condition._to_core()
    of_jobs = {j.name: c._to_core() for j in jobs if (c := j.automation_condition) is not None}
    if conditions or checks or policies or of_jobs:
        core.set_automation(conditions, checks, policies, of_jobs)


def _partitioning(
    steps: Sequence[AssetsDefinition],
    sources: Sequence[AssetSpec | SourceAsset],
    names: Names,
    jobs: Iterable[Any],
) -> Any:
    """None unless something is partitioned or memoized: then treadle._partitions is not imported."""
    of_ops = [j for j in jobs if hasattr(j, "_checked") and j.partitions_def is not None]
    if (
        of_ops
        or any(
            d._memoize
            or d._backfill_policy is not None
            or any(o.partitions_def is not None for o in d._outputs)
            or any(i.partition_mapping is not None for i in d._inputs)
            or any(c.partitions_def is not None for c in d._check_specs)
            for d in steps
        )
        or any(s.partitions_def is not None for s in sources)
    ):
        from treadle._partitions.core import partitioning

        return partitioning(steps, sources, names, of_ops)
    return None


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


class Names:
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

    @staticmethod
    def of(assets: Iterable[Any]) -> Names:
        steps = [a for a in assets if isinstance(a, AssetsDefinition) and not a.is_external]
        sources: list[Any] = [a for a in assets if isinstance(a, (AssetSpec, SourceAsset))]
        for item in assets:
            if isinstance(item, AssetsDefinition) and item.is_external:
                sources += item.specs
        return Names(steps, sources)

    def resolved_specs(self, item: AssetsDefinition | AssetSpec | SourceAsset) -> Iterable[AssetSpec]:
        """The specs of a definition, with dependencies under the keys that are meant."""
        if not isinstance(item, AssetsDefinition):
            return [item if isinstance(item, AssetSpec) else item.to_spec()]
        meant = {i.key: self.resolve(i, item) for i in item._inputs}
        return [
            spec._replace(deps=[d._replace(asset_key=meant.get(d.asset_key, d.asset_key)) for d in spec.deps])
            for spec in item.specs
        ]

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


# What a step looks at is not what it makes.
_NO_KEY = AssetKey(())


def _step(definition: AssetsDefinition, names: Names) -> tuple[Any, ...]:
    if definition._hooks:
        from treadle._ops.hooks import told_hooks

    return (
        definition._name,
        [
            (i.name, names.resolve(i, definition).parts, i.manager_key, metadata_to_core_lenient(i.metadata))
            for i in definition._inputs
        ],
        [
            _output(o.copy(key=_NO_KEY) if definition.is_observable else o, definition._can_subset)
            for o in definition._outputs
        ],
        [check_to_core(c) for c in definition._check_specs],
        list(definition._required_resource_keys),
        retry_to_core(definition._retry_policy),
        [(str(k), str(v)) for k, v in definition._op_tags.items()] if definition._op_tags else (),
        definition._can_subset,
        definition._place[0],
        definition._place[1],
        definition,
        _versioned(definition),
        [o.key.parts for o in definition._outputs] if definition.is_observable else (),
        told_hooks(definition._hooks, definition) if definition._hooks else (),
        getattr(definition, "_pool", None) or "",
    )


def _versioned(definition: AssetsDefinition) -> Any:
    """What its code version is derived from: the function, with the defaults of its configuration."""
    if not definition._config_schema:
        return definition._fn
    from treadle._assets.code_version import WithConfig
    from treadle._config.definition import schema_of

    field = schema_of(definition._config_schema).as_field()
    return WithConfig(definition._fn, field.default_value) if field.default_provided else definition._fn


def check_to_core(c: AssetCheckSpec) -> tuple[Any, ...]:
    return (c.name, c.asset_key.parts, c.blocking, c.description or "", metadata_to_core_lenient(c.metadata))


def _output(o: Any, can_subset: bool = False) -> tuple[Any, ...]:
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
        # What is made as it likes says itself which assets without a value it has made.
        o.required and (o.stores_value or not can_subset),
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
        [d.asset_key.parts for d in source.deps] if isinstance(source, AssetSpec) else (),
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
