"""From Config classes to config schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Optional, get_args, get_origin

from pydantic_core import PydanticUndefined

from treadle._config import types
from treadle._config.fields import FIELD_NO_DEFAULT_PROVIDED, Field, convert_potential_field
from treadle._config.pythonic import (
    Config,
    _Enum,
    config_value,
    is_config_class,
    is_literal,
    is_subclass,
    is_union,
    optional_of,
)
from treadle._errors import (
    CheckError,
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidDefinitionError,
    DagsterInvalidPythonicConfigDefinitionError,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pydantic.fields import FieldInfo


def field_of_class(
    cls: type[Config],
    description: str | None = None,
    omit: AbstractSet[str] = frozenset(),
    default: Any = None,
) -> Field:
    """The field that a Config class comes to. `omit`: fields that come from elsewhere."""
    fields: dict[str, Field] = {}
    for key, info in cls.model_fields.items():
        if key in omit or is_resource_field(info):
            continue
        name = info.alias or key
        if isinstance(info.default, Field):
            raise DagsterInvalidDefinitionError(
                "Using 'dagster.Field' is not supported within a Pythonic config or resource definition."
                " 'dagster.Field' should only be used in legacy Dagster config schemas. Did you mean to use"
                " 'pydantic.Field' instead?"
            )
        own = default.get(name) if isinstance(default, dict) else None
        try:
            fields[name] = _field_of(info, own)
        except DagsterInvalidConfigDefinitionError as e:
            raise DagsterInvalidPythonicConfigDefinitionError(
                cls, key, e.current_value, is_resource=hasattr(cls, "get_resource_definition")
            ) from None
    shape = types.Permissive if cls.model_config.get("extra") == "allow" else types.Shape
    docstring = cls.__doc__.strip() if cls.__doc__ else None
    return Field(shape(fields), description=description or docstring)


def is_resource_field(info: FieldInfo) -> bool:
    """Whether a field holds a resource instead of configuration."""
    return "resource_dependency" in info.metadata or _is_resource(info.annotation)


def _is_resource(annotation: Any) -> bool:
    inner = optional_of(annotation)
    if inner is not None:
        return _is_resource(inner)
    if "resource_dependency" in getattr(annotation, "__metadata__", ()):
        return True
    return isinstance(annotation, type) and getattr(annotation, "_treadle_is_resource", False)


def _field_of(info: FieldInfo, given: Any = None) -> Field:
    if info.discriminator:
        return _union_field(info)
    if is_literal(info.annotation):
        return _literal_field(info)
    annotation: Any = info.annotation
    if is_config_class(annotation):
        default = given
        if isinstance(info.default, Config):
            default = info.default._said(dict(info.default))
        return field_of_class(annotation, info.description, default=default)
    if not info.is_required() and optional_of(annotation) is None:
        annotation = Optional[annotation]  # noqa: UP045 - of what is only known now
    default = given if given is not None else info.default
    if default is PydanticUndefined:
        default = FIELD_NO_DEFAULT_PROVIDED
    elif default is not FIELD_NO_DEFAULT_PROVIDED:
        default = config_value(None, default)
    extras = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    required = info.is_required() and optional_of(annotation) is None and default is FIELD_NO_DEFAULT_PROVIDED
    return Field(
        type_of(annotation),
        default,
        required,
        info.description,
        bool(extras.get("dagster__is_secret", False)),
    )


def type_of(annotation: Any) -> types.ConfigType:
    """The config type of an annotation. Texts, whole numbers and flags may come from the environment."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation)
    if is_subclass(origin, list):
        return types.Array(type_of(get_args(annotation)[0]))
    inner = optional_of(annotation)
    if inner is not None:
        return types.Noneable(type_of(inner))
    if is_literal(annotation):
        return _literal_type(annotation)
    if is_subclass(origin, (dict, Mapping)):
        key_type, value_type = get_args(annotation)
        return types.Map(key_type, type_of(value_type))
    if is_config_class(annotation):
        return field_of_class(annotation).config_type
    if is_subclass(annotation, _Enum):
        return types.Enum.from_python_enum_direct_values(annotation)
    if annotation is str:
        return types.__getattr__("StringSource")
    if annotation is int:
        return types.__getattr__("IntSource")
    if annotation is bool:
        return types.__getattr__("BoolSource")
    return convert_potential_field(annotation).config_type


def _union_field(info: FieldInfo) -> Field:
    """A discriminated union is a selector of its members by their discriminating values."""
    members = get_args(info.annotation)
    if not is_union(info.annotation):
        raise DagsterInvalidDefinitionError("Discriminated union must be a Union type.")
    if not all(is_config_class(member) for member in members):
        raise NotImplementedError("Discriminated unions with non-Config types are not supported.")
    discriminator = str(info.discriminator)
    fields = {
        value: field_of_class(member, omit={discriminator})
        for member in members
        for value in get_args(member.model_fields[discriminator].annotation)
    }
    default = info.default
    if default is PydanticUndefined and info.default_factory is not None:
        default = info.get_default(call_default_factory=True)
    said = (
        config_value(info, default)
        if default is not PydanticUndefined and default is not None
        else FIELD_NO_DEFAULT_PROVIDED
    )
    return Field(types.Selector(fields), said, info.is_required(), info.description)


def _literal_type(annotation: Any) -> types.Enum:
    name = str(annotation).removeprefix("typing.")
    return types.Enum(name, [types.EnumValue(value) for value in get_args(annotation)])


def _literal_field(info: FieldInfo) -> Field:
    default = FIELD_NO_DEFAULT_PROVIDED if info.default is PydanticUndefined else info.default
    return Field(_literal_type(info.annotation), default, info.is_required(), info.description)


def field_of_annotation(annotation: Any, default: Any = FIELD_NO_DEFAULT_PROVIDED) -> Field:
    """The field of a parameter called `config`: of a Config class, or of a plain type."""
    if is_config_class(annotation):
        if default is not FIELD_NO_DEFAULT_PROVIDED:
            raise CheckError(
                "Invariant failed. Description: Cannot provide a default value when using a Config class"
            )
        return field_of_class(annotation)
    try:
        inner = type_of(annotation)
    except (DagsterInvalidDefinitionError, DagsterInvalidConfigDefinitionError):
        raise DagsterInvalidPythonicConfigDefinitionError(None, None, annotation) from None
    return Field(inner, default)
