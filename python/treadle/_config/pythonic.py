"""Config classes: configuration declared as pydantic models. Importing this module imports pydantic."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

try:
    from pydantic import BaseModel, ConfigDict
    from pydantic._internal._model_construction import ModelMetaclass
    from pydantic_core import PydanticUndefined
except ImportError as e:  # pragma: no cover - without pydantic the rest of the package works
    raise ImportError(
        "Config classes and configurable resources are pydantic models: pip install 'pydantic>=2.5'."
        " Everything"
        " else works without it; a config_schema (dg.Field, a dictionary of types) and @dg.resource need no"
        " package."
    ) from e

from treadle._config.env import EnvVar, IntEnvVar
from treadle._errors import (
    CheckError,
    DagsterInvalidDagsterTypeInPythonicConfigDefinitionError,
    DagsterInvalidInvocationError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from treadle._config.definition import DefinitionConfigSchema
    from treadle._config.fields import Field

_Enum: Any = __import__("enum").Enum


class ConfigMeta(ModelMetaclass):
    """Refuses DagsterTypes as annotations before pydantic meets them."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        for field, annotation in namespace.get("__annotations__", {}).items():
            if getattr(annotation, "_treadle_dagster_type", False):
                raise DagsterInvalidDagsterTypeInPythonicConfigDefinitionError(name, field)
        return super().__new__(mcs, name, bases, namespace, **kwargs)


class Config(BaseModel, metaclass=ConfigMeta):
    """The configuration of a function, as a class: a parameter `config: MyConfig` receives an object of it,
    made of what the run's configuration says.

    class Training(dg.Config):
        trees: int = 100
        rate: float = pydantic.Field(0.1, gt=0, description="How fast it learns.")
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, ignored_types=(cached_property,))

    def __init__(self, **config_dict: Any) -> None:
        """Takes fields as Python has them and as run configuration writes them: a member of a discriminated
        union as {"its name": {...}}, a member of an enum by its name.
        """
        fields = type(self).model_fields
        by_config_key = {f.alias or key: (key, f) for key, f in fields.items()}
        given: dict[str, Any] = {}
        for config_key, value in config_dict.items():
            key, field = by_config_key.get(config_key, (config_key, None))
            if field is None:
                given[config_key] = value
            elif field.discriminator:
                given[config_key] = _union_member(str(field.discriminator), value)
            elif _is_enum_name(field.annotation, value):
                given[config_key] = field.annotation.__members__[value].value  # type: ignore[union-attr]
            elif is_config_class(field.annotation) and isinstance(value, dict):
                given[config_key] = field.annotation._said(value)  # type: ignore[union-attr]
            else:
                given[config_key] = value
        for key, field in fields.items():
            config_key = field.alias or key
            if field.is_required() and config_key not in given and _may_be_none(field.annotation):
                given[config_key] = None
        super().__init__(**given)
        by_key = {by_config_key[k][0] if k in by_config_key else k: v for k, v in given.items()}
        for key in self.__dict__.keys() & by_key.keys():
            self.__dict__[key] = _with_env_vars(self.__dict__[key], by_key[key])

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except (TypeError, ValueError) as e:
            raise self._no_assignment(e) from e

    def _no_assignment(self, error: Exception) -> Exception:
        cls, what, instead = type(self).__name__, self._kind(), self._keeps_state_by()
        if "Instance is frozen" in str(error):
            return DagsterInvalidInvocationError(
                f"'{cls}' is a Pythonic {what} and does not support item assignment, as it inherits from"
                f" 'pydantic.BaseModel' with frozen=True.{instead}"
            )
        missing = re.search(r"object has no field \"(.*)\"", str(error))
        if missing:
            return DagsterInvalidInvocationError(
                f"'{cls}' is a Pythonic {what} and does not support manipulating undeclared attribute"
                f" '{missing.group(1)}' as it inherits from 'pydantic.BaseModel' without"
                f' extra="allow".{instead}'
            )
        return error

    @classmethod
    def _kind(cls) -> str:
        return "config class"

    @classmethod
    def _keeps_state_by(cls) -> str:
        return ""

    def _convert_to_config_dictionary(self) -> dict[str, Any]:
        """As run configuration writes it."""
        fields = type(self).model_fields
        by_config_key = {f.alias or key: f for key, f in fields.items()}
        return {k: config_value(by_config_key.get(k), v) for k, v in self._said(dict(self), True).items()}

    @classmethod
    def _said(cls, items: Mapping[str, Any], keep_defaults: bool = False) -> dict[str, Any]:
        """By the names of configuration, without fields at their default (or, keeping those, without
        None).
        """
        said = {}
        for key, value in items.items():
            field = cls.model_fields.get(key)
            if field is None:
                said[key] = value
                continue
            if not (keep_defaults and value is not None):
                always = is_literal(field.annotation) or is_subclass(field.annotation, _Enum)
                if not always and _same(value, field.default):
                    continue
            said[field.alias or key] = value
        return said

    @classmethod
    def to_config_schema(cls) -> DefinitionConfigSchema:
        """The config schema that the class comes to."""
        from treadle._config.conversion import field_of_class
        from treadle._config.definition import DefinitionConfigSchema

        return DefinitionConfigSchema(field_of_class(cls))

    @classmethod
    def to_fields_dict(cls) -> dict[str, Field]:
        """The same as a dictionary of dg.Field, for definitions that want one."""
        shape: Any = cls.to_config_schema().as_field().config_type
        return dict(shape.fields)


class PermissiveConfig(Config):
    """A Config that takes other fields, too; they are attributes, and in `model_dump()`."""

    model_config = ConfigDict(extra="allow")


# --- values


def _union_member(discriminator: str, value: Any) -> Any:
    """What pydantic takes for a member of a discriminated union."""
    if isinstance(value, Config):
        value = _as_selector(discriminator, value._said(dict(value)))
    if not isinstance(value, dict):
        raise CheckError(f"Object {value!r} is not a dict. Got {value!r} with type {type(value)}.")
    if len(value) != 1:
        raise CheckError("Invariant failed. Description: Discriminated union must have exactly one key")
    ((name, fields),) = value.items()
    return {**(fields or {}), discriminator: name}


def _as_selector(discriminator: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(fields)
    return {rest.pop(discriminator): rest}


def config_value(field: Any, value: Any) -> Any:
    """A value of a field as run configuration writes it."""
    if isinstance(value, dict):
        return {k: config_value(None, v) for k, v in value.items()}
    if isinstance(value, list):
        return [config_value(None, v) for v in value]
    if isinstance(value, (EnvVar, IntEnvVar)):
        return {"env": value.env_var_name}
    if isinstance(value, Config):
        plain = value._convert_to_config_dictionary()
        if field is not None and field.discriminator:
            return _as_selector(str(field.discriminator), plain)
        return plain
    return value.name if isinstance(value, _Enum) else value


def _with_env_vars(kept: Any, given: Any) -> Any:
    """Pydantic makes plain texts and numbers of the wrappers of environment variables: puts them back."""
    if isinstance(given, (EnvVar, IntEnvVar)):
        return given
    if isinstance(kept, dict) and isinstance(given, dict):
        for key, value in given.items():
            if isinstance(value, (EnvVar, IntEnvVar, dict, list)):
                kept[key] = _with_env_vars(kept.get(key), value)
    elif isinstance(kept, list) and isinstance(given, list) and len(kept) == len(given):
        for index, value in enumerate(given):
            if isinstance(value, (EnvVar, IntEnvVar, dict, list)):
                kept[index] = _with_env_vars(kept[index], value)
    return kept


def _same(value: object, default: object) -> bool:
    if default is PydanticUndefined:
        return False
    try:
        return bool(value == default)
    except Exception:  # frames and arrays compare element by element
        return value is default


# --- annotations


def is_subclass(candidate: Any, cls: Any) -> bool:
    return isinstance(candidate, type) and not hasattr(candidate, "__origin__") and issubclass(candidate, cls)


def is_config_class(annotation: Any) -> bool:
    return is_subclass(annotation, Config)


def is_literal(annotation: Any) -> bool:
    from typing import Literal, get_origin

    return get_origin(annotation) is Literal


def optional_of(annotation: Any) -> Any:
    """The type that may be None; None when the annotation is no such union of two."""
    from typing import get_args

    arguments = get_args(annotation)
    if len(arguments) == 2 and type(None) in arguments and is_union(annotation):
        return arguments[0] if arguments[1] is type(None) else arguments[1]
    return None


def is_union(annotation: Any) -> bool:
    from types import UnionType
    from typing import Union, get_origin

    return get_origin(annotation) in (Union, UnionType)


def _may_be_none(annotation: Any) -> bool:
    return optional_of(annotation) is not None


def _is_enum_name(annotation: Any, value: Any) -> bool:
    """A text that is the name of a member, and no member's value."""
    return (
        is_subclass(annotation, _Enum)
        and isinstance(value, str)
        and not isinstance(value, _Enum)
        and value in annotation.__members__
        and value not in [member.value for member in annotation]
    )
