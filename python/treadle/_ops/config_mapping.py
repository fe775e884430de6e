"""Configuration of graphs and jobs that is made into that of the ops in them; and `configured`."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ConfigMapping:
    """A function from the configuration of a graph (or job) to that of its nodes, and the schema of what it
    takes.
    """

    __slots__ = ("config_fn", "config_schema", "receive_processed_config_values")

    def __init__(
        self,
        config_fn: Callable[[Any], Any],
        config_schema: Any = None,
        receive_processed_config_values: bool | None = None,
    ) -> None:
        if not callable(config_fn):
            raise CheckError(f"Param 'config_fn' of ConfigMapping cannot be called: {config_fn!r}")
        self.config_fn = config_fn
        self.config_schema = config_schema
        self.receive_processed_config_values = receive_processed_config_values

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself, as tests do."""
        return self.config_fn(*args, **kwargs)

    def resolve_from_unvalidated_config(self, config: Any) -> Any:
        return self.config_fn(config)


@overload
def config_mapping(config_fn: Callable[..., Any], /) -> ConfigMapping: ...
@overload
def config_mapping(
    config_fn: None = None,
    *,
    config_schema: Any = None,
    receive_processed_config_values: bool | None = None,
) -> Callable[[Callable[..., Any]], ConfigMapping]: ...


def config_mapping(
    config_fn: Callable[..., Any] | None = None,
    *,
    config_schema: Any = None,
    receive_processed_config_values: bool | None = None,
) -> Any:
    """Declares a ConfigMapping by a function. A parameter that is annotated with a Config class says the
    schema.
    """

    def declare(fn: Callable[..., Any]) -> ConfigMapping:
        wrapped, schema = taking_config_class(fn, config_schema, "@config_mapping")
        return ConfigMapping(wrapped, schema, receive_processed_config_values)

    return declare(config_fn) if config_fn is not None else declare


def mapping_of(config: Any, what: str) -> ConfigMapping | None:
    """What @graph(config=...) means: a mapping, or the configuration of the nodes itself."""
    if config is None or isinstance(config, ConfigMapping):
        return config
    if isinstance(config, dict):
        return ConfigMapping(lambda _: config, {})
    raise CheckError(f"config of {what} must be a ConfigMapping or a dict, not {config!r}.")


def taking_config_class(
    fn: Callable[..., Any], config_schema: Any, what: str
) -> tuple[Callable[[Any], Any], Any]:
    """The function as one of plain configuration, and its schema: when its parameter is annotated with a
    Config class, an object of that is made first."""
    import inspect

    from treadle._assets.signature import resolve

    parameters = list(inspect.signature(fn).parameters.values())
    if len(parameters) != 1:
        raise CheckError(f"{what} function should have exactly one parameter")
    annotation = resolve(parameters[0].annotation, getattr(fn, "__globals__", {}))
    if not (isinstance(annotation, type) and hasattr(annotation, "to_config_schema")):
        return fn, config_schema
    if config_schema is not None:
        raise CheckError(f"Cannot provide config_schema to {what} function with Config-annotated param")
    cls: Any = annotation

    def plain(config: Any) -> Any:
        result = fn(cls(**(config or {})))
        return plain_of(result)

    return plain, cls


def plain_of(config: Any) -> Any:
    """An object of a Config class as a dictionary."""
    convert = getattr(config, "_convert_to_config_dictionary", None)
    return config if convert is None or isinstance(config, type) else convert()


def configured(configurable: Any, config_schema: Any = None, **kwargs: Any) -> Callable[[Any], Any]:
    """The same op, graph, resource, logger or executor with its configuration given, or made by the decorated
    function:

    @configured(greet, config_schema={"name": str})
    def greet_politely(config):
        return {"message": f"Good morning, {config['name']}"}
    """
    from treadle._ops.composition import Node, PendingNodeInvocation
    from treadle._run.executors import ExecutorDefinition

    if isinstance(configurable, PendingNodeInvocation):
        raise CheckError(
            "You have invoked `configured` on a PendingNodeInvocation (an intermediate type), which is"
            " produced by aliasing or tagging a node definition. To configure a node, you must call"
            " `configured` on either an OpDefinition and GraphDefinition. To fix this error, make sure to"
            " call `configured` on the definition object *before* using the `tag` or `alias` methods."
        )
    if isinstance(configurable, type) and hasattr(configurable, "configure_at_launch"):
        configurable = configurable.configure_at_launch()
    if not hasattr(configurable, "configured"):
        raise CheckError(
            "Only the following types can be used with the `configured` method: ResourceDefinition,"
            " ExecutorDefinition, GraphDefinition, NodeDefinition, and LoggerDefinition. Got"
            f" {configurable!r}"
        )

    def make(config_or_fn: Any) -> Any:
        schema = config_schema
        given = plain_of(config_or_fn)
        if callable(given):
            given, schema = taking_config_class(given, config_schema, "@configured")
        if not isinstance(configurable, (Node, ExecutorDefinition)):
            return configurable.configured(given, config_schema=schema, **kwargs)
        name = kwargs.get("name") or (config_or_fn.__name__ if callable(config_or_fn) else None)
        if name is None and isinstance(configurable, Node):
            raise DagsterInvalidDefinitionError(
                f"A configured {configurable.node_type} needs a name: configured(..., name=...)."
            )
        rest = {k: v for k, v in kwargs.items() if k != "name"}
        named: Any = configurable
        return named.configured(given, name=name, config_schema=schema, **rest)

    return make
