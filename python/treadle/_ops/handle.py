"""NodeHandle: where a node is in the graphs of a job."""

from __future__ import annotations

from treadle._errors import CheckError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class NodeHandle(Record):
    """The name of a node in its graph, and the handle of the node that this graph is; None at the top.
    Written "outer.inner".
    """

    __slots__ = _fields = ("name", "parent")
    name: str
    parent: NodeHandle | None

    def __init__(self, name: str, parent: NodeHandle | None) -> None:
        self.name = name
        self.parent = parent

    def __str__(self) -> str:
        return ".".join(self.path)

    def to_string(self) -> str:
        return str(self)

    @property
    def root(self) -> NodeHandle:
        return self.parent.root if self.parent is not None else self

    @property
    def path(self) -> Sequence[str]:
        """The names from the top down."""
        return [*(self.parent.path if self.parent is not None else ()), self.name]

    @staticmethod
    def from_path(path: Sequence[str]) -> NodeHandle:
        handle: NodeHandle | None = None
        for name in path:
            handle = NodeHandle(name, handle)
        if handle is None:
            raise CheckError("Invariant failed. Description: Cannot build a NodeHandle of an empty path.")
        return handle

    @staticmethod
    def from_string(handle_str: str) -> NodeHandle:
        return NodeHandle.from_path(handle_str.split("."))

    @staticmethod
    def from_dict(dict_repr: Mapping[str, Any]) -> NodeHandle:
        """Of what `_asdict` gives, also after it went through JSON."""
        name, parent = dict_repr["name"], dict_repr["parent"]
        if isinstance(parent, (list, tuple)):
            parent = dict(zip(("name", "parent"), parent))
        return NodeHandle(name, NodeHandle.from_dict(parent) if parent else None)

    def _asdict(self) -> dict[str, Any]:
        return {"name": self.name, "parent": self.parent}

    def is_or_descends_from(self, handle: NodeHandle) -> bool:
        return list(self.path[: len(handle.path)]) == list(handle.path)

    def pop(self) -> NodeHandle | None:
        """The same without its first name."""
        return None if self.parent is None else NodeHandle.from_path(self.path[1:])

    def pop_ancestor(self, ancestor: NodeHandle) -> NodeHandle:
        """The same as seen from inside of that graph."""
        if not self.is_or_descends_from(ancestor):
            raise CheckError(f"Invariant failed. Description: Handle {self} does not descend from {ancestor}")
        return NodeHandle.from_path(self.path[len(ancestor.path) :])

    def with_child(self, child: NodeHandle | None) -> NodeHandle:
        return self if child is None else NodeHandle.from_path([*self.path, *child.path])

    def with_ancestor(self, ancestor: NodeHandle | None) -> NodeHandle:
        return self if ancestor is None else ancestor.with_child(self)
