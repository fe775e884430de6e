"""The config schema that a definition (op, resource, executor, logger, ...) has, also after `configured`."""

from __future__ import annotations

from treadle._config.fields import Field, convert_potential_field
from treadle._config.types import ANY
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class IDefinitionConfigSchema:
    """Base: something that has a config field."""

    def as_field(self) -> Field:
        raise NotImplementedError

    @property
    def config_type(self) -> Any:
        return self.as_field().config_type

    @property
    def is_required(self) -> bool:
        return self.as_field().is_required

    @property
    def default_provided(self) -> bool:
        return self.as_field().default_provided

    @property
    def default_value(self) -> Any:
        return self.as_field().default_value

    @property
    def default_value_as_json_str(self) -> str:
        return self.as_field().default_value_as_json_str

    @property
    def description(self) -> str | None:
        return self.as_field().description


class DefinitionConfigSchema(IDefinitionConfigSchema):
    """The schema that was declared."""

    def __init__(self, config_field: Field) -> None:
        self._field = config_field

    def as_field(self) -> Field:
        return self._field


def schema_of(declared: Any) -> IDefinitionConfigSchema:
    """What was given as `config_schema`: nothing (any value, not required), a Field, what stands for a type,
    or a Config class.
    """
    if isinstance(declared, IDefinitionConfigSchema):
        return declared
    if declared is None:
        return DefinitionConfigSchema(Field(ANY, is_required=False))
    if isinstance(declared, type) and hasattr(declared, "to_config_schema"):
        schema: IDefinitionConfigSchema = declared.to_config_schema()
        return schema
    return DefinitionConfigSchema(convert_potential_field(declared))


class ConfiguredSchema(IDefinitionConfigSchema):
    """Of a definition made by `configured`: what it takes now, and how that becomes what its parent takes."""

    def __init__(
        self, parent: IDefinitionConfigSchema, own: IDefinitionConfigSchema, config_or_fn: Any
    ) -> None:
        self.parent = parent
        self._own = own
        self.given = config_or_fn
        self._config_fn: Callable[[Any], Any] = (
            config_or_fn if callable(config_or_fn) else lambda _: config_or_fn
        )

    def as_field(self) -> Field:
        return self._own.as_field()

    def resolve(self, config: Any, owner: str, preamble: str) -> Any:
        """From configuration that fits this schema to that of the first definition, checked on the way.
        Raises DagsterInvalidConfigError, or DagsterConfigMappingFunctionError for what the function raised.
        """
        from treadle._config.process import processed
        from treadle._errors import DagsterConfigMappingFunctionError, DagsterError

        try:
            made = self._config_fn(config)
        except DagsterError:
            raise
        except Exception as e:
            raise DagsterConfigMappingFunctionError(
                f"The config mapping function on a `configured` {owner} has thrown an unexpected error"
                " during its"
                " execution.",
                user_exception=e,
            ) from e
        made = processed({"config": self.parent.as_field()}, {"config": made}, preamble).get("config")
        return resolved(self.parent, made, owner, preamble)


def resolved(schema: IDefinitionConfigSchema, config: Any, owner: str, preamble: str = "") -> Any:
    """Processed configuration of a definition as its function sees it. `owner`: the kind of definition."""
    if not isinstance(schema, ConfiguredSchema):
        return config
    return schema.resolve(config, owner, preamble or f"Error in config for {owner}")
