"""What IO managers are told of the type of a value."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle._assets.definition import AssetsDefinition


class DagsterTypeRef:
    """A type as IO managers see it: its names, and the Python class when there is one."""

    __slots__ = ("display_name", "key", "typing_type")

    def __init__(self, display_name: str, typing_type: Any = None) -> None:
        self.display_name = display_name
        self.key = display_name
        self.typing_type = typing_type

    def __repr__(self) -> str:
        return f"DagsterType({self.display_name})"


def type_of_input(definition: AssetsDefinition | None, given: Any) -> DagsterTypeRef:
    from treadle._types.types import label_of, value_type

    if definition is None or given is None:
        return DagsterTypeRef("Any")
    check = value_type(given.type, getattr(definition._fn, "__globals__", {}))
    return DagsterTypeRef(label_of(check), check.python_type if check is not None else None)
