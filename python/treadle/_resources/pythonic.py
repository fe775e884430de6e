"""Resources whose configuration is the fields of a class. Importing this module imports pydantic."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar, Union, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from treadle._config.conversion import field_of_class, is_resource_field
from treadle._config.definition import DefinitionConfigSchema
from treadle._config.env import as_config
from treadle._config.fields import Field
from treadle._config.process import processed, resolve_defaults, validate_config
from treadle._config.pythonic import Config, ConfigMeta
from treadle._errors import CheckError, DagsterInvalidConfigError
from treadle._resources.building import entered
from treadle._resources.context import InitResourceContext, build_init_resource_context
from treadle._resources.definition import ResourceDefinition, definition_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from typing_extensions import Self

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")


class ResourceDependency(Generic[T]):
    """Annotates a field of a resource that holds another one, which may be of any class:
    `client: dg.ResourceDependency[Client]`.
    """

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    if TYPE_CHECKING:

        def __get__(self, obj: object, owner: object) -> T: ...

        def __set__(self, obj: object, value: object) -> None: ...


class _ResourceMeta(ConfigMeta):
    """Lets fields that hold resources hold those that are configured at launch, too."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        annotations = namespace.get("__annotations__", {})
        scope = (
            vars(sys.modules[namespace["__module__"]]) if namespace.get("__module__") in sys.modules else {}
        )
        for field, declared in list(annotations.items()):
            if field.startswith("__"):
                continue
            annotation = _evaluated(declared, scope)
            if get_origin(annotation) is ResourceDependency:
                annotations[field] = Annotated[Any, "resource_dependency"]
            elif isinstance(annotation, type) and getattr(annotation, "_treadle_factory", False):
                held = Annotated[Union[annotation, PartialResource], "resource_dependency"]  # type: ignore[valid-type]  # noqa: UP007
                annotations[field] = held
                default = namespace.get(field, PydanticUndefined)
                # From left to right: a resource that is configured at launch is not to be made a plain one.
                namespace[field] = FieldInfo(
                    default=default if not isinstance(default, FieldInfo) else default.default,
                    annotation=held,
                    union_mode="left_to_right",
                )
        return super().__new__(mcs, name, bases, namespace, **kwargs)


def _evaluated(annotation: Any, scope: dict[str, Any]) -> Any:
    """What an annotation written as text names, when that can be known already."""
    if not isinstance(annotation, str) or ("Resource" not in annotation and annotation not in scope):
        return annotation
    try:
        return eval(annotation, scope)
    except Exception:
        return annotation


class ConfigurableResourceFactory(Config, Generic[T], metaclass=_ResourceMeta):
    """A resource whose annotated fields are its configuration, and whose `create_resource` makes what steps
    see:

    class Db(dg.ConfigurableResourceFactory[Connection]):
        url: str

        def create_resource(self, context):
            return connect(self.url)

    A step asks for it by `db: dg.ResourceParam[Connection]`.
    """

    # Class variables: pydantic would make private attributes of them.
    _treadle_is_resource: ClassVar[bool] = True
    _treadle_factory: ClassVar[bool] = True
    _treadle_resource: ClassVar[bool] = True
    # Steps see what it makes, not the object itself.
    _treadle_makes_other: ClassVar[bool] = True

    def __init__(self, **data: Any) -> None:
        field_of_resource(type(self))
        super().__init__(**data)

    @classmethod
    def _kind(cls) -> str:
        return "resource"

    @classmethod
    def _keeps_state_by(cls) -> str:
        return (
            " If trying to maintain state on this resource, consider building a separate, stateful client"
            " class,"
            " and provide a method on the resource to construct and return the stateful client."
        )

    @classmethod
    def configure_at_launch(cls, **kwargs: Any) -> PartialResource:
        """The resource with some fields given; the others come from the run's configuration."""
        return PartialResource(cls, kwargs)

    configure_at_runtime = configure_at_launch

    # --- life

    def create_resource(self, context: InitResourceContext) -> T:
        """What steps see."""
        raise NotImplementedError

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Called before the first use in a run."""

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        """Called when the run is over, however it went; not when `setup_for_execution` failed."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[T, None, None]:
        """Both in one: the resource lives as long as this context manager."""
        self.setup_for_execution(context)
        try:
            yield self.create_resource(context)
        finally:
            self.teardown_after_execution(context)

    @classmethod
    def _is_cm_resource_cls(cls) -> bool:
        """Whether something happens when the run is over."""
        return (
            cls.yield_for_execution is not ConfigurableResourceFactory.yield_for_execution
            or cls.teardown_after_execution is not ConfigurableResourceFactory.teardown_after_execution
            or bool(resource_fields(cls))
        )

    def get_resource_context(self) -> InitResourceContext:
        """The context that the resource was made with."""
        context = self.__dict__.get("_treadle_context")
        if context is None:
            raise CheckError("Attempted to get context before resource was initialized.")
        return context  # type: ignore[no-any-return]

    def with_replaced_resource_context(self, resource_context: InitResourceContext) -> Self:
        copy = self._with_updated_values({})
        copy.__dict__["_treadle_context"] = resource_context
        return copy

    def _with_updated_values(self, values: Mapping[str, Any] | None) -> Self:
        """A new object with these values by the names of configuration."""
        other = type(self)(**{**self._said(dict(self)), **self._said(values or {})})
        if "_treadle_context" in self.__dict__:
            other.__dict__["_treadle_context"] = self.__dict__["_treadle_context"]
        return other

    @contextmanager
    def _with_live_resources(self, context: InitResourceContext) -> Generator[Self, None, None]:
        """With the resources inside it set up: those configured at launch are resources of the run."""
        live: dict[str, Any] = {}
        with ExitStack() as stack:
            for name, (key, held) in _held(self).items():
                partial = self.nested_partial_resources.get(name)
                if partial is not None:
                    live[name] = getattr(context.resources, _key_of(partial, context))
                else:
                    live[name] = _set_up_inside(stack, definition_of(held), context)
                live[key] = live.pop(name)
            yield self._with_updated_values(live)

    def _initialize_and_run(self, context: InitResourceContext) -> T:
        with self._with_live_resources(context) as resource:
            live = resource.with_replaced_resource_context(context)._with_updated_values(
                context.resource_config
            )
            live.setup_for_execution(context)
            return live.create_resource(context)

    @contextmanager
    def _initialize_and_run_cm(self, context: InitResourceContext) -> Generator[T, None, None]:
        with self._with_live_resources(context) as resource:
            live = resource.with_replaced_resource_context(context)._with_updated_values(
                context.resource_config
            )
            manager: Any = live.yield_for_execution(context)
            if isinstance(manager, AbstractAsyncContextManager):
                manager = _run_async(manager, context.event_loop)
            with manager as value:
                yield value

    def _initializer(self) -> Any:
        return self._initialize_and_run_cm if self._is_cm_resource_cls() else self._initialize_and_run

    # --- as a definition

    @property
    def nested_resources(self) -> dict[str, Any]:
        """The resources inside it, by field."""
        return {name: held for name, (_, held) in _held(self).items() if held is not None}

    @property
    def nested_partial_resources(self) -> dict[str, Any]:
        """Those of them that wait for the run's configuration."""
        return {n: r for n, r in self.nested_resources.items() if not _is_fully_configured(r)}

    @property
    def _config_schema(self) -> DefinitionConfigSchema:
        """The class's schema with the fields that were given as defaults."""
        given = {
            k: v
            for k, v in self._convert_to_config_dictionary().items()
            if k in self._given_keys() and k not in {key for key, _ in _held(self).values()}
        }
        return DefinitionConfigSchema(with_defaults(field_of_resource(type(self)), as_config(given)))

    @property
    def _resolved_config_dict(self) -> dict[str, Any]:
        """All its configuration, as it was given."""
        held = {key for key, _ in _held(self).values()}
        return {k: v for k, v in self._convert_to_config_dictionary().items() if k not in held}

    def _given_keys(self) -> set[str]:
        fields = type(self).model_fields
        return {fields[n].alias or n for n in self.model_fields_set if n in fields} | (
            self.model_fields_set - fields.keys()
        )

    def get_resource_definition(self) -> ResourceDefinition:
        """The same as a ResourceDefinition: always the same object."""
        definition = self.__dict__.get("_treadle_definition")
        if definition is None:
            definition = self.__dict__["_treadle_definition"] = self._make_definition()
        return definition

    def _make_definition(self) -> ResourceDefinition:
        return describe(
            ResourceDefinition(self._initializer(), self._config_schema, type(self).__doc__), self
        )

    @property
    def required_resource_keys(self) -> frozenset[str]:
        return frozenset()

    # --- outside of a run

    def process_config_and_initialize(self) -> T:
        """What steps would see: with environment variables looked up."""
        return self.from_resource_context(self._own_context(), self.nested_resources)

    @contextmanager
    def process_config_and_initialize_cm(self) -> Generator[T, None, None]:
        with self.from_resource_context_cm(self._own_context(), self.nested_resources) as value:
            yield value

    def _own_context(self) -> InitResourceContext:
        return build_init_resource_context(
            processed(
                self._config_schema.config_type,
                self._config_schema.default_value if self._config_schema.default_provided else {},
                "Errors while initializing resource",
            )
        )

    @classmethod
    def from_resource_context(
        cls, context: InitResourceContext, nested_resources: Mapping[str, Any] | None = None
    ) -> T:
        """The resource made of a context's configuration: for a @resource function that is to become a
        class.
        """
        if cls._is_cm_resource_cls():
            raise CheckError(
                "Invariant failed. Description: Use from_resource_context_cm for resources which have custom"
                " teardown behavior, e.g. overriding yield_for_execution or teardown_after_execution"
            )
        return cls(**{**(context.resource_config or {}), **(nested_resources or {})})._initialize_and_run(
            context
        )

    @classmethod
    @contextmanager
    def from_resource_context_cm(
        cls, context: InitResourceContext, nested_resources: Mapping[str, Any] | None = None
    ) -> Generator[T, None, None]:
        made = cls(**{**(context.resource_config or {}), **(nested_resources or {})})
        with made._initialize_and_run_cm(context) as value:
            yield value


class ConfigurableResource(ConfigurableResourceFactory[T]):
    """A resource whose annotated fields are its configuration; steps see the object itself:

    class Api(dg.ConfigurableResource):
        url: str
        retries: int = 3

    A parameter `api: Api` of a function receives the resource of that name. Fields may be given as dg.EnvVar.
    """

    _treadle_makes_other: ClassVar[bool] = False

    def create_resource(self, context: InitResourceContext) -> T:
        return self  # type: ignore[return-value]


class ConfigurableLegacyResourceAdapter(ConfigurableResource[Any]):
    """A class around a @resource function: its fields are that function's configuration."""

    @property
    def wrapped_resource(self) -> ResourceDefinition:
        raise NotImplementedError

    def _make_definition(self) -> ResourceDefinition:
        fn = self.wrapped_resource.resource_fn
        made = ResourceDefinition(
            fn, self._config_schema, type(self).__doc__, self.wrapped_resource.required_resource_keys
        )
        return describe(made, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.wrapped_resource(*args, **kwargs)


class PartialResource:
    """A resource whose class is known, and the rest of whose fields come from the run's configuration."""

    _treadle_is_resource = True

    def __init__(self, resource_cls: Any, data: dict[str, Any]) -> None:
        self.resource_cls = resource_cls
        self.data = data
        self._definition: ResourceDefinition | None = None
        known = resource_fields(resource_cls)
        self.nested_resources = {k: v for k, v in data.items() if k in known.values()}
        self._schema = field_of_class(
            resource_cls,
            omit=set(self.nested_resources),
            default={k: v for k, v in data.items() if k not in self.nested_resources},
        )

    @property
    def nested_partial_resources(self) -> dict[str, Any]:
        return {n: r for n, r in self.nested_resources.items() if not _is_fully_configured(r)}

    def _make(self, context: InitResourceContext) -> Any:
        # What the run's configuration says wins.
        given = self.resource_cls._said({**self.data, **(context.resource_config or {})})
        return self.resource_cls(**given)._initializer()(context)

    def get_resource_definition(self) -> ResourceDefinition:
        if self._definition is None:
            self._definition = self._make_definition()
        return self._definition

    def _make_definition(self) -> ResourceDefinition:
        if hasattr(self.resource_cls, "input_config_schema"):
            from treadle._io.pythonic import definition_of_class

            made: ResourceDefinition = definition_of_class(
                self.resource_cls, self._make, DefinitionConfigSchema(self._schema)
            )
        else:
            made = ResourceDefinition(
                self._make, DefinitionConfigSchema(self._schema), self.resource_cls.__doc__
            )
        return describe(made, self, self.resource_cls)

    def configured(self, *args: Any, **kwargs: Any) -> ResourceDefinition:
        return self.get_resource_definition().configured(*args, **kwargs)

    @property
    def required_resource_keys(self) -> frozenset[str]:
        return frozenset()


def describe(definition: ResourceDefinition, holder: Any, cls: type | None = None) -> ResourceDefinition:
    """Tells a definition what is inside the object it was made of."""
    definition.nested_resources = holder.nested_resources
    definition.nested_partial_resources = holder.nested_partial_resources
    definition.configurable_resource_cls = cls or type(holder)
    definition.made_of = holder
    return definition


# --- fields


_fields: dict[type, Field] = {}


def field_of_resource(cls: type[Config]) -> Field:
    """The config field of a class of resources."""
    known = _fields.get(cls)
    if known is None:
        known = _fields[cls] = field_of_class(cls)
    return known


def resource_fields(cls: type[Config]) -> dict[str, str]:
    """The fields that hold resources: their names in configuration, by name."""
    return {n: f.alias or n for n, f in cls.model_fields.items() if is_resource_field(f)}


def _held(resource: Config) -> dict[str, tuple[str, Any]]:
    """Per field that holds a resource: its name in configuration, and what it holds."""
    return {n: (k, resource.__dict__.get(n)) for n, k in resource_fields(type(resource)).items()}


def with_defaults(field: Field, given: Mapping[str, Any]) -> Field:
    """The field with these values as its default, on top of those it has."""
    result = validate_config(field.config_type, given)
    if not result.success:
        raise DagsterInvalidConfigError("Incorrect values passed to .configured", result.errors, given)
    default = resolve_defaults(field.config_type, given).value if field.default_provided else given
    return Field(field.config_type, default, False, field.description)


def _is_fully_configured(resource: Any) -> bool:
    if isinstance(resource, PartialResource):
        return False  # the run's configuration may say something else than its defaults
    schema = definition_of(resource).config_schema
    value = schema.default_value if schema.default_provided else {}
    return bool(validate_config(schema.config_type, value).success)


def _key_of(partial: Any, context: InitResourceContext) -> str:
    wanted = definition_of(partial)
    for key, definition in context.all_resource_defs.items():
        if definition is wanted:
            return key
    raise CheckError(
        f"Failed to find resource {partial!r} among those of the run, which was checked before it began."
    )


def _set_up_inside(stack: ExitStack, definition: ResourceDefinition, context: InitResourceContext) -> Any:
    handle = entered(definition.call(context.replace_config(definition.process({}, "nested resource"))))
    if handle.cleanup is not None:
        stack.callback(handle.cleanup)
    return handle.value


@contextmanager
def _run_async(manager: Any, loop: Any) -> Generator[Any, None, None]:
    """An async context manager, entered and left on a loop: the context's, else one of its own."""
    import asyncio

    own = None if loop is not None else asyncio.new_event_loop()
    loop = loop or own
    try:
        value = loop.run_until_complete(manager.__aenter__())
        try:
            yield value
        except BaseException as e:
            if not loop.run_until_complete(manager.__aexit__(type(e), e, e.__traceback__)):
                raise
        else:
            loop.run_until_complete(manager.__aexit__(None, None, None))
    finally:
        if own is not None:
            own.close()
