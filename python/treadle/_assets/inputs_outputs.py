"""What a step reads and makes, as its definition holds it."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._assets.keys import AssetKey
    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.freshness import FreshnessPolicy


class Input:
    """One dependency of a step. `name` is the parameter that receives the value, "" when there is none."""

    __slots__ = ("by_name", "key", "manager_key", "metadata", "name", "partition_mapping", "type")

    def __init__(
        self,
        name: str,
        key: AssetKey,
        manager_key: str = "",
        metadata: Mapping[str, Any] | None = None,
        type: Any = None,
        by_name: bool = False,
        partition_mapping: Any = None,
    ) -> None:
        self.partition_mapping = partition_mapping
        self.name = name
        self.key = key
        self.manager_key = manager_key
        self.metadata = metadata
        self.type = type
        self.by_name = (
            by_name  # the key is only the parameter's name: an asset of that name with a prefix may be meant
        )


class AssetOutput:
    """One asset made by a step."""

    __slots__ = (
        "automation_condition",
        "code_version",
        "description",
        "follows_from",
        "freshness_policy",
        "group",
        "io_manager_key",
        "key",
        "metadata",
        "name",
        "owners",
        "partitions_def",
        "required",
        "stores_value",
        "tags",
        "type",
    )

    def __init__(
        self,
        name: str,
        key: AssetKey,
        group: str | None = None,
        description: str | None = None,
        owners: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        code_version: str | None = None,
        required: bool = True,
        stores_value: bool = True,
        io_manager_key: str = "io_manager",
        follows_from: Sequence[AssetKey] | None = None,
        type: Any = None,
        automation_condition: AutomationCondition | None = None,
        freshness_policy: FreshnessPolicy | None = None,
        partitions_def: Any = None,
    ) -> None:
        self.partitions_def = partitions_def
        self.name = name
        self.key = key
        self.group = group
        self.description = description
        self.owners = owners
        self.tags = tags
        self.metadata = metadata
        self.code_version = code_version
        self.required = required
        self.stores_value = stores_value
        self.io_manager_key = io_manager_key
        self.follows_from = follows_from
        self.type = type
        self.automation_condition = automation_condition
        self.freshness_policy = freshness_policy

    def copy(self, **changes: Any) -> AssetOutput:
        other = object.__new__(AssetOutput)
        for slot in AssetOutput.__slots__:
            setattr(other, slot, changes.get(slot, getattr(self, slot)))
        return other
