"""The base of the package's value classes: slots, comparison, hash and a readable repr, without the cost of
dataclasses.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, ClassVar

    from typing_extensions import Self


class Record:
    """Equal when of the same class with equal fields. Subclasses name their fields in `_fields` (their
    slots).
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{f}={getattr(self, f)!r}' for f in self._fields)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f) == getattr(other, f) for f in self._fields)

    def __hash__(self) -> int:
        return hash((type(self).__name__, *(_hashable(getattr(self, f)) for f in self._fields)))

    def _replace(self, **changes: Any) -> Self:
        """A copy with some fields changed; nothing is validated again."""
        copy = object.__new__(type(self))
        for field in self._fields:
            object.__setattr__(copy, field, changes.pop(field) if field in changes else getattr(self, field))
        if changes:
            raise TypeError(f"{type(self).__name__} has no field {next(iter(changes))!r}")
        return copy


def _hashable(value: object) -> object:
    if isinstance(value, dict):
        return frozenset((k, _hashable(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(v) for v in value)
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    return value
