"""`load_assets_from_*`, `load_asset_checks_from_*` and `load_definitions_from_*`: what modules and packages
declare at their scope.
"""

from __future__ import annotations

import sys

from treadle._assets.definition import AssetChecksDefinition, AssetsDefinition
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
from treadle._assets.keys import prefix_parts
from treadle._assets.specs import AssetSpec, SourceAsset, check_condition
from treadle._definitions.definitions import Definitions
from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import ModuleType
    from typing import Any

    from treadle._assets.keys import AssetKey
    from treadle._typing import CoercibleToAssetKeyPrefix

    Asset = AssetsDefinition | SourceAsset | AssetSpec


class Scope:
    """What modules declare at their scope: each object once, in the order of modules and then of names."""

    def __init__(self, modules: Iterable[ModuleType], include_specs: bool = True) -> None:
        self.assets: list[Asset] = []
        self.checks: list[AssetChecksDefinition] = []
        self.jobs: list[Any] = []
        self.schedules: list[Any] = []
        self.sensors: list[Any] = []
        self._seen: set[int] = set()
        self._names: dict[tuple[str, str], tuple[object, str]] = {}
        self._specs = include_specs
        for module in modules:
            for value in [getattr(module, name) for name in dir(module)]:
                for item in value if isinstance(value, list) else (value,):
                    self._add(item, module.__name__)

    def _add(self, item: Any, module: str) -> None:
        kept: list[Any]
        keys: list[str]
        if isinstance(item, AssetChecksDefinition):
            kept, keys, what = self.checks, [], ""
        elif isinstance(item, AssetsDefinition):
            kept, keys, what = self.assets, [k.to_user_string() for k in item.keys], "Asset key"
        elif isinstance(item, SourceAsset) or (isinstance(item, AssetSpec) and self._specs):
            kept, keys, what = self.assets, [item.key.to_user_string()], "Asset key"
        elif isinstance(item, (JobDefinition, UnresolvedAssetJobDefinition)):
            kept, keys, what = self.jobs, [item.name], "Job name"
        elif is_schedule(item):
            kept, keys, what = self.schedules, [item.name], "Schedule name"
        elif is_sensor(item):
            kept, keys, what = self.sensors, [item.name], "Sensor name"
        else:
            return
        for key in keys:
            known, where = self._names.setdefault((what, key), (item, module))
            same = known is item or (isinstance(item, AssetSpec) and known == item)
            if not same:
                places = ", ".join(dict.fromkeys((where, module)))
                raise DagsterInvalidDefinitionError(
                    f"{what} {key} is defined multiple times. Definitions found in modules: {places}."
                )
        if id(item) not in self._seen:
            self._seen.add(id(item))
            kept.append(item)


def is_schedule(item: object) -> bool:
    return _is(item, "ScheduleDefinition", "UnresolvedPartitionedAssetScheduleDefinition")


def is_sensor(item: object) -> bool:
    return _is(item, "SensorDefinition")


def _is(item: object, *class_names: str) -> bool:
    """By name: schedules and sensors are imported only where they are used."""
    return any(c.__name__ in class_names and c.__module__.startswith("treadle.") for c in type(item).__mro__)


def modules_in_package(package: ModuleType) -> Iterator[ModuleType]:
    """A package and all modules below it."""
    import pkgutil
    from importlib import import_module

    yield package
    if not package.__file__:
        raise ValueError(f"Tried to find modules in package {package}, but its __file__ is None")
    for found in pkgutil.iter_modules(package.__path__, prefix=package.__name__ + "."):
        module = import_module(found.name)
        if found.ispkg:
            yield from modules_in_package(module)
        else:
            yield module


def _package(name: str) -> ModuleType:
    from importlib import import_module

    return import_module(name)


def _caller() -> ModuleType:
    return sys.modules[sys._getframe(2).f_globals["__name__"]]


# --- assets


def load_assets_from_modules(
    modules: Iterable[ModuleType],
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    automation_condition: Any = None,
    auto_materialize_policy: Any = None,
    backfill_policy: Any = None,
    source_key_prefix: CoercibleToAssetKeyPrefix | None = None,
    include_specs: bool = False,
) -> Sequence[Any]:
    """The assets at the scope of modules, in one group or below a prefix when given. Keys below a prefix
    change everywhere among what is loaded; those of source assets and specs by `source_key_prefix`.
    """
    automation_condition = check_condition(
        automation_condition, "load_assets_from_modules", auto_materialize_policy
    )
    scope = Scope(modules, include_specs)
    own = {key for item in (*scope.assets, *scope.checks) for key in _targets(item)}
    replaced = _below(own, key_prefix)
    sources = {i.key for i in scope.assets if not isinstance(i, AssetsDefinition)}
    replaced_sources = _below(sources, source_key_prefix)
    loaded: list[Any] = []
    for item in scope.assets:
        one: Any = item
        if isinstance(item, AssetsDefinition):
            one = _rekeyed(_rekeyed(item, replaced), replaced_sources)
            if group_name is not None or automation_condition is not None:
                one = one.map_asset_specs(lambda spec: _attributed(spec, group_name, automation_condition))
            if backfill_policy is not None:
                one = one.with_attributes(backfill_policy=backfill_policy)
        elif isinstance(item, AssetSpec):
            if item.key in replaced_sources:
                one = item.replace_attributes(key=replaced_sources[item.key])
            one = _attributed(one, group_name, automation_condition)
        else:
            one = item.with_attributes(
                group_name=group_name if group_name is not None and item.group_name == "default" else None,
                key=replaced_sources.get(item.key),
            )
        loaded.append(one)
    return loaded


def _targets(item: Any) -> Iterable[AssetKey]:
    """The keys that a definition makes, and those its checks are on."""
    if isinstance(item, AssetsDefinition):
        return {*item.keys, *(c.asset_key for c in item._check_specs)}
    return {item.key} if isinstance(item, AssetSpec) else ()


def _below(keys: Iterable[AssetKey], prefix: CoercibleToAssetKeyPrefix | None) -> dict[AssetKey, AssetKey]:
    parts = prefix_parts(prefix)
    return {k: k.with_prefix(parts) for k in keys} if parts else {}


def _rekeyed(item: AssetsDefinition, keys: Mapping[AssetKey, AssetKey]) -> AssetsDefinition:
    return item.with_attributes(asset_key_replacements=keys) if keys else item


def _attributed(spec: AssetSpec, group: str | None, condition: Any) -> AssetSpec:
    if group is not None and spec.group_name not in (None, "default", group):
        raise DagsterInvalidDefinitionError(
            f"Asset spec {spec.key.to_user_string()} has group name {spec.group_name}, which conflicts with"
            f" the group name {group} provided in load_assets_from_modules."
        )
    changes: dict[str, Any] = {}
    if group:
        changes["group_name"] = group
    if condition is not None:
        changes["automation_condition"] = condition
    return spec.replace_attributes(**changes) if changes else spec


def load_assets_from_current_module(
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    automation_condition: Any = None,
    auto_materialize_policy: Any = None,
    backfill_policy: Any = None,
    source_key_prefix: CoercibleToAssetKeyPrefix | None = None,
    include_specs: bool = False,
) -> Sequence[Any]:
    """The assets declared so far in the module that calls this."""
    return load_assets_from_modules(
        [_caller()],
        group_name,
        key_prefix,
        automation_condition=automation_condition,
        auto_materialize_policy=auto_materialize_policy,
        backfill_policy=backfill_policy,
        source_key_prefix=source_key_prefix,
        include_specs=include_specs,
    )


def load_assets_from_package_module(
    package_module: ModuleType,
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    automation_condition: Any = None,
    auto_materialize_policy: Any = None,
    backfill_policy: Any = None,
    source_key_prefix: CoercibleToAssetKeyPrefix | None = None,
    include_specs: bool = False,
) -> Sequence[Any]:
    """The assets of a package and all modules below it."""
    return load_assets_from_modules(
        modules_in_package(package_module),
        group_name,
        key_prefix,
        automation_condition=automation_condition,
        auto_materialize_policy=auto_materialize_policy,
        backfill_policy=backfill_policy,
        source_key_prefix=source_key_prefix,
        include_specs=include_specs,
    )


def load_assets_from_package_name(
    package_name: str,
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    automation_condition: Any = None,
    auto_materialize_policy: Any = None,
    backfill_policy: Any = None,
    source_key_prefix: CoercibleToAssetKeyPrefix | None = None,
    include_specs: bool = False,
) -> Sequence[Any]:
    """The assets of the package of this name and all modules below it."""
    return load_assets_from_package_module(
        _package(package_name),
        group_name,
        key_prefix,
        automation_condition=automation_condition,
        auto_materialize_policy=auto_materialize_policy,
        backfill_policy=backfill_policy,
        source_key_prefix=source_key_prefix,
        include_specs=include_specs,
    )


# --- checks


def load_asset_checks_from_modules(
    modules: Iterable[ModuleType], asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> Sequence[AssetChecksDefinition]:
    """The checks at the scope of modules; `asset_key_prefix` as `key_prefix` of the assets they are on."""
    scope = Scope(modules, include_specs=False)
    assets = [a for a in scope.assets if isinstance(a, AssetsDefinition)]
    keys = {key for item in (*assets, *scope.checks) for key in _targets(item)}
    replaced = _below(keys, asset_key_prefix)
    return [_rekeyed(c, replaced) for c in scope.checks]  # type: ignore[misc]


def load_asset_checks_from_current_module(
    asset_key_prefix: CoercibleToAssetKeyPrefix | None = None,
) -> Sequence[AssetChecksDefinition]:
    return load_asset_checks_from_modules([_caller()], asset_key_prefix)


def load_asset_checks_from_package_module(
    package_module: ModuleType, asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> Sequence[AssetChecksDefinition]:
    return load_asset_checks_from_modules(modules_in_package(package_module), asset_key_prefix)


def load_asset_checks_from_package_name(
    package_name: str, asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> Sequence[AssetChecksDefinition]:
    return load_asset_checks_from_package_module(_package(package_name), asset_key_prefix)


# --- whole definitions


def load_definitions_from_modules(
    modules: Iterable[ModuleType],
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """Everything at the scope of modules as one Definitions object."""
    scope = Scope(modules)
    return Definitions(
        assets=scope.assets,
        asset_checks=scope.checks,
        jobs=scope.jobs,
        schedules=scope.schedules,
        sensors=scope.sensors,
        resources=resources,
        loggers=loggers,
        executor=executor,
    )


def load_definitions_from_module(
    module: ModuleType,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    return load_definitions_from_modules([module], resources, loggers, executor)


def load_definitions_from_current_module(
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    return load_definitions_from_modules([_caller()], resources, loggers, executor)


def load_definitions_from_package_module(
    package_module: ModuleType,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    return load_definitions_from_modules(modules_in_package(package_module), resources, loggers, executor)


def load_definitions_from_package_name(
    package_name: str,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    if not isinstance(package_name, str):
        raise CheckError(f"package_name must be a str, not {package_name!r}")
    return load_definitions_from_package_module(_package(package_name), resources, loggers, executor)
