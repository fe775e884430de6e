"""What a job of assets is made of, as `job.graph` and `job.nodes` say it."""

from __future__ import annotations

from treadle._errors import DagsterInvariantViolationError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from treadle._assets.definition import AssetsDefinition


class AssetNode(Record):
    """One step of a job of assets: its name and the op that it runs."""

    __slots__ = _fields = ("name", "definition")
    name: str
    definition: Any

    def __init__(self, name: str, definition: Any) -> None:
        self.name = name
        self.definition = definition


class AssetJobGraph:
    """The steps of a job of assets. Wired by asset keys, not by their names."""

    def __init__(self, name: str, steps: Iterable[AssetsDefinition]) -> None:
        self.name = name
        self.node_dict: Mapping[str, AssetNode] = {s._name: AssetNode(s._name, s.node_def) for s in steps}

    def __repr__(self) -> str:
        return f"<GraphDefinition {self.name!r} of {len(self.node_dict)} assets' ops>"

    @property
    def nodes(self) -> Sequence[AssetNode]:
        return list(self.node_dict.values())

    @property
    def node_defs(self) -> Sequence[Any]:
        return [node.definition for node in self.nodes]

    def has_node_named(self, name: str) -> bool:
        return name in self.node_dict

    def node_named(self, name: str) -> AssetNode:
        if name not in self.node_dict:
            raise DagsterInvariantViolationError(f"{self.name} has no op named {name}.")
        return self.node_dict[name]

    def node_def_named(self, name: str) -> Any:
        return self.node_named(name).definition
