"""IO managers whose configuration is the fields of a class. Importing this module imports pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treadle._io.definition import IOManagerDefinition
from treadle._io.managers import IOManager
from treadle._resources.definition import ResourceDefinition
from treadle._resources.pythonic import ConfigurableResourceFactory, T, describe

if TYPE_CHECKING:
    from treadle._resources.context import InitResourceContext


class ConfigurableIOManagerFactory(ConfigurableResourceFactory[T]):
    """A class whose fields configure an IO manager of another class:

    class Lake(dg.ConfigurableIOManagerFactory):
        bucket: str

        def create_io_manager(self, context):
            return LakeIOManager(connect(self.bucket))
    """

    def create_io_manager(self, context: InitResourceContext) -> T:
        """The IO manager."""
        raise NotImplementedError

    def create_resource(self, context: InitResourceContext) -> T:
        return self.create_io_manager(context)

    @classmethod
    def input_config_schema(cls) -> Any:
        """What may be configured for each input: a config schema or a Config class."""
        return None

    @classmethod
    def output_config_schema(cls) -> Any:
        """What may be configured for each output."""
        return None

    def _make_definition(self) -> ResourceDefinition:
        return describe(definition_of_class(type(self), self._initializer(), self._config_schema), self)


def definition_of_class(cls: Any, resource_fn: Any, config_schema: Any) -> IOManagerDefinition:
    return IOManagerDefinition(
        resource_fn,
        config_schema,
        cls.__doc__,
        input_config_schema=cls.input_config_schema(),
        output_config_schema=cls.output_config_schema(),
    )


class ConfigurableIOManager(ConfigurableIOManagerFactory[Any], IOManager):
    """An IO manager whose annotated fields are its configuration:

    class Csv(dg.ConfigurableIOManager):
        folder: str

        def handle_output(self, context, obj): ...
        def load_input(self, context): ...
    """

    def create_io_manager(self, context: InitResourceContext) -> Any:
        return self


class ConfigurableLegacyIOManagerAdapter(ConfigurableIOManagerFactory[Any]):
    """A class around an @io_manager function: its fields are that function's configuration."""

    @property
    def wrapped_io_manager(self) -> IOManagerDefinition:
        raise NotImplementedError

    def create_io_manager(self, context: InitResourceContext) -> Any:
        raise NotImplementedError("The wrapped function makes the IO manager.")

    def _make_definition(self) -> ResourceDefinition:
        wrapped = self.wrapped_io_manager
        made = definition_of_class(type(self), wrapped.resource_fn, self._config_schema)
        made._required_resource_keys = frozenset(wrapped.required_resource_keys)
        return describe(made, self)
