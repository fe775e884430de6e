"""ResourceDefinition: a function that makes what steps ask for by key."""

from __future__ import annotations

from treadle._config.definition import ConfiguredSchema, IDefinitionConfigSchema, resolved, schema_of
from treadle._errors import (
    CheckError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
)
from treadle._resources.context import (
    InitResourceContext,
    UnboundInitResourceContext,
    build_init_resource_context,
)
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from typing_extensions import Self

    from treadle._config.fields import Field
    from treadle._typing import UserFn


class ResourceDefinition:
    """A function that makes a resource (or, as a generator, makes it, yields it once and cleans up), with the
    schema of its configuration.
    """

    _treadle_is_resource = True
    _treadle_resource = True
    _treadle_makes_other = True
    # Of a ConfigurableResource: what it holds by field, those of it that are configured at launch, its
    # class and itself.
    nested_resources: Mapping[str, Any] = {}
    nested_partial_resources: Mapping[str, Any] = {}
    configurable_resource_cls: type | None = None
    made_of: Any = None

    def __init__(
        self,
        resource_fn: UserFn,
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: AbstractSet[str] | None = None,
        version: str | None = None,
    ) -> None:
        if not callable(resource_fn):
            raise CheckError(f'Param "resource_fn" is not callable. Got {resource_fn!r}.')
        self._resource_fn = resource_fn
        self._declared_schema = config_schema
        self._schema: IDefinitionConfigSchema | None = None
        self._description = description
        self._required_resource_keys = frozenset(required_resource_keys or ())
        self._version = version

    @property
    def resource_fn(self) -> UserFn:
        return self._resource_fn

    @property
    def config_schema(self) -> IDefinitionConfigSchema:
        if self._schema is None:
            self._schema = schema_of(self._declared_schema)
        return self._schema

    @property
    def has_config_field(self) -> bool:
        return True

    @property
    def config_field(self) -> Field:
        return self.config_schema.as_field()

    def get_config_field(self) -> Field:
        return self.config_field

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def version(self) -> str | None:
        return self._version

    @property
    def required_resource_keys(self) -> AbstractSet[str]:
        return self._required_resource_keys

    def get_required_resource_keys(self, resource_defs: Mapping[str, ResourceDefinition]) -> AbstractSet[str]:
        """The keys it needs among these, with those of the resources inside it."""
        keys = set(self._required_resource_keys)
        for name, partial in self.nested_partial_resources.items():
            wanted = definition_of(partial)
            found = [k for k, d in resource_defs.items() if d is wanted]
            if not found:
                cls = getattr(self.configurable_resource_cls, "__name__", "")
                raise DagsterInvalidDefinitionError(
                    f"Failed to resolve resource nested at {cls}.{name}. Any partially configured, nested"
                    " resources must be provided as a top level resource."
                )
            keys.add(found[0])
        for name, nested in self.nested_resources.items():
            if name not in self.nested_partial_resources and is_resource_object(nested):
                keys.update(definition_of(nested).get_required_resource_keys(resource_defs))
        return keys

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        return ResourceDefinition(lambda _: value, description=description)

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        """Steps see a `unittest.mock.MagicMock`."""
        from unittest import mock

        return ResourceDefinition(lambda _: mock.MagicMock(), description=description)

    @staticmethod
    def string_resource(description: str | None = None) -> ResourceDefinition:
        """Steps see the text that is its configuration."""
        return ResourceDefinition(lambda context: context.resource_config, str, description)

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> Self:
        """The same with its configuration given, or made by a function of what `config_schema` describes."""
        return self.copy_for_configured(
            description, ConfiguredSchema(self.config_schema, schema_of(config_schema), config_or_config_fn)
        )

    def copy_for_configured(self, description: str | None, config_schema: Any) -> Self:
        import copy

        other = copy.copy(self)
        other._schema = config_schema
        if description is not None:
            other._description = description
        return other

    def process(self, config: Any, owner: str = "resource") -> Any:
        """What the function sees, of `{"config": ...}` or {} as run configuration has it."""
        from treadle._config.process import processed

        preamble = f"Error in config for {owner}"
        checked = processed({"config": self.config_field}, config, preamble)
        return resolved(self.config_schema, checked.get("config"), type(self).__name__, preamble)

    def call(self, context: InitResourceContext) -> Any:
        """What the function returns: a resource, a generator, or a context manager that gives one."""
        return self._resource_fn(context) if takes_argument(self._resource_fn) else self._resource_fn()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself, as tests do, with a context from `build_init_resource_context`."""
        takes = takes_argument(self._resource_fn)
        if takes and len(args) + len(kwargs) == 0:
            raise DagsterInvalidInvocationError(
                "Resource initialization function has context argument, but no context was provided when"
                " invoking."
            )
        if len(args) + len(kwargs) > 1:
            raise DagsterInvalidInvocationError(
                "Initialization of resource received multiple arguments. Only a first positional context"
                " parameter should be provided when invoking."
            )
        if kwargs and takes:
            name = self._resource_fn.__code__.co_varnames[0]
            if name not in kwargs:
                raise DagsterInvalidInvocationError(f"Resource initialization expected argument '{name}'.")
        given = args[0] if args else next(iter(kwargs.values()), None)
        if given is not None and not isinstance(given, InitResourceContext):
            raise CheckError(
                f"Object {given!r} is not a UnboundInitResourceContext. Got {given!r} with type"
                f" {type(given)}."
            )
        return self._invoke(given)

    def _invoke(self, given: InitResourceContext | None) -> Any:
        if given is None and takes_argument(self._resource_fn) and self._required_resource_keys:
            raise DagsterInvalidInvocationError(
                "Resource has required resources, but no context was provided. Use the"
                " `build_init_resource_context` function to construct a context with the required resources."
            )
        if given is None and self.config_field.is_required:
            raise DagsterInvalidInvocationError(
                "Resource has required config schema, but no context was provided. Use the"
                " `build_init_resource_context` function to create a context with config."
            )
        if isinstance(given, UnboundInitResourceContext):
            for key in sorted(self._required_resource_keys - set(given.all_resource_defs)):
                raise DagsterInvalidDefinitionError(
                    f"resource with key '{key}' required was not provided. Please provide a"
                    " ResourceDefinition"
                    f" to key '{key}', or change the required key to one of the following keys which points"
                    " to"
                    f" an ResourceDefinition: {sorted(given.all_resource_defs)}"
                )
        config = given.resource_config if given is not None else None
        context = (given or build_init_resource_context()).replace_config(
            self.process({"config": config} if config else {})
        )
        context.resource_def = self
        made = self.call(context)
        if hasattr(made, "__next__") and hasattr(made, "send"):
            return _as_context_manager(made)
        return made


def _as_context_manager(generator: Any) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Any:
        try:
            value = next(generator)
        except StopIteration:
            raise CheckError("Resource generator must yield one item.") from None
        yield value
        for _ in generator:
            raise CheckError("Resource generator must yield one item.")

    return opened()


def takes_argument(fn: Any) -> bool:
    while hasattr(fn, "__wrapped__"):  # of a context manager the function itself
        fn = fn.__wrapped__
    code = getattr(fn, "__code__", None)
    if code is None:
        return True
    bound = 1 if getattr(fn, "__self__", None) is not None else 0
    return bool(code.co_argcount - bound > 0 or code.co_flags & 0x04)


def is_resource_object(value: object) -> bool:
    """A definition, or an object that has one (a ConfigurableResource, also one configured at launch). Its
    class is asked: a mock has every attribute.
    """
    return isinstance(value, ResourceDefinition) or hasattr(type(value), "get_resource_definition")


def definition_of(value: Any) -> ResourceDefinition:
    """What was given as a resource, as a definition. Plain objects are resources as they are."""
    if isinstance(value, ResourceDefinition):
        return value
    if is_resource_object(value):
        definition: ResourceDefinition = value.get_resource_definition()
        return definition
    if hasattr(value, "handle_output") and hasattr(value, "load_input"):
        from treadle._io.definition import IOManagerDefinition

        return IOManagerDefinition.hardcoded_io_manager(value)
    from treadle._config.env import EnvVar, IntEnvVar

    if isinstance(value, (EnvVar, IntEnvVar)):
        return ResourceDefinition(lambda _: _looked_up(value))
    return ResourceDefinition.hardcoded_resource(value)


def _looked_up(variable: Any) -> Any:
    value = variable.get_value()
    if value is None:
        raise DagsterInvalidConfigError(
            f'You have attempted to fetch the environment variable "{variable.env_var_name}" which is not'
            " set."
            " In order for this execution to succeed it must be set in this environment."
        )
    return value


def definitions_of(resources: Mapping[str, Any]) -> dict[str, ResourceDefinition]:
    return {key: definition_of(value) for key, value in resources.items()}


@overload
def resource(config_schema: UserFn) -> ResourceDefinition: ...
@overload
def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Callable[[UserFn], ResourceDefinition]: ...


def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Any:
    """Declares a resource by the function that makes it from an InitResourceContext."""
    if is_decorated(config_schema):
        return _declared(ResourceDefinition(config_schema, description=_doc(config_schema)), config_schema)
    return lambda fn: _declared(
        ResourceDefinition(fn, config_schema, description or _doc(fn), required_resource_keys, version), fn
    )


def is_decorated(given: Any) -> bool:
    """Whether a decorator without arguments was given its function."""
    return callable(given) and not isinstance(given, type)


def _doc(fn: Any) -> str | None:
    text = getattr(fn, "__doc__", None)
    if not text:
        return None
    import inspect

    return inspect.cleandoc(text)


def _declared(definition: Any, fn: Any) -> Any:
    """Checks the function's parameters and gives the definition its name."""
    code = getattr(fn, "__code__", None)
    if code is not None:
        required = code.co_argcount - len(fn.__defaults__ or ())
        if required > 1:
            extra = ", ".join(code.co_varnames[1:required])
            raise DagsterInvalidDefinitionError(
                "@resource decorated function expects a single positional argument. Got required extra params"
                f" {extra}"
            )
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        if getattr(fn, name, None) is not None:
            setattr(definition, name, getattr(fn, name))
    definition.__wrapped__ = fn
    return definition
