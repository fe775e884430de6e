"""Config types: what a configuration may say. The check of what it says is the core's (src/define)."""

from __future__ import annotations

from treadle._errors import CheckError, ParameterCheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any as AnyValue

    from treadle import _core
    from treadle._config.fields import Field


class ConfigType:
    """Base of all config types. `kind` is one of Any, Bool, Int, Float, String, Shape, Permissive, Selector,
    Array, Map, Enum, Noneable, ScalarUnion.
    """

    kind = "Any"

    def __init__(self, key: str, given_name: str | None = None, description: str | None = None) -> None:
        self._key = key
        self.given_name = given_name
        self._description = description
        self._core_type: _core.ConfigType | None = None

    @property
    def key(self) -> str:
        return self._key

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def core(self) -> _core.ConfigType:
        """The same in the core; made when first needed."""
        if self._core_type is None:
            self._core_type = self._make_core()
        return self._core_type

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.plain(self.key)

    def type_iterator(self) -> Iterable[ConfigType]:
        yield self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


class _Scalar(ConfigType):
    def __init__(self, kind: str) -> None:
        super().__init__(kind, kind, "")
        self.kind = kind


class Noneable(ConfigType):
    """A value of the inner type, or None."""

    kind = "Noneable"

    def __init__(self, inner_type: AnyValue) -> None:
        from treadle._config.fields import config_type

        self.inner_type = config_type(inner_type)
        super().__init__("")

    @property
    def key(self) -> str:
        return f"Noneable.{self.inner_type.key}"

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.noneable(self.inner_type.core)

    def type_iterator(self) -> Iterable[ConfigType]:
        yield from self.inner_type.type_iterator()
        yield self


class Array(ConfigType):
    """A list of values of the inner type."""

    kind = "Array"

    def __init__(self, inner_type: AnyValue) -> None:
        from treadle._config.fields import config_type

        self.inner_type = config_type(inner_type)
        super().__init__("")

    @property
    def key(self) -> str:
        return f"Array.{self.inner_type.key}"

    @property
    def description(self) -> str:
        return f"List of {self.key}"

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.array(self.inner_type.core)

    def type_iterator(self) -> Iterable[ConfigType]:
        yield from self.inner_type.type_iterator()
        yield self


class Map(ConfigType):
    """A dictionary from any keys of a scalar type to values of one type."""

    kind = "Map"

    def __init__(self, key_type: AnyValue, inner_type: AnyValue, key_label_name: str | None = None) -> None:
        from treadle._config.fields import config_type

        self.key_type = config_type(key_type)
        self.inner_type = config_type(inner_type)
        if not isinstance(self.key_type, _Scalar):
            raise ParameterCheckError(
                "Invariant violation for parameter key_type. Description: Key type must be a scalar"
            )
        super().__init__("", key_label_name)

    @property
    def key(self) -> str:
        label = f":name: {self.given_name}" if self.given_name else ""
        return f"Map.{self.key_type.key}.{self.inner_type.key}{label}"

    @property
    def key_label_name(self) -> str | None:
        return self.given_name

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.map(self.key_type.core, self.inner_type.core, self.given_name or "")

    def type_iterator(self) -> Iterable[ConfigType]:
        yield from self.key_type.type_iterator()
        yield from self.inner_type.type_iterator()
        yield self


class EnumValue:
    """One value of an Enum: how configuration writes it, and what functions see."""

    def __init__(
        self, config_value: str, python_value: object | None = None, description: str | None = None
    ) -> None:
        if not isinstance(config_value, str):
            raise ParameterCheckError(
                f'Param "config_value" is not a str. Got {config_value!r} which is type {type(config_value)}.'
            )
        self.config_value = config_value
        self.python_value = config_value if python_value is None else python_value
        self.description = description


class Enum(ConfigType):
    """One of a few names."""

    kind = "Enum"

    def __init__(self, name: str, enum_values: Sequence[EnumValue]) -> None:
        super().__init__(name, name)
        self.enum_values = list(enum_values)
        names = {v.config_value for v in self.enum_values}
        if len(names) != len(self.enum_values) or _has_twice([v.python_value for v in self.enum_values]):
            raise CheckError(
                f"Invariant failed. Description: the values of the enum {name!r} are not unique."
            )

    @property
    def config_values(self) -> list[str]:
        return [v.config_value for v in self.enum_values]

    @classmethod
    def from_python_enum(cls, enum: AnyValue, name: str | None = None) -> Enum:
        """The members' names; functions see the members."""
        return cls(name or enum.__name__, [EnumValue(v.name, v) for v in enum])

    @classmethod
    def from_python_enum_direct_values(cls, enum: AnyValue, name: str | None = None) -> Enum:
        """The members' names; functions see their values."""
        return cls(name or enum.__name__, [EnumValue(v.name, v.value) for v in enum])

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.enum(
            self.key, [(v.config_value, v.python_value, v.description or "") for v in self.enum_values]
        )


def _has_twice(values: list[object]) -> bool:
    return any(v == w for i, v in enumerate(values) for w in values[:i])


class ScalarUnion(ConfigType):
    """A scalar, or a dictionary or list."""

    kind = "ScalarUnion"

    def __init__(self, scalar_type: AnyValue, non_scalar_schema: AnyValue, _key: str | None = None) -> None:
        from treadle._config.fields import config_type

        self.scalar_type = config_type(scalar_type)
        self.non_scalar_type = config_type(non_scalar_schema)
        if not isinstance(self.scalar_type, _Scalar):
            raise ParameterCheckError("Invariant violation for parameter scalar_type.")
        if self.non_scalar_type.kind not in ("Shape", "Selector", "Array"):
            raise ParameterCheckError("Invariant violation for parameter non_scalar_type.")
        super().__init__(_key or "")

    @property
    def key(self) -> str:
        return self._key or f"ScalarUnion.{self.scalar_type.key}-{self.non_scalar_type.key}"

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.union(self.scalar_type.core, self.non_scalar_type.core)

    def type_iterator(self) -> Iterable[ConfigType]:
        yield from self.scalar_type.type_iterator()
        yield from self.non_scalar_type.type_iterator()
        yield self


class _Source(ScalarUnion):
    """A scalar, or {"env": NAME}: the value of an environment variable."""

    def __init__(self, name: str, scalar: AnyValue) -> None:
        super().__init__(scalar, Selector({"env": str}), f"{name}Type")
        self._name = name

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        return _core.ConfigType.plain(self._name)


class _HasFields(ConfigType):
    fields: Mapping[str, Field]
    field_aliases: Mapping[str, str]

    def __init__(
        self, fields: AnyValue, description: str | None = None, field_aliases: Mapping[str, str] | None = None
    ) -> None:
        from treadle._config.fields import expand_fields

        self.fields = expand_fields(fields or {})
        self.field_aliases = dict(field_aliases or {})
        super().__init__("", description=description)

    @property
    def key(self) -> str:
        """The same for types that mean the same."""
        import hashlib

        said = [f"description: {self._description}"] if self._description else []
        for name in sorted(self.fields):
            f = self.fields[name]
            default = repr(f.default_value) if f.default_provided else "@"
            said.append(f"{name}: {f.config_type.key} {default} {f.is_required} {f.description}")
        said.extend(f"{k} = {v}" for k, v in sorted(self.field_aliases.items()))
        return f"{self.kind}.{hashlib.sha1(chr(0).join(said).encode(), usedforsecurity=False).hexdigest()}"

    def _make_core(self) -> _core.ConfigType:
        from treadle import _core

        aliases = self.field_aliases
        return _core.ConfigType.fields(
            self.kind,
            [f._told(name, aliases.get(name, "")) for name, f in self.fields.items()],
            self._description or "",
        )

    def type_iterator(self) -> Iterable[ConfigType]:
        for field in self.fields.values():
            yield from field.config_type.type_iterator()
        yield self


class Shape(_HasFields):
    """A dictionary with these fields and no others."""

    kind = "Shape"


class Permissive(_HasFields):
    """A dictionary with these fields, and any others."""

    kind = "Permissive"

    def __init__(self, fields: AnyValue = None, description: str | None = None) -> None:
        super().__init__(fields, description)

    @property
    def key(self) -> str:
        return super().key if self.fields else "Permissive"


class Selector(_HasFields):
    """A dictionary with exactly one of these fields."""

    kind = "Selector"

    def __init__(self, fields: AnyValue, description: str | None = None) -> None:
        super().__init__(fields, description)


ANY = ConfigType("Any", "Any")
BOOL, INT, FLOAT, STRING = (_Scalar(name) for name in ("Bool", "Int", "Float", "String"))
_made: dict[str, ConfigType] = {}


def __getattr__(name: str) -> ConfigType:
    """The sources are made when first asked for: they have fields."""
    scalars: dict[str, AnyValue] = {"StringSource": str, "IntSource": int, "BoolSource": bool}
    if name not in scalars:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _made:
        _made[name] = _Source(name, scalars[name])
    return _made[name]
