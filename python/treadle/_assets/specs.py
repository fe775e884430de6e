"""What describes an asset or a check, apart from the function that makes it."""

from __future__ import annotations

import os
from enum import Enum

from treadle._assets.keys import AssetCheckKey, AssetKey, prefix_parts
from treadle._assets.rules import check_group, check_kinds, check_name, check_owners, check_tags, unsupported
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.freshness import FreshnessPolicy
    from treadle._automation.legacy_policy import AutoMaterializePolicy
    from treadle._typing import CoercibleToAssetDep, CoercibleToAssetKey, CoercibleToAssetKeyPrefix

KIND_PREFIX = "dagster/kind/"
IO_MANAGER_KEY = "dagster/io_manager_key"
FILE_METADATA = "treadle/file"


class Nothing:
    """As a type: a dependency or output without a value."""

    key = display_name = unique_name = "Nothing"
    is_nothing = True


def check_partitions_def(given: object) -> Any:
    if given is not None:
        from treadle._partitions.definitions import PartitionsDefinition

        if not isinstance(given, PartitionsDefinition):
            raise CheckError(
                "partitions_def must be a PartitionsDefinition, such as DailyPartitionsDefinition(...), not"
                f" {given!r}."
            )
    return given


def check_partition_mapping(given: object) -> Any:
    if given is not None:
        from treadle._partitions.mappings import PartitionMapping

        if not isinstance(given, PartitionMapping):
            raise CheckError(
                "partition_mapping must be a PartitionMapping, such as TimeWindowPartitionMapping(...), not"
                f" {given!r}."
            )
    return given


class NoValue:
    """As a default: no type or value was given."""


class AssetDep(Record):
    """A dependency without a value: order and lineage."""

    __slots__ = _fields = ("asset_key", "metadata", "partition_mapping")
    asset_key: AssetKey
    metadata: Mapping[str, Any]
    partition_mapping: Any

    def __init__(
        self,
        asset: CoercibleToAssetKey | AssetSpec | AssetsDefinition | SourceAsset,
        *,
        partition_mapping: object | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.partition_mapping = check_partition_mapping(partition_mapping)
        if getattr(asset, "_is_multi", False):
            raise DagsterInvalidDefinitionError(
                "Cannot create an AssetDep from a multi_asset AssetsDefinition. Instead, specify"
                " dependencies on the assets"
                f" created by the multi_asset via AssetKeys or strings. For the multi_asset {asset!r}."
            )
        if not isinstance(asset, (AssetKey, str, list, tuple)) and (
            isinstance(asset, AssetDep) or not hasattr(asset, "key")
        ):
            raise ParameterCheckError(
                "Param \"asset\" is not one of ['AssetKey', 'AssetSpec', 'AssetsDefinition', 'SourceAsset',"
                f" 'str']. Got {asset!r} which is type {type(asset)}."
            )
        self.asset_key = AssetKey.from_coercible_or_definition(asset)
        self.metadata = metadata or {}

    @staticmethod
    def from_coercible(arg: CoercibleToAssetDep) -> AssetDep:
        return arg if isinstance(arg, AssetDep) else AssetDep(arg)


def coerce_deps(deps: Iterable[CoercibleToAssetDep] | None, what: object) -> list[AssetDep]:
    """Each dependency once, in order; a multi-asset stands for all of its assets."""
    if deps is None:
        return []
    if isinstance(deps, str):
        raise DagsterInvalidDefinitionError(
            f"deps of {what} must be a list of assets, not the string {deps!r}."
        )
    by_key: dict[AssetKey, AssetDep] = {}
    for dep in deps:
        if getattr(dep, "_is_multi", False):
            for key in dep.keys:  # type: ignore[union-attr]
                by_key.setdefault(key, AssetDep(key))
            continue
        one = AssetDep.from_coercible(dep)
        if one.asset_key in by_key and by_key[one.asset_key] != one:
            raise DagsterInvariantViolationError(
                f"Cannot set a dependency on asset {one.asset_key} more than once for {what}, with different"
                " metadata."
            )
        by_key.setdefault(one.asset_key, one)
    return list(by_key.values())


class AssetSpec(Record):
    """Describes an asset: its key, what it follows from, and what people should know about it."""

    __slots__ = _fields = (
        "key",
        "deps",
        "description",
        "metadata",
        "skippable",
        "group_name",
        "code_version",
        "owners",
        "tags",
        "automation_condition",
        "freshness_policy",
        "partitions_def",
    )
    key: AssetKey
    partitions_def: Any
    deps: Sequence[AssetDep]
    description: str | None
    metadata: Mapping[str, Any]
    skippable: bool
    group_name: str | None
    code_version: str | None
    owners: Sequence[str]
    tags: Mapping[str, str]
    automation_condition: AutomationCondition | None
    freshness_policy: FreshnessPolicy | None

    def __init__(
        self,
        key: CoercibleToAssetKey,
        *,
        deps: Iterable[CoercibleToAssetDep] | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        skippable: bool = False,
        group_name: str | None = None,
        code_version: str | None = None,
        automation_condition: AutomationCondition | None = None,
        owners: Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
        kinds: Iterable[str] | None = None,
        partitions_def: object | None = None,
        freshness_policy: FreshnessPolicy | None = None,
        is_virtual: bool = False,
        auto_materialize_policy: AutoMaterializePolicy | None = None,
    ) -> None:
        unsupported(
            "AssetSpec",
            is_virtual=is_virtual or None,
        )
        self.key = AssetKey.from_coercible(key)
        self.partitions_def = check_partitions_def(partitions_def)
        self.deps = coerce_deps(deps, self.key) if deps else ()
        self.description = description
        self.metadata = dict(metadata) if metadata else {}
        self.skippable = skippable
        check_group(group_name)
        self.group_name = group_name
        self.code_version = code_version
        self.owners = check_owners(owners, self.key)
        self.tags = with_kinds(check_tags(tags, self.key), kinds, self.key)
        self.automation_condition = check_condition(automation_condition, self.key, auto_materialize_policy)
        self.freshness_policy = check_freshness_policy(freshness_policy, self.key)

    @property
    def auto_materialize_policy(self) -> AutoMaterializePolicy | None:
        return None if (c := self.automation_condition) is None else c.as_auto_materialize_policy()

    @property
    def kinds(self) -> set[str]:
        return set(split_kinds(self.tags)[0])

    def replace_attributes(self, **attributes: Any) -> AssetSpec:
        """A copy with some attributes replaced; names are those of the constructor."""
        given = {f: getattr(self, f) for f in self._fields}
        if "kinds" in attributes and "tags" not in attributes:
            given["tags"] = dict(split_kinds(self.tags)[1])
        given.update((k, v) for k, v in attributes.items() if v is not ...)
        return AssetSpec(**given)

    def merge_attributes(self, **attributes: Any) -> AssetSpec:
        """A copy with deps, metadata, owners, tags and kinds added."""
        merged: dict[str, Any] = {}
        for name, value in attributes.items():
            if value is ... or value is None:
                continue
            if name in ("deps", "owners"):
                merged[name] = [*getattr(self, name), *value]
            elif name in ("metadata", "tags"):
                merged[name] = {**getattr(self, name), **value}
            elif name == "kinds":
                merged[name] = {*self.kinds, *value}
            else:
                raise CheckError(f"merge_attributes has no argument {name!r}")
        if "kinds" in merged and "tags" in merged:
            merged["tags"] = dict(split_kinds(merged["tags"])[1])
        return self.replace_attributes(**merged)

    def with_io_manager_key(self, io_manager_key: str) -> AssetSpec:
        return self.merge_attributes(metadata={IO_MANAGER_KEY: io_manager_key})


def check_condition(condition: object, what: object, policy: object = None) -> AutomationCondition | None:
    """The condition; or what an AutoMaterializePolicy, the older way to say it, stands for."""
    if policy is not None:
        from treadle._automation.legacy_policy import AutoMaterializePolicy

        if condition is not None:
            raise DagsterInvariantViolationError(
                "Cannot supply both `automation_condition` and `auto_materialize_policy`"
            )
        if not isinstance(policy, AutoMaterializePolicy):
            raise CheckError(
                f"auto_materialize_policy of {what} is {policy!r}, which is no AutoMaterializePolicy."
            )
        return policy.to_automation_condition()
    if condition is None:
        return None
    from treadle._automation.conditions import AutomationCondition

    if not isinstance(condition, AutomationCondition):
        raise CheckError(f"automation_condition of {what} is {condition!r}, which is no AutomationCondition.")
    return condition


def check_freshness_policy(policy: object, what: object) -> FreshnessPolicy | None:
    if policy is None:
        return None
    from treadle._automation.freshness import FreshnessPolicy

    if not isinstance(policy, FreshnessPolicy):
        raise CheckError(
            f"freshness_policy of {what} is {policy!r}, which is no FreshnessPolicy. Make one with"
            " FreshnessPolicy.time_window or FreshnessPolicy.cron."
        )
    return policy


def with_kinds(tags: dict[str, str], kinds: Iterable[str] | None, what: object) -> dict[str, str]:
    for kind in check_kinds(kinds, what):
        tags[KIND_PREFIX + kind] = ""
    return tags


def split_kinds(tags: Mapping[str, str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The kinds, and the other tags."""
    kinds, others = [], []
    for key, value in tags.items():
        if key.startswith(KIND_PREFIX):
            kinds.append(key[len(KIND_PREFIX) :])
        else:
            others.append((key, value))
    return kinds, others


class AssetIn(Record):
    """How a parameter of an asset function finds its asset."""

    __slots__ = _fields = (
        "key",
        "metadata",
        "key_prefix",
        "input_manager_key",
        "dagster_type",
        "partition_mapping",
    )
    partition_mapping: Any
    key: AssetKey | None
    metadata: Mapping[str, Any] | None
    key_prefix: Sequence[str] | None
    input_manager_key: str | None
    dagster_type: Any

    def __init__(
        self,
        key: CoercibleToAssetKey | None = None,
        metadata: Mapping[str, Any] | None = None,
        key_prefix: CoercibleToAssetKeyPrefix | None = None,
        input_manager_key: str | None = None,
        partition_mapping: object | None = None,
        dagster_type: Any = NoValue,
    ) -> None:
        self.partition_mapping = check_partition_mapping(partition_mapping)
        if key is not None and key_prefix is not None:
            raise CheckError("key and key_prefix cannot both be set on AssetIn")
        self.key = AssetKey.from_coercible(key) if key is not None else None
        self.metadata = metadata
        self.key_prefix = list(prefix_parts(key_prefix)) or None
        self.input_manager_key = input_manager_key
        self.dagster_type = dagster_type

    @staticmethod
    def from_coercible(arg: AssetIn | CoercibleToAssetKey) -> AssetIn:
        return arg if isinstance(arg, AssetIn) else AssetIn(key=AssetKey.from_coercible(arg))

    def resolve(self, name: str) -> AssetKey:
        return self.key if self.key is not None else AssetKey((*prefix_parts(self.key_prefix), name))


class AssetOut(Record):
    """One asset of a multi-asset."""

    __slots__ = _fields = (
        "key",
        "key_prefix",
        "dagster_type",
        "description",
        "is_required",
        "io_manager_key",
        "metadata",
        "group_name",
        "code_version",
        "owners",
        "tags",
        "automation_condition",
        "freshness_policy",
    )
    key: AssetKey | None
    key_prefix: Sequence[str]
    dagster_type: Any
    description: str | None
    is_required: bool
    io_manager_key: str | None
    metadata: Mapping[str, Any]
    group_name: str | None
    code_version: str | None
    owners: Sequence[str]
    tags: Mapping[str, str]
    automation_condition: AutomationCondition | None
    freshness_policy: FreshnessPolicy | None

    def __init__(
        self,
        key_prefix: CoercibleToAssetKeyPrefix | None = None,
        key: CoercibleToAssetKey | None = None,
        dagster_type: Any = NoValue,
        description: str | None = None,
        is_required: bool = True,
        io_manager_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        group_name: str | None = None,
        code_version: str | None = None,
        automation_condition: AutomationCondition | None = None,
        backfill_policy: object | None = None,
        owners: Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
        kinds: Iterable[str] | None = None,
        freshness_policy: FreshnessPolicy | None = None,
        is_virtual: bool = False,
        auto_materialize_policy: AutoMaterializePolicy | None = None,
    ) -> None:
        unsupported(
            "AssetOut",
            backfill_policy=backfill_policy,
            is_virtual=is_virtual or None,
        )
        if key is not None and key_prefix is not None:
            raise CheckError("Only one of key and key_prefix may be set on AssetOut")
        self.key = AssetKey.from_coercible(key) if key is not None else None
        self.key_prefix = prefix_parts(key_prefix)
        self.dagster_type = dagster_type
        self.description = description
        self.is_required = is_required
        self.io_manager_key = io_manager_key
        self.metadata = dict(metadata or {})
        check_group(group_name)
        self.group_name = group_name
        self.code_version = code_version
        self.owners = check_owners(owners, self.key)
        self.tags = with_kinds(check_tags(tags, self.key), kinds, self.key)
        self.automation_condition = check_condition(automation_condition, self.key, auto_materialize_policy)
        self.freshness_policy = check_freshness_policy(freshness_policy, self.key)

    @staticmethod
    def from_spec(
        spec: AssetSpec,
        dagster_type: Any = NoValue,
        is_required: bool = True,
        io_manager_key: str | None = None,
        backfill_policy: object | None = None,
    ) -> AssetOut:
        """What the spec says; which assets it follows is said by the function."""
        if spec.deps:
            raise DagsterInvalidDefinitionError("Currently, cannot build AssetOut from spec with deps")
        return AssetOut(
            key=spec.key,
            dagster_type=dagster_type,
            description=spec.description,
            is_required=is_required,
            io_manager_key=io_manager_key,
            metadata=spec.metadata,
            group_name=spec.group_name,
            code_version=spec.code_version,
            automation_condition=spec.automation_condition,
            backfill_policy=backfill_policy,
            owners=spec.owners,
            tags=spec.tags,
            freshness_policy=spec.freshness_policy,
        )

    @property
    def auto_materialize_policy(self) -> AutoMaterializePolicy | None:
        return None if (c := self.automation_condition) is None else c.as_auto_materialize_policy()

    @property
    def kinds(self) -> set[str]:
        return set(split_kinds(self.tags)[0])

    def resolve(self, name: str, extra_prefix: tuple[str, ...] = ()) -> AssetKey:
        return self.key if self.key is not None else AssetKey((*extra_prefix, *self.key_prefix, name))


class AssetCheckSeverity(Enum):
    """How bad a failed check is. A failed blocking check stops what is downstream only when it is an
    ERROR.
    """

    WARN = "WARN"
    ERROR = "ERROR"


class AssetCheckSpec(Record):
    """A check on an asset: its name, and whether its failure stops what is downstream."""

    __slots__ = _fields = (
        "name",
        "asset_key",
        "description",
        "additional_deps",
        "blocking",
        "metadata",
        "automation_condition",
        "partitions_def",
    )
    partitions_def: Any
    name: str
    asset_key: AssetKey
    description: str | None
    additional_deps: Sequence[AssetDep]
    blocking: bool
    metadata: Mapping[str, Any]
    automation_condition: AutomationCondition | None

    def __init__(
        self,
        name: str,
        *,
        asset: CoercibleToAssetKey | AssetsDefinition | SourceAsset,
        description: str | None = None,
        additional_deps: Iterable[CoercibleToAssetDep] | None = None,
        blocking: bool = False,
        metadata: Mapping[str, Any] | None = None,
        automation_condition: AutomationCondition | None = None,
        partitions_def: object | None = None,
    ) -> None:
        self.partitions_def = check_partitions_def(partitions_def)
        self.name = check_name(name)
        self.asset_key = AssetKey.from_coercible_or_definition(asset)
        self.description = description
        self.additional_deps = coerce_deps(additional_deps, f"asset check {name}")
        for dep in self.additional_deps:
            if dep.asset_key == self.asset_key:
                raise DagsterInvalidDefinitionError(
                    f"Asset check {name} for asset {self.asset_key.to_string()} cannot have an"
                    f" additional dependency on asset {dep.asset_key.to_string()}."
                )
        self.blocking = blocking
        self.metadata = dict(metadata or {})
        self.automation_condition = check_condition(automation_condition, name)

    @property
    def key(self) -> AssetCheckKey:
        return AssetCheckKey(self.asset_key, self.name)

    def get_python_identifier(self) -> str:
        return f"{self.asset_key.to_python_identifier()}_{self.name}"


class SourceAsset(Record):
    """An asset made elsewhere, which these definitions read through an IO manager or follow. With
    `observe_fn` they can look at it: what the function returns is recorded as an observation.
    """

    __slots__ = _fields = (
        "key",
        "metadata",
        "io_manager_key",
        "io_manager_def",
        "description",
        "group_name",
        "resource_defs",
        "tags",
        "observe_fn",
        "op_tags",
        "required_resource_keys",
        "partitions_def",
        "automation_condition",
    )
    key: AssetKey
    partitions_def: Any
    automation_condition: AutomationCondition | None
    metadata: Mapping[str, Any]
    io_manager_key: str | None
    io_manager_def: Any
    description: str | None
    group_name: str
    resource_defs: Mapping[str, Any]
    tags: Mapping[str, str]
    observe_fn: Any
    op_tags: Mapping[str, Any]
    required_resource_keys: frozenset[str]

    def __init__(
        self,
        key: CoercibleToAssetKey,
        metadata: Mapping[str, Any] | None = None,
        io_manager_key: str | None = None,
        io_manager_def: object | None = None,
        description: str | None = None,
        partitions_def: object | None = None,
        group_name: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        observe_fn: object | None = None,
        op_tags: Mapping[str, Any] | None = None,
        *,
        automation_condition: AutomationCondition | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.partitions_def = check_partitions_def(partitions_def)
        self.key = AssetKey.from_coercible(key)
        self.automation_condition = check_condition(automation_condition, self.key)
        self.metadata = dict(metadata or {})
        if io_manager_def is not None and io_manager_key is None:
            io_manager_key = self.key.to_python_identifier("io_manager")
        self.io_manager_key = io_manager_key
        self.io_manager_def = io_manager_def
        self.description = description
        check_group(group_name)
        self.group_name = group_name or "default"
        self.resource_defs = dict(resource_defs or {})
        self.tags = check_tags(tags, self.key)
        self.observe_fn = observe_fn
        self.op_tags = dict(op_tags or {})
        self.required_resource_keys = frozenset()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the observing function itself: nothing is recorded."""
        if self.observe_fn is None:
            raise DagsterInvalidInvocationError(
                f"The source asset {self.key.to_user_string()!r} has no observe function to call."
            )
        from treadle._assets.external import observer_of

        return observer_of(self)(*args, **kwargs)

    def get_io_manager_key(self) -> str:
        return self.io_manager_key or "io_manager"

    @property
    def is_observable(self) -> bool:
        return self.observe_fn is not None

    @property
    def is_executable(self) -> bool:
        return self.observe_fn is not None

    def with_attributes(
        self, group_name: str | None = None, key: CoercibleToAssetKey | None = None
    ) -> SourceAsset:
        """The same in a group, under another key."""
        if group_name is not None and self.group_name not in ("default", group_name):
            raise DagsterInvalidDefinitionError(
                f"Attempted to override group name to {group_name} for SourceAsset"
                f" {self.key.to_user_string()}, which already has group name {self.group_name}."
                f" {self.key.to_user_string()}"
            )
        return self._replace(
            group_name=group_name or self.group_name,
            key=self.key if key is None else AssetKey.from_coercible(key),
        )

    def with_resources(self, resource_defs: Mapping[str, Any]) -> SourceAsset:
        """The same with resources bound to it."""
        both = [k for k in sorted(resource_defs) if k in self.resource_defs]
        if any(self.resource_defs[k] is not resource_defs[k] for k in both):
            raise DagsterInvalidInvocationError(
                f"SourceAsset with key {self.key} has conflicting resource definitions with provided"
                f" resources for the following keys: {both}. Either remove the existing resources from the"
                " source asset or change the resource keys so that they don't overlap."
            )
        return self._replace(resource_defs={**resource_defs, **self.resource_defs})

    def to_spec(self) -> AssetSpec:
        metadata = dict(self.metadata)
        if self.io_manager_key is not None:
            metadata[IO_MANAGER_KEY] = self.io_manager_key
        return AssetSpec(
            self.key,
            description=self.description,
            metadata=metadata,
            group_name=self.group_name,
            partitions_def=self.partitions_def,
            automation_condition=self.automation_condition,
        )._replace(tags=dict(self.tags))


def map_asset_specs(
    func: Callable[[AssetSpec], AssetSpec], iterable: Iterable[AssetsDefinition | AssetSpec]
) -> Iterable[Any]:
    """Each spec, on its own or of a definition, replaced by what the function makes of it."""
    return [obj.map_asset_specs(func) if hasattr(obj, "map_asset_specs") else func(obj) for obj in iterable]


def file_asset(
    key: CoercibleToAssetKey,
    path: str | os.PathLike[str],
    *,
    description: str | None = None,
    group_name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    owners: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
    kinds: Iterable[str] | None = None,
) -> AssetSpec:
    """A file or folder on disk as an external asset. The digest of its content is its data version: when it
    changes, what reads it is stale. A parameter of that name receives a `File` (or `Folder`). A relative path
    is meant from the current folder."""
    return AssetSpec(
        key,
        description=description,
        group_name=group_name,
        metadata={**(metadata or {}), FILE_METADATA: os.path.abspath(os.fspath(path))},
        owners=owners,
        tags=tags,
        kinds=kinds,
    )
