"""IO managers and input managers declared by functions."""

from __future__ import annotations

from treadle._config.definition import schema_of
from treadle._resources.definition import ResourceDefinition, _declared, _doc, is_decorated, takes_argument
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._config.definition import IDefinitionConfigSchema
    from treadle._typing import UserFn


class IInputManagerDefinition:
    """Base of definitions of what loads inputs."""

    _input_schema: Any = None

    @property
    def input_config_schema(self) -> IDefinitionConfigSchema:
        """What may be configured for each input."""
        return schema_of(self._input_schema)


class IOutputManagerDefinition:
    """Base of definitions of what stores outputs."""

    _output_schema: Any = None

    @property
    def output_config_schema(self) -> IDefinitionConfigSchema:
        """What may be configured for each output."""
        return schema_of(self._output_schema)


class IOManagerDefinition(ResourceDefinition, IInputManagerDefinition, IOutputManagerDefinition):
    """A function that makes an IO manager."""

    def __init__(
        self,
        resource_fn: UserFn,
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: AbstractSet[str] | None = None,
        version: str | None = None,
        input_config_schema: Any = None,
        output_config_schema: Any = None,
    ) -> None:
        super().__init__(resource_fn, config_schema, description, required_resource_keys, version)
        self._input_schema = input_config_schema
        self._output_schema = output_config_schema

    @staticmethod
    def hardcoded_io_manager(value: Any, description: str | None = None) -> IOManagerDefinition:
        return IOManagerDefinition(lambda _: value, description=description)


class InputManagerDefinition(ResourceDefinition, IInputManagerDefinition):
    """A function that makes an input manager."""

    def __init__(
        self,
        resource_fn: UserFn,
        config_schema: Any = None,
        description: str | None = None,
        input_config_schema: Any = None,
        required_resource_keys: AbstractSet[str] | None = None,
        version: str | None = None,
    ) -> None:
        super().__init__(resource_fn, config_schema, description, required_resource_keys, version)
        self._input_schema = input_config_schema


class InputManager:
    """Base of what loads inputs and stores nothing."""

    def load_input(self, context: Any) -> Any:
        """The value of an input."""
        raise NotImplementedError(f"{type(self).__name__} does not implement load_input")


class _LoadsByFunction(InputManager):
    def __init__(self, load_fn: UserFn) -> None:
        self._load_fn = load_fn

    def load_input(self, context: Any) -> Any:
        value = self._load_fn(context) if takes_argument(self._load_fn) else self._load_fn()
        return value.load_input(context) if isinstance(value, InputManager) else value


@overload
def io_manager(config_schema: UserFn) -> IOManagerDefinition: ...
@overload
def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Callable[[UserFn], IOManagerDefinition]: ...


def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Any:
    """Declares an IO manager by the function that makes it from an InitResourceContext."""
    if is_decorated(config_schema):
        return _declared(IOManagerDefinition(config_schema, description=_doc(config_schema)), config_schema)
    return lambda fn: _declared(
        IOManagerDefinition(
            fn,
            config_schema,
            description or _doc(fn),
            required_resource_keys,
            version,
            input_config_schema,
            output_config_schema,
        ),
        fn,
    )


@overload
def input_manager(config_schema: UserFn) -> InputManagerDefinition: ...
@overload
def input_manager(
    config_schema: Any = None,
    description: str | None = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Callable[[UserFn], InputManagerDefinition]: ...


def input_manager(
    config_schema: Any = None,
    description: str | None = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Any:
    """Declares what loads an input by the function that gives its value from an InputContext (or that
    returns an InputManager)."""

    def declare(fn: UserFn) -> InputManagerDefinition:
        made = InputManagerDefinition(
            lambda _: _LoadsByFunction(fn),
            None if is_decorated(config_schema) else config_schema,
            description or _doc(fn),
            input_config_schema,
            required_resource_keys,
            version,
        )
        return _declared(made, fn)  # type: ignore[no-any-return]

    return declare(config_schema) if is_decorated(config_schema) else declare
