"""Calling a decorated function directly, as tests do."""

from __future__ import annotations

from treadle._config.run_schema import config_argument, node_config
from treadle._errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterTypeCheckDidNotPass,
)
from treadle._resources.context import as_given
from treadle._run.context import _StepContext
from treadle._run.direct_context import (
    UnboundAssetContext,
    UnboundCheckContext,
    UnboundContext,
    UnboundOpContext,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._resources.building import ResourceScope
    from treadle._run.instance import DagsterInstance


def build_asset_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    partition_key: str | None = None,
    partition_key_range: object | None = None,
    run_tags: Mapping[str, str] | None = None,
    event_loop: object | None = None,
) -> UnboundAssetContext:
    """A context for calling asset functions directly, with these resources."""
    if partition_key is not None and partition_key_range is not None:
        raise DagsterInvalidInvocationError(
            "Cannot provide both a partition_key and a partition_key_range to build_asset_context."
        )
    return UnboundAssetContext(
        _scope(resources or {}, resources_config, instance, event_loop),
        resources_config or {},
        asset_config,
        instance,
        run_tags,
        partition_key if partition_key is not None else partition_key_range,
    )


def build_op_context(
    resources: Mapping[str, Any] | None = None,
    op_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    config: Any = None,
    partition_key: str | None = None,
    partition_key_range: object | None = None,
    mapping_key: str | None = None,
    run_tags: Mapping[str, str] | None = None,
    event_loop: object | None = None,
) -> UnboundOpContext:
    """A context for calling op functions directly, with these resources."""
    if op_config and config:
        raise DagsterInvalidInvocationError(
            "Attempted to invoke ``build_op_context`` with both ``op_config``, and its legacy version,"
            " ``config``. Please provide one or the other."
        )
    return UnboundOpContext(
        _scope(resources or {}, resources_config, instance, event_loop),
        resources_config or {},
        op_config if op_config is not None else config,
        instance,
        run_tags,
        partition_key if partition_key is not None else partition_key_range,
        mapping_key,
    )


def build_asset_check_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
) -> UnboundCheckContext:
    """A context for calling check functions directly, with these resources."""
    return UnboundCheckContext(
        _scope(resources or {}, resources_config, instance),
        resources_config or {},
        asset_config,
        instance,
        None,
    )


def _scope(
    resources: Mapping[str, Any], config: Mapping[str, Any] | None, instance: Any, event_loop: Any = None
) -> ResourceScope:
    from treadle._resources.building import ResourceScope, check_resource_config
    from treadle._resources.definition import definitions_of

    definitions = definitions_of(resources)
    check_resource_config(definitions, config or {})
    return ResourceScope(definitions, config or {}, instance, event_loop=event_loop)


def live(resources: Mapping[str, Any], config: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """These resources, set up."""
    scope = _scope(resources, config, None)
    return dict(scope.open(scope.definitions).original_resource_dict)


def without_resources(
    definition: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Values given by position (the context taken away) whose parameter is a resource or the configuration,
    as if given by name.
    """
    named = {*(definition._resource_params or ()), "config"}
    code = getattr(definition._fn, "__code__", None)
    if not args or code is None:
        return args, kwargs
    first = 1 if definition._takes_context else 0
    parameters = code.co_varnames[first : code.co_argcount]
    left, found = [], dict(kwargs)
    for i, value in enumerate(args):
        if i < len(parameters) and parameters[i] in named:
            found[parameters[i]] = value
        else:
            left.append(value)
    return tuple(left), found


def require_resources(required: AbstractSet[str], provided: AbstractSet[str], what: str) -> None:
    for key in sorted(required - provided):
        raise DagsterInvalidDefinitionError(
            f"resource with key '{key}' required by {what} was not provided. Please provide a"
            f" ResourceDefinition to key '{key}', or change the required key to one of the following keys"
            f" which points to an ResourceDefinition: {sorted(provided)}"
        )


def with_lives(
    definition: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    call: Callable[[tuple[Any, ...], dict[str, Any]], Any],
) -> Any:
    """Calls with those resources among the arguments set up that have a set-up; what they have as a tear-down
    follows when the result is complete."""
    named = definition._resource_params or {}
    code = getattr(definition._fn, "__code__", None)
    if not named or code is None:
        return call(args, kwargs)
    own = 1 if args and (args[0] is None or isinstance(args[0], _StepContext)) else 0
    _, by_name = without_resources(definition, args[own:], kwargs)
    lives = {k: by_name[p] for p, k in named.items() if hasattr(by_name.get(p), "setup_for_execution")}
    if not lives:
        return call(args, kwargs)
    from treadle._resources.building import build_resources

    opened = build_resources(lives)
    resources: Any = opened.__enter__()
    # Each stays where it was given: what is given by position is sorted out by who is called.
    places = code.co_varnames[(1 if definition._takes_context else 0) : code.co_argcount]
    given = [
        as_given(resources, named[p]) if named.get(p) in lives else a for p, a in zip(places, args[own:])
    ]
    args = (*args[:own], *given, *args[own + len(given) :])
    kwargs = {k: as_given(resources, named[k]) if named.get(k) in lives else v for k, v in kwargs.items()}
    try:
        return until_done(lambda: opened.__exit__(None, None, None), call(args, kwargs))
    except BaseException as e:
        opened.__exit__(type(e), e, e.__traceback__)
        raise


def invoke(definition: AssetsDefinition, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls the function with a context bound to it, resources from that context, and the given values."""
    return with_lives(definition, args, kwargs, lambda a, k: _invoke(definition, a, k))


def _invoke(definition: AssetsDefinition, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = definition._name
    given: Any = None
    if args and isinstance(args[0], _StepContext):
        given, args = args[0], args[1:]
    else:
        for key in ("context", "_context", "context_", "_"):
            if isinstance(kwargs.get(key), _StepContext):
                given = kwargs.pop(key)
    if given is None and definition._takes_context:
        if not args or args[0] is not None:
            raise DagsterInvalidInvocationError(
                f"Decorated function '{name}' has context argument, but no context was provided when"
                " invoking. Use build_asset_context."
            )
        given, args = build_asset_context(), args[1:]
    args, kwargs = without_resources(definition, args, kwargs)
    if not isinstance(given, UnboundContext):
        return _invoked(definition, given, args, kwargs)
    by_argument = {k: kwargs[p] for p, k in (definition._resource_params or {}).items() if p in kwargs}
    given._calls.begin(name, "asset")
    try:
        context = given.bind(definition, by_argument)
        require_resources(
            definition._required_resource_keys - set(by_argument),
            {*given._given, *definition._resource_defs},
            f"op '{definition.op.name}'",
        )
        if kwargs.get("config") is not None and given._given_config:
            raise DagsterInvalidInvocationError("Cannot provide config in both context and kwargs")
        return until_done(given.unbind, _invoked(definition, context, args, kwargs))
    except BaseException:
        given.unbind()
        raise


def until_done(end: Callable[[], object], result: Any) -> Any:
    """The same result; `end` is called when it is complete: the context is free again, for example."""
    from inspect import isasyncgen, iscoroutine, isgenerator

    if isgenerator(result):

        def each() -> Any:
            try:
                yield from result
            finally:
                end()

        return each()
    if isasyncgen(result):

        async def each_async() -> Any:
            try:
                async for one in result:
                    yield one
            finally:
                end()

        return each_async()
    if iscoroutine(result):

        async def awaited() -> Any:
            try:
                return await result
            finally:
                end()

        return awaited()
    end()
    return result


def _invoked(
    definition: AssetsDefinition, context: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    from treadle._run.step_plan import plan_of

    name = definition._name
    for parameter, key in (definition._resource_params or {}).items():
        if parameter not in kwargs:
            if context is None:
                raise DagsterInvalidInvocationError(
                    f"{name!r} needs the resource {key!r}: give it by name or in a context."
                )
            kwargs[parameter] = as_given(context.resources, key)
    plan = plan_of(definition)
    if plan.config is not None and kwargs.get("config") is None:
        if context is not None:
            kwargs["config"] = config_argument(plan.config, context.op_config)
        elif getattr(plan.config, "to_config_schema", None) is not None:
            kwargs["config"] = config_argument(plan.config, node_config(definition, None, "op"))
    inputs = [i.name for i in definition._inputs if i.name]
    if len(args) > len(inputs):
        raise DagsterInvalidInvocationError(
            f"Too many input arguments were provided for '{name}'. This may be because an argument was"
            " provided for the context"
            " parameter, but no context parameter was defined for the function."
        )
    values = dict(zip(inputs, args))
    for key, value in kwargs.items():
        if key in values:
            raise DagsterInvalidInvocationError(f"'{name}' got multiple values for its input '{key}'.")
        values[key] = value
    code = getattr(definition._fn, "__code__", None)
    if code is not None and not definition._kwargs_param:
        optional = len(definition._fn.__defaults__ or ()) + len(definition._fn.__kwdefaults__ or ())
        missing = [i for i in inputs if i not in values]
        if missing and len(missing) > optional:
            raise DagsterInvalidInvocationError(f'No value provided for required input "{missing[0]}".')
    _check_inputs(definition, values)
    result = definition._fn(context, **values) if definition._takes_context else definition._fn(**values)
    _check_result(definition, result)
    return result


def _check_inputs(definition: AssetsDefinition, values: Mapping[str, Any]) -> None:
    from treadle._run.step_plan import plan_of
    from treadle._types.types import label_of

    for given, expected in zip(definition._inputs, plan_of(definition).input_types):
        wrong = expected.misfit(values[given.name]) if expected is not None and given.name in values else None
        if wrong is not None:
            raise DagsterTypeCheckDidNotPass.of(
                f'Type check failed for op "{definition._name}" input "{given.name}" - expected type'
                f' "{label_of(expected)}". Description: {wrong}',
                wrong,
            )


# Results that are looked at, if at all, when a step runs.
_NOT_VALUES = frozenset(
    (
        "AssetCheckResult",
        "AssetObservation",
        "MaterializeResult",
        "ObserveResult",
        "async_generator",
        "coroutine",
        "generator",
    )
)


def _check_result(definition: AssetsDefinition, result: Any) -> None:
    """Of a value or an Output of the only output; what is yielded is not looked at."""
    from treadle._events.events import Output
    from treadle._run.step_plan import plan_of
    from treadle._types.types import label_of

    if len(definition._outputs) != 1 or type(result).__name__ in _NOT_VALUES:
        return
    value = result.value if isinstance(result, Output) else result
    output, expected = definition._outputs[0], plan_of(definition).output_types[0]
    label, wrong = "Nothing", None
    if not output.stores_value:
        wrong = None if value is None else f"Value must be None or unset, got a {type(value)}"
    elif expected is not None:
        label, wrong = label_of(expected), expected.misfit(value)
    if wrong is not None:
        raise DagsterTypeCheckDidNotPass.of(
            f'Type check failed for op "{definition._name}" output "{output.name}" - expected type'
            f' "{label}". Description: {wrong}',
            wrong,
        )
