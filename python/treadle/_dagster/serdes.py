"""`serialize_value` and `deserialize_value`: values of the package as text and back.

The text is JSON in which a value says its class: `{"__class__": "AssetKey", "path": ["a"]}`. What can be
written are plain values, enums, keys of assets and the package's value classes (Record) made of such.
"""

from __future__ import annotations

import json
from enum import Enum

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._errors import CheckError, DagsterError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class SerializationError(DagsterError):
    """A value of a class that has no text; the message names it and where it was found."""


class DeserializationError(DagsterError):
    """A text that is none of `serialize_value`."""


def serialize_value(val: Any, **json_kwargs: Any) -> str:
    return json.dumps(_packed(val, ""), sort_keys=True, **json_kwargs)


def deserialize_value(val: str, as_type: Any = None) -> Any:
    """`as_type`: a class, or a tuple of them, that the value must be of."""
    try:
        found = _unpacked(json.loads(val))
    except (ValueError, KeyError, TypeError) as e:
        raise DeserializationError(f"Deserialized value was not expected: {e}") from e
    if as_type is not None and not isinstance(found, as_type):
        raise DeserializationError(f"Deserialized object was not expected type {as_type}, got {type(found)}")
    return found


def _packed(value: Any, place: str) -> Any:
    if isinstance(value, Enum):
        return {"__enum__": f"{type(value).__name__}.{value.name}"}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return [_packed(one, f"{place}[{index}]") for index, one in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        name = "__set__" if isinstance(value, set) else "__frozenset__"
        return {name: sorted((_packed(one, place) for one in value), key=str)}
    if isinstance(value, AssetKey):
        return {"__class__": "AssetKey", "path": list(value.path)}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _packed(one, f"{place}.{key}") for key, one in value.items()}
        items = [[_packed(k, place), _packed(v, place)] for k, v in value.items()]
        return {"__mapping_items__": items}
    if isinstance(value, (AssetCheckKey, Record)) and _fields(type(value)):
        fields = {name: _packed(getattr(value, name), f"{place}.{name}") for name in _fields(type(value))}
        return {"__class__": type(value).__name__, **fields}
    raise SerializationError(
        f"Unhandled value type {type(value)}: it cannot be serialized."
        + (f" It was found at {place.lstrip('.')}." if place.strip(".") else "")
    )


def _fields(cls: type) -> tuple[str, ...]:
    return tuple(getattr(cls, "_fields", ()) or getattr(cls, "__slots__", ()))


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "__enum__" in value:
        name, _, member = value["__enum__"].partition(".")
        return _class(name)[member]
    if "__set__" in value:
        return {_unpacked(one) for one in value["__set__"]}
    if "__frozenset__" in value:
        return frozenset(_unpacked(one) for one in value["__frozenset__"])
    if "__mapping_items__" in value:
        return {_unpacked(k): _unpacked(v) for k, v in value["__mapping_items__"]}
    rest = {key: _unpacked(one) for key, one in value.items() if key != "__class__"}
    if "__class__" not in value:
        return rest
    cls = _class(value["__class__"])
    if cls is AssetKey:
        return AssetKey(rest["path"])
    made = object.__new__(cls)
    for name in _fields(cls):
        object.__setattr__(made, name, rest[name])
    return made


def _class(name: str) -> Any:
    import treadle

    if name in treadle.__all__:
        return getattr(treadle, name)
    found = next((c for c in _classes(Record) if c.__name__ == name), None)
    if found is not None:
        return found
    raise CheckError(f"Attempted to deserialize {name!r}, which is no class that has a text.")


def _classes(base: type) -> Iterator[type]:
    cls: type
    for cls in base.__subclasses__():
        yield cls
        yield from _classes(cls)
