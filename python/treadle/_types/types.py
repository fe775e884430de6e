"""What annotations promise about values: plain classes, Optional, and lists, dicts, sets and tuples of those
are checked when a step runs, as Dagster does. Everything else means any value."""

from __future__ import annotations

from treadle._assets.signature import resolve
from treadle._assets.specs import NoValue
from treadle._events.wrappers import Json
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    # The part of the value that does not fit, and what it should have been; None when all of it fits.
    Misfit = tuple[object, str]


class _Sentence(str):
    """All that is to be said of a misfit."""

    __slots__ = ()


_LABELS = {"int": "Int", "float": "Float", "str": "String", "bool": "Bool"}
_WORDS = {"str": "string"}
_UnionType = type(int | None)


# Classes whose annotation means a DagsterType.
registered: dict[type, Any] = {}


class ValueType:
    """A type under Dagster's name for it, and whether values are of it."""

    __slots__ = ("_find", "label", "python_type")
    # Of a DagsterType: how a value is made from configuration.
    loader: Any = None

    def __init__(self, label: str, find: Callable[[Any], Misfit | None], python_type: Any) -> None:
        self.label = label
        self.python_type = python_type
        self._find = find

    def misfit(self, value: Any) -> str | None:
        """Why the value is not of this type, in words."""
        found = self._find(value.value if isinstance(value, Json) else value)
        if found is None:
            return None
        part, wanted = found
        if isinstance(wanted, _Sentence):
            return str(wanted)
        text = str(part)
        shown = text if len(text) <= 200 else text[:200] + "..."
        return f'Value "{shown}" of python type "{type(part).__name__}" must be a {wanted}.'


def value_type(annotation: Any, scope: Mapping[str, Any]) -> ValueType | None:
    """None when the annotation allows any value, or says something that is not checked."""
    if annotation is None or annotation is NoValue:
        return None
    resolved = resolve(annotation, scope)
    if hasattr(resolved, "_value_type"):
        return None if resolved.is_any else resolved._value_type
    if type(resolved).__name__ == "_Generic" and hasattr(resolved, "annotation"):
        resolved = resolved.annotation
    if registered and isinstance(resolved, type) and resolved in registered:
        return registered[resolved]._value_type  # type: ignore[no-any-return]
    origin = getattr(resolved, "__origin__", None)
    arguments = getattr(resolved, "__args__", ())
    if type(resolved) is _UnionType or str(origin) == "typing.Union":
        return _optional(arguments, scope)
    if origin in (list, set, frozenset):
        return _collection(origin, arguments, scope)
    if origin is dict:
        return _dict(arguments, scope)
    if origin is tuple:
        return _tuple(arguments, scope)
    if not isinstance(resolved, type) or origin is not None or resolved is object:
        return None
    return _plain(resolved)


def label_of(check: ValueType | None) -> str:
    return check.label if check is not None else "Any"


def _plain(cls: type) -> ValueType | None:
    if (
        cls.__module__ == "typing"
        or cls.__module__.startswith("treadle.")
        or getattr(cls, "_is_protocol", False)
    ):
        return None
    name = cls.__name__
    wanted = _WORDS.get(name, name)

    def find(value: Any) -> Misfit | None:
        try:
            if isinstance(value, cls):
                return None
        except TypeError:  # a class that cannot be asked: a TypedDict
            return None
        if cls is list or name in _LABELS:
            return (value, wanted)
        return (
            value,
            _Sentence(
                f"Value of type {type(value)} failed type check for Dagster type {name}, expected value to be"
                f" of Python type {name}."
            ),
        )

    label = "[Any]" if cls is list else _LABELS.get(name, name)
    return ValueType(label, find, cls)


def _optional(arguments: tuple[Any, ...], scope: Mapping[str, Any]) -> ValueType | None:
    others = [a for a in arguments if a is not type(None)]
    if len(others) != 1 or len(others) == len(arguments):
        return None
    inner = value_type(others[0], scope)
    if inner is None:
        return None
    find = inner._find
    return ValueType(f"{inner.label}?", lambda v: None if v is None else find(v), others[0])


def _items(find: Callable[[Any], Misfit | None], items: Any) -> Misfit | None:
    for item in items:
        found = find(item)
        if found is not None:
            return found
    return None


def _outer(cls: type) -> Callable[[Any], Misfit | None]:
    """Whether a value is a collection of this kind, before its items are looked at."""

    def find(value: Any) -> Misfit | None:
        if isinstance(value, cls):
            return None
        name = cls.__name__
        if cls is list:
            return (value, name)
        # Dagster leaves out the space of sets.
        return (value, _Sentence(f"Value should be a {name}, got a{'' if cls is set else ' '}{type(value)}"))

    return find


def _collection(origin: type, arguments: tuple[Any, ...], scope: Mapping[str, Any]) -> ValueType | None:
    outer = _plain(origin)
    inner = value_type(arguments[0], scope) if len(arguments) == 1 else None
    if outer is None:
        return None
    label = f"[{label_of(inner)}]" if origin is list else f"{origin.__name__.capitalize()}[{label_of(inner)}]"
    is_outer = _outer(origin)
    if inner is None:
        return ValueType(label, is_outer, origin)
    find = inner._find
    return ValueType(label, lambda v: is_outer(v) or _items(find, v), origin)


def _dict(arguments: tuple[Any, ...], scope: Mapping[str, Any]) -> ValueType | None:
    outer = _plain(dict)
    if outer is None or len(arguments) != 2:
        return outer
    keys, values = value_type(arguments[0], scope), value_type(arguments[1], scope)
    is_dict = _outer(dict)

    def find(value: Any) -> Misfit | None:
        found = is_dict(value)
        if found is None and keys is not None:
            found = _items(keys._find, value)
        if found is None and values is not None:
            found = _items(values._find, value.values())
        return found

    return ValueType(f"Dict[{label_of(keys)},{label_of(values)}]", find, dict)


def _tuple(arguments: tuple[Any, ...], scope: Mapping[str, Any]) -> ValueType | None:
    outer = _plain(tuple)
    if outer is None or not arguments or ... in arguments:
        return outer
    parts = [value_type(a, scope) for a in arguments]
    is_tuple = _outer(tuple)

    def find(value: Any) -> Misfit | None:
        found = is_tuple(value)
        if found is None and len(value) != len(parts):
            key = ".".join(map(label_of, parts))
            return (
                value,
                _Sentence(
                    f"Tuple with key TypedPythonTuple{key} requires {len(parts)} entries, received"
                    f" {len(value)} values"
                ),
            )
        for item, part in zip(value, parts) if found is None else ():
            found = part._find(item) if part is not None else None
            if found is not None:
                return found
        return found

    return ValueType(f"Tuple[{','.join(map(label_of, parts))}]", find, tuple)
