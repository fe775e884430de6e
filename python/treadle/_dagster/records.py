"""`@record` of `dagster._record`: a class of named values that do not change, given by keyword."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class ImportFrom:
    """Beside an annotation: where its names come from. Annotations are not evaluated here."""

    def __init__(self, module: str) -> None:
        self.module = module


class IHaveNew:
    """For a `record_custom` with a `__new__`: what that hands to `super().__new__` become its values."""

    def __new__(cls, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        _fill(made, kwargs)
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The values are set by `__new__`."""


def _fill(made: Any, values: Mapping[str, Any]) -> None:
    for field in dataclasses.fields(made):
        if field.name in values:
            value = values[field.name]
        elif field.default is not dataclasses.MISSING:
            value = field.default
        else:
            name = type(made).__name__
            raise TypeError(f"{name}.__new__() missing 1 required keyword-only argument: {field.name!r}")
        object.__setattr__(made, field.name, value)
    unknown = set(values) - {f.name for f in dataclasses.fields(made)}
    if unknown:
        name = type(made).__name__
        raise TypeError(f"{name}.__new__() got an unexpected keyword argument {min(unknown)!r}")


def _same(value: Any) -> Any:
    return value


def _make(cls: type[T], kw_only: bool, custom: bool) -> type[T]:
    # A list as a default is one value for all, as in a named tuple; a dataclass would refuse it.
    for name in vars(cls).get("__annotations__", {}):
        default = vars(cls).get(name)
        if isinstance(default, (list, dict, set)):
            setattr(cls, name, dataclasses.field(default_factory=partial(_same, default)))
    return dataclasses.dataclass(frozen=True, kw_only=kw_only, init=not custom, repr=True)(cls)


def record(cls: Any = None, *, checked: bool = True, kw_only: bool = True) -> Any:
    """A frozen class of the annotated values."""

    def make(decorated: Any) -> Any:
        return _make(decorated, kw_only, custom=False)

    return make if cls is None else make(cls)


def record_custom(
    cls: Any = None, *, checked: bool = True, field_to_new_mapping: Mapping[str, str] | None = None
) -> Any:
    """The same for a class (of `IHaveNew`) with a `__new__` of its own."""

    def make(decorated: Any) -> Any:
        made = _make(decorated, kw_only=True, custom=True)
        made.__field_remap__ = dict(field_to_new_mapping or {})
        return made

    return make if cls is None else make(cls)


def as_dict(obj: Any) -> dict[str, Any]:
    return {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}


def copy(record: T, **kwargs: Any) -> T:
    """The same values, these changed; the class's `__new__` is not asked."""
    made = object.__new__(type(record))
    for name, value in {**as_dict(record), **kwargs}.items():
        object.__setattr__(made, name, value)
    return made


def replace(obj: T, **kwargs: Any) -> T:
    """The same values, these changed, made anew."""
    names: Mapping[str, str] = getattr(type(obj), "__field_remap__", {})
    values = {names.get(name, name): value for name, value in as_dict(obj).items()}
    return type(obj)(**{**values, **kwargs})


class LegacyNamedTupleMixin:
    """Adds what named tuples have."""

    def _replace(self, **kwargs: Any) -> Any:
        return replace(self, **kwargs)

    def _asdict(self) -> dict[str, Any]:
        return as_dict(self)
