"""Field, and what may stand for a config type: Python types, dictionaries, lists of one."""

from __future__ import annotations

from treadle._config import types
from treadle._config.env import as_config, is_env_var
from treadle._errors import (
    CheckError,
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class _NoDefault:
    def __repr__(self) -> str:
        return "<no default>"


FIELD_NO_DEFAULT_PROVIDED: Any = _NoDefault()

_VALID = """
1. A Python primitive type that resolve to dagster config
   types: int, float, bool, str.

2. A dagster config type: Int, Float, Bool, String, StringSource, Path, Any,
   Array, Noneable, Selector, Shape, Permissive, etc.

3. A bare python dictionary, which is wrapped in Shape. Any
   values in the dictionary get resolved by the same rules, recursively.

4. A bare python list of length one which itself is config type.
   Becomes Array with list element as an argument.
"""
_BY_NAME = {
    "Any": types.ANY,
    "Bool": types.BOOL,
    "Int": types.INT,
    "Float": types.FLOAT,
    "String": types.STRING,
}
_LISTS = "Please use a python list (e.g. [int]) or dagster.Array (e.g. Array(int)) instead."


class Field:
    """A field of a configuration: its type, and whether it must be said."""

    __slots__ = ("_default", "_description", "_is_required", "_is_secret", "config_type")

    def __init__(
        self,
        config: Any,
        default_value: Any = FIELD_NO_DEFAULT_PROVIDED,
        is_required: bool | None = None,
        description: str | None = None,
        is_secret: bool = False,
    ) -> None:
        found = resolve_to_config_type(config)
        if found is False:
            raise DagsterInvalidDefinitionError(
                f"Attempted to pass {config!r} to a Field that expects a valid dagster type usable in config"
                " (e.g. Dict, Int, String et al)."
            )
        self.config_type: types.ConfigType = found
        self._description = description
        self._is_secret = is_secret
        given = default_value is not FIELD_NO_DEFAULT_PROVIDED
        if given and callable(default_value):
            raise ParameterCheckError(
                "Invariant violation for parameter default_value. Description: default_value cannot be a"
                " callable"
            )
        if given and is_required is True:
            raise ParameterCheckError(
                "Invariant violation for parameter default_value. Description: required arguments should not"
                " specify default values"
            )
        if is_env_var(default_value):
            default_value = as_config(default_value)
        if given and self.config_type.kind == "Enum":
            self._check_enum_default(default_value)
        if not given and is_required is not None:
            self._default, self._is_required = FIELD_NO_DEFAULT_PROVIDED, is_required
            return
        if not given and not isinstance(self.config_type, (types.Noneable, types._HasFields)):
            self._default, self._is_required = FIELD_NO_DEFAULT_PROVIDED, True
            return
        errors, required, has_default, default = self.config_type.core.resolve_field(
            given, default_value if given else None, is_required
        )
        if errors:
            raise DagsterInvalidConfigError(
                "Invalid default_value for Field. Ensure all required config entries are provided and all"
                " values"
                " match the expected types.",
                errors,
                default_value,
            )
        self._is_required = required
        self._default = default_value if given else default if has_default else FIELD_NO_DEFAULT_PROVIDED

    def _check_enum_default(self, default: object) -> None:
        import sys

        enum = sys.modules.get("enum")
        if enum is not None and isinstance(default, enum.Enum):
            declared: Any = self.config_type
            raise DagsterInvalidDefinitionError(
                "You have passed into a python enum value as the default value into of a config enum type"
                f" {self.config_type.given_name}. You must pass in the underlying string represention as the"
                f" default value. One of {declared.config_values}."
            )

    @property
    def is_required(self) -> bool:
        return self._is_required

    @property
    def default_provided(self) -> bool:
        return self._default is not FIELD_NO_DEFAULT_PROVIDED

    @property
    def default_value(self) -> Any:
        if not self.default_provided:
            raise CheckError("Invariant failed. Description: Asking for default value when none was provided")
        return self._default

    @property
    def default_value_as_json_str(self) -> str:
        import json

        return json.dumps(self.default_value, default=repr)

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def is_secret(self) -> bool:
        return self._is_secret

    def _told(self, name: str, alias: str) -> tuple[Any, ...]:
        """For the core."""
        given = self.default_provided
        default = self._default if given else None
        return (
            name,
            self.config_type.core,
            self._is_required,
            given,
            default,
            self._description or "",
            self._is_secret,
            alias,
        )

    def __repr__(self) -> str:
        default = self._default if self.default_provided else "@"
        return f"Field({self.config_type!r}, default={default}, is_required={self._is_required})"


def config_type(obj: Any) -> types.ConfigType:
    """What an object means as a config type. Raises DagsterInvalidDefinitionError when it means none."""
    found = resolve_to_config_type(obj)
    if found is False:
        raise DagsterInvalidDefinitionError(f"{obj!r} is no config type. Valid config values are:\n{_VALID}")
    made: types.ConfigType = found
    return made


def resolve_to_config_type(obj: Any) -> Any:
    """The config type that an object stands for; False when it stands for none."""
    if isinstance(obj, types.ConfigType):
        return obj
    if isinstance(obj, dict):
        return _of_dict(obj)
    if isinstance(obj, list):
        if len(obj) != 1:
            raise DagsterInvalidDefinitionError("Array specifications must only be of length 1")
        inner = resolve_to_config_type(obj[0])
        if inner is False:
            raise DagsterInvalidDefinitionError(
                f"Invalid member of array specification: {obj[0]!r} in list {obj}"
            )
        return types.Array(inner)
    if obj is None:
        return types.ANY
    if getattr(obj, "__module__", "") == "typing" and repr(obj) == "typing.Any":
        return types.ANY
    if isinstance(obj, type):
        known = _of_class(obj)
        if known is not None:
            return known
    named = getattr(obj, "_treadle_config_type", None)  # dg.Int and its kin
    return _refused(obj) if named is None else _BY_NAME[named]


def _of_class(obj: type) -> types.ConfigType | None:
    if obj is int:
        return types.INT
    if obj is float:
        return types.FLOAT
    if obj is bool:
        return types.BOOL
    if obj is str:
        return types.STRING
    if obj is list:
        return types.Array(types.ANY)
    if obj is dict:
        return types.Permissive()
    if issubclass(obj, types.ConfigType):
        raise ParameterCheckError(
            "Invariant violation for parameter dagster_type. Description: Cannot pass config type class"
            f" {obj} to resolve_to_config_type. This error usually occurs when you pass a dagster config type"
            ' class instead of a class instance into another dagster config type. E.g. "Noneable(Permissive)"'
            ' should instead be "Noneable(Permissive())".'
        )
    return None


def _of_dict(obj: dict[Any, Any]) -> types.ConfigType:
    """{type: value} is a map, any other dictionary a shape."""
    if len(obj) == 1:
        key = next(iter(obj))
        if not isinstance(key, str):
            key_type = resolve_to_config_type(key)
            if key_type is False:
                raise DagsterInvalidDefinitionError(f"Invalid key in map specification: {key!r} in map {obj}")
            if not isinstance(key_type, types._Scalar):
                raise DagsterInvalidDefinitionError(
                    f"Non-scalar key in map specification: {key!r} in map {obj}"
                )
            inner = resolve_to_config_type(obj[key])
            if inner is False:
                raise DagsterInvalidDefinitionError(
                    f"Invalid value in map specification: {obj[key]!r} in map {obj}"
                )
            return types.Map(key_type, inner)
    return types.Shape(obj)


def _refused(obj: Any) -> bool:
    """The mistakes that Dagster has a sentence of its own for."""
    module = getattr(type(obj), "__module__", "")
    union = "Union" in type(obj).__name__ or "Union" in str(getattr(obj, "__origin__", ""))
    if union and type(None) not in getattr(obj, "__args__", ()):
        return False
    if module in ("typing", "types") and (union or hasattr(obj, "__origin__")):
        if type(None) in getattr(obj, "__args__", ()):
            raise DagsterInvalidDefinitionError(
                "Cannot use typing.Optional as a config type. If you want this field to be optional, please"
                " use"
                " Field(<type>, is_required=False), and if you want this field to be required, but accept a"
                " value of None, use dagster.Noneable(<type>)."
            )
        raise DagsterInvalidDefinitionError(
            f"You have passed in {obj} to the config system. Types from the typing module in python are not"
            " allowed in the config system. You must use types that are imported from dagster or primitive"
            " types such as bool, int, etc."
        )
    name = getattr(obj, "display_name", None)
    if module.startswith("treadle._types") and isinstance(name, str):
        for generic in ("List", "Set", "Tuple"):
            if type(obj).__name__.strip("_").startswith(generic) or name == generic:
                place = "config" if generic == "List" else "a config field"
                raise DagsterInvalidDefinitionError(
                    f"Cannot use {generic} in the context of {place}. {_LISTS}"
                )
        raise DagsterInvalidDefinitionError(
            f"You have passed an instance of DagsterType {name} to the config system (Repr of type: {obj!r})."
            f" The DagsterType and config schema systems are separate. Valid config values are:\n{_VALID}"
        )
    return False


# --- fields from what stands for them


def expand_fields(fields: Mapping[str, Any]) -> dict[str, Field]:
    if not isinstance(fields, dict) and not hasattr(fields, "items"):
        raise CheckError(f'Param "fields" is not a Mapping. Got {fields!r} which is type {type(fields)}.')
    return {name: _field(fields, value, [name]) for name, value in fields.items()}


def convert_potential_field(potential: Any) -> Field:
    """A Field, or the field of what stands for a type."""
    return _field(potential, potential, [])


def _field(root: Any, value: Any, stack: list[str]) -> Field:
    if isinstance(value, Field):
        return value
    if value is None:
        raise DagsterInvalidConfigDefinitionError(root, value, stack, reason="Fields cannot be None")
    found = _type(root, value, stack)
    if found is False:
        raise DagsterInvalidConfigDefinitionError(root, value, stack)
    return Field(found)


def _type(root: Any, value: Any, stack: list[str]) -> Any:
    if isinstance(value, dict):
        if len(value) == 1:
            key = next(iter(value))
            if not isinstance(key, str) and _type(root, key, stack) is not False:
                return _map(root, value, key, stack)
        return types.Shape({name: _field(root, v, [*stack, name]) for name, v in value.items()})
    if isinstance(value, list):
        if len(value) != 1:
            raise DagsterInvalidConfigDefinitionError(root, value, stack, "List must be of length 1")
        inner = _type(root, value[0], stack)
        if inner is False:
            raise DagsterInvalidConfigDefinitionError(
                root,
                value,
                stack,
                f"List have a single item and contain a valid type i.e. [int]. Got item {value[0]!r}",
            )
        return types.Array(inner)
    return resolve_to_config_type(value)


def _map(root: Any, value: dict[Any, Any], key: Any, stack: list[str]) -> types.Map:
    key_type = _type(root, key, stack)
    if not isinstance(key_type, types._Scalar):
        raise DagsterInvalidConfigDefinitionError(
            root, value, stack, f"Map dict must have a scalar type as its only key. Got key {key!r}"
        )
    inner = _type(root, value[key], stack)
    if inner is False:
        raise DagsterInvalidConfigDefinitionError(
            root,
            value,
            stack,
            f"Map must have a single value and contain a valid type i.e. {{str: int}}. Got item"
            f" {value[key]!r}",
        )
    return types.Map(key_type, inner)
