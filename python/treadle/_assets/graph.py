"""AssetGraph: questions about how the assets of Definitions depend on each other."""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.keys import AssetKey
from treadle._assets.specs import SourceAsset
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from treadle._assets.keys import AssetCheckKey
    from treadle._assets.specs import AssetSpec
    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.freshness import FreshnessPolicy
    from treadle._automation.legacy_policy import AutoMaterializePolicy
    from treadle._definitions.definitions import Definitions
    from treadle._partitions.definitions import PartitionsDefinition
    from treadle._partitions.mappings import PartitionMapping
    from treadle._partitions.policy import BackfillPolicy


class AssetNode:
    """One asset of the graph."""

    __slots__ = ("_graph", "assets_def", "spec")

    def __init__(self, graph: AssetGraph, spec: AssetSpec, assets_def: Any) -> None:
        self._graph = graph
        self.spec = spec
        self.assets_def = assets_def

    def __repr__(self) -> str:
        return f"<AssetNode {self.key.to_user_string()}>"

    @property
    def key(self) -> AssetKey:
        return self.spec.key

    @property
    def parent_keys(self) -> set[AssetKey]:
        return {d.asset_key for d in self.spec.deps}

    @property
    def parent_entity_keys(self) -> set[AssetKey]:
        return self.parent_keys

    @property
    def child_keys(self) -> set[AssetKey]:
        return self._graph._children.get(self.key, set())

    @property
    def group_name(self) -> str:
        return self.spec.group_name or "default"

    @property
    def description(self) -> str | None:
        return self.spec.description

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.spec.metadata

    @property
    def tags(self) -> Mapping[str, str]:
        return self.spec.tags

    @property
    def kinds(self) -> set[str]:
        return self.spec.kinds

    @property
    def owners(self) -> Sequence[str]:
        return self.spec.owners

    @property
    def code_version(self) -> str | None:
        return self.spec.code_version

    @property
    def is_materializable(self) -> bool:
        return isinstance(self.assets_def, AssetsDefinition) and self.assets_def.is_materializable

    @property
    def is_observable(self) -> bool:
        return bool(getattr(self.assets_def, "is_observable", False))

    @property
    def is_executable(self) -> bool:
        return self.is_materializable or self.is_observable

    @property
    def is_external(self) -> bool:
        return not self.is_materializable

    @property
    def partitions_def(self) -> PartitionsDefinition | None:
        return self.spec.partitions_def  # type: ignore[no-any-return]

    @property
    def is_partitioned(self) -> bool:
        return self.partitions_def is not None

    @property
    def partition_mappings(self) -> Mapping[AssetKey, PartitionMapping]:
        return {d.asset_key: d.partition_mapping for d in self.spec.deps if d.partition_mapping is not None}

    @property
    def automation_condition(self) -> AutomationCondition | None:
        return self.spec.automation_condition

    @property
    def auto_materialize_policy(self) -> AutoMaterializePolicy | None:
        return self.spec.auto_materialize_policy

    @property
    def freshness_policy(self) -> FreshnessPolicy | None:
        return self.spec.freshness_policy

    @property
    def backfill_policy(self) -> BackfillPolicy | None:
        return getattr(self.assets_def, "backfill_policy", None)

    @property
    def has_self_dependency(self) -> bool:
        return self.key in self.parent_keys

    @property
    def child_entity_keys(self) -> set[AssetKey | AssetCheckKey]:
        return {*self.child_keys, *self.check_keys}

    @property
    def execution_set_asset_keys(self) -> set[AssetKey]:
        """What is executed together with it: all of a function that cannot be run in part."""
        item = self.assets_def
        if not self.is_executable or item.can_subset:
            return {self.key}
        return set(item.keys)

    @property
    def io_manager_key(self) -> str:
        item = self.assets_def
        if isinstance(item, AssetsDefinition):
            return item.get_io_manager_key_for_asset_key(self.key)
        return getattr(item, "io_manager_key", None) or "io_manager"

    def to_asset_spec(self) -> AssetSpec:
        return self.spec

    @property
    def check_keys(self) -> set[AssetCheckKey]:
        return {k for k in self._graph.asset_check_keys if k.asset_key == self.key}


class AssetGraph:
    """The assets of Definitions by key, with what each follows from and what follows from it."""

    def __init__(self, definitions: Definitions) -> None:
        from treadle._definitions.to_core import Names

        self.definitions = definitions
        definitions._core()  # mistakes are found here
        names = Names.of(definitions._assets)
        self._nodes: dict[AssetKey, AssetNode] = {}
        self._children: dict[AssetKey, set[AssetKey]] = {}
        for item in definitions._assets:
            specs = names.resolved_specs(item)
            for spec in specs:
                self._nodes.setdefault(spec.key, AssetNode(self, spec, item))
        for node in list(self._nodes.values()):
            for parent in node.parent_keys:
                self._children.setdefault(parent, set()).add(node.key)
                if parent not in self._nodes:
                    self._nodes[parent] = AssetNode(self, SourceAsset(parent).to_spec(), None)

    @staticmethod
    def from_assets(assets: Iterable[Any]) -> AssetGraph:
        from treadle._definitions.definitions import Definitions

        return AssetGraph(Definitions(assets=list(assets)))

    def has(self, key: AssetKey) -> bool:
        return key in self._nodes

    def get(self, key: AssetKey) -> AssetNode:
        if key not in self._nodes:
            raise CheckError(f"Asset {key.to_user_string()} is not in this asset graph.")
        return self._nodes[key]

    @property
    def asset_nodes(self) -> Iterable[AssetNode]:
        return list(self._nodes.values())

    def get_all_asset_keys(self) -> set[AssetKey]:
        return set(self._nodes)

    def _keys(self, attribute: str) -> set[AssetKey]:
        return {k for k, n in self._nodes.items() if getattr(n, attribute)}

    @property
    def materializable_asset_keys(self) -> set[AssetKey]:
        return self._keys("is_materializable")

    @property
    def observable_asset_keys(self) -> set[AssetKey]:
        return self._keys("is_observable")

    @property
    def external_asset_keys(self) -> set[AssetKey]:
        return self._keys("is_external")

    @property
    def executable_asset_keys(self) -> set[AssetKey]:
        return self._keys("is_executable")

    @property
    def unexecutable_asset_keys(self) -> set[AssetKey]:
        return self.get_all_asset_keys() - self.executable_asset_keys

    @property
    def root_asset_keys(self) -> set[AssetKey]:
        return {k for k, n in self._nodes.items() if not n.parent_keys}

    @property
    def root_materializable_asset_keys(self) -> set[AssetKey]:
        made = self.materializable_asset_keys
        return {k for k in made if not self._nodes[k].parent_keys & made}

    @property
    def all_group_names(self) -> set[str]:
        return {n.group_name for n in self._nodes.values() if n.is_materializable}

    def asset_keys_for_group(self, group_name: str, require_materializable: bool = False) -> set[AssetKey]:
        keys = self.materializable_asset_keys if require_materializable else self._nodes
        return {k for k in keys if self._nodes[k].group_name == group_name}

    @property
    def asset_check_keys(self) -> set[AssetCheckKey]:
        found = (*self.definitions._assets, *self.definitions._asset_checks)
        return {c.key for a in found if isinstance(a, AssetsDefinition) for c in a._check_specs}

    @property
    def asset_dep_graph(self) -> Mapping[str, Mapping[AssetKey, set[AssetKey]]]:
        return {
            "upstream": {k: n.parent_keys for k, n in self._nodes.items()},
            "downstream": {k: n.child_keys for k, n in self._nodes.items()},
        }

    @property
    def toposorted_asset_keys(self) -> Sequence[AssetKey]:
        """What is followed from before what follows."""
        selected = self.definitions._core().select("with_external(*)", True)
        return [AssetKey.from_user_string(k) for k in selected]

    def get_ancestor_asset_keys(self, asset_key: AssetKey, include_self: bool = False) -> set[AssetKey]:
        found: set[AssetKey] = set()
        waiting = [asset_key]
        while waiting:
            for parent in self._nodes[waiting.pop()].parent_keys:
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found | {asset_key} if include_self else found
