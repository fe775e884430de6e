"""Calling a decorated function directly, as tests do."""

from __future__ import annotations

from treadle._errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterTypeCheckDidNotPass,
)
from treadle._resources.context import as_given
from treadle._run.context import AssetCheckExecutionContext, AssetExecutionContext, _StepContext
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._run.instance import DagsterInstance


class _UnboundStep:
    """The step of a context that belongs to no run."""

    run_id = "EPHEMERAL"
    job_name = "__ephemeral_asset_job__"
    retry_number = 0

    def __init__(
        self, resources: Mapping[str, Any], step_key: str = "", partitions: Any = None, definition: Any = None
    ) -> None:
        self._resources = resources
        self.step_key = step_key
        self._partitions = partitions  # a key, a PartitionKeyRange or None
        self._definition = definition

    @property
    def partitions(self) -> Any:
        """(set, subset), as a step of a run has it."""
        if self._partitions is None:
            return None
        from treadle._partitions.definitions import StaticPartitionsDefinition

        given = self._partitions
        one = isinstance(given, str)
        of = self._definition.partitions_def if self._definition is not None else None
        if of is None:
            of = StaticPartitionsDefinition([given] if one else list(dict.fromkeys(given)))
        made = of._set(None, self._store)
        return made, made.subset([given]) if one else made.range(given.start, given.end)

    _store: Any = None

    def input_partitions(self, index: int) -> Any:
        """Inputs are given by hand."""
        return None

    def output_selected(self, index: int) -> bool:
        return True

    def check_selected(self, index: int) -> bool:
        return True

    def log(self, level: int, message: str) -> None:
        import sys

        sys.stderr.write(f"{message}\n")

    def report_event(self, *event: Any) -> None:
        """Belongs to no record."""

    def resource(self, key: str) -> Any:
        from treadle._resources.building import ResourceHandle

        return ResourceHandle(self._resources[key], None)


class UnboundContext(AssetExecutionContext):
    """A context made by `build_asset_context`, to be handed to a decorated function."""

    __slots__ = ("_config", "_given", "_partitions")

    def __init__(
        self,
        resources: Mapping[str, Any],
        config: Any,
        instance: Any,
        tags: Mapping[str, str] | None,
        partitions: Any = None,
    ) -> None:
        from treadle._resources.context import Resources
        from treadle._run.steps import RunState

        self._given = resources
        self._partitions = partitions
        state = RunState(instance, tags or {}, {}, False)
        step = _UnboundStep(resources, "", partitions)
        _StepContext.__init__(self, None, step, state)  # type: ignore[arg-type]
        self._resources = Resources(resources.__getitem__, frozenset(resources))
        self._config = config

    def bind(self, definition: AssetsDefinition) -> _StepContext:
        """The same as a call of the definition sees it, which may bring resources of its own."""
        given = self._given
        own = definition._resource_defs
        if own:
            from treadle._resources.context import Resources

            for key in sorted(own):
                if key in given:
                    raise DagsterInvalidInvocationError(
                        f"Error when invoking {definition!r}: resource '{key}' provided on both the"
                        " definition and invocation context. Please provide on only one or the other."
                    )
            given = {**given, **_live(own, None)}
        cls = AssetCheckExecutionContext if definition._is_check else AssetExecutionContext
        step = _UnboundStep(given, definition._name, self._partitions, definition)
        step._store = self._state.instance if self._state is not None else None
        bound = cls(definition, step, self._state)  # type: ignore[arg-type]
        if self._config is not None:
            assert bound._state is not None
            bound._state.run_config = {"ops": {definition._name: {"config": self._config}}}
        bound._resources = Resources(given.__getitem__, frozenset(given)) if own else self._resources
        return bound


def build_asset_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    partition_key: str | None = None,
    partition_key_range: object | None = None,
    run_tags: Mapping[str, str] | None = None,
    event_loop: object | None = None,
) -> AssetExecutionContext:
    """A context for calling asset functions directly, with these resources."""
    if partition_key is not None and partition_key_range is not None:
        raise DagsterInvalidInvocationError(
            "Cannot provide both a partition_key and a partition_key_range to build_asset_context."
        )
    return UnboundContext(
        _live(resources or {}, resources_config),
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
    run_tags: Mapping[str, str] | None = None,
    partition_key: str | None = None,
    partition_key_range: object | None = None,
) -> AssetExecutionContext:
    return UnboundContext(
        _live(resources or {}, resources_config),
        op_config if op_config is not None else config,
        instance,
        run_tags,
        partition_key if partition_key is not None else partition_key_range,
    )


build_asset_check_context = build_asset_context


def _live(resources: Mapping[str, Any], config: Mapping[str, Any] | None) -> dict[str, Any]:
    from treadle._resources.building import ResourceScope, check_resource_config
    from treadle._resources.definition import definitions_of

    definitions = definitions_of(resources)
    check_resource_config(definitions, config or {})
    return dict(ResourceScope(definitions, config or {}).open(definitions).original_resource_dict)


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


def invoke(definition: AssetsDefinition, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls the function with a context bound to it, resources from that context, and the given values."""
    name = definition._name
    given: Any = None
    if args and isinstance(args[0], _StepContext):
        given, args = args[0], args[1:]
    else:
        for key in ("context", "_context", "context_", "_"):
            if isinstance(kwargs.get(key), _StepContext):
                given = kwargs.pop(key)
    if given is None and definition._takes_context:
        if args and args[0] is None:
            args = args[1:]
        raise DagsterInvalidInvocationError(
            f"Decorated function '{name}' has context argument, but no context was provided when invoking."
            " Use build_asset_context."
        )
    args, kwargs = without_resources(definition, args, kwargs)
    context = given
    if isinstance(given, UnboundContext):
        context = given.bind(definition)
        by_name = {k for p, k in (definition._resource_params or {}).items() if p in kwargs}
        require_resources(
            definition._required_resource_keys - by_name,
            {*given._given, *definition._resource_defs},
            f"op '{definition.op.name}'",
        )
    for parameter, key in (definition._resource_params or {}).items():
        if parameter not in kwargs:
            if context is None:
                raise DagsterInvalidInvocationError(
                    f"{name!r} needs the resource {key!r}: give it by name or in a context."
                )
            kwargs[parameter] = as_given(context.resources, key)
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
    from treadle._run.steps import plan_of
    from treadle._types.types import label_of

    for given, expected in zip(definition._inputs, plan_of(definition).input_types):
        wrong = expected.misfit(values[given.name]) if expected is not None and given.name in values else None
        if wrong is not None:
            raise DagsterTypeCheckDidNotPass(
                f'Type check failed for op "{definition._name}" input "{given.name}" - expected type'
                f' "{label_of(expected)}". Description: {wrong}'
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
    from treadle._run.steps import plan_of
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
        raise DagsterTypeCheckDidNotPass(
            f'Type check failed for op "{definition._name}" output "{output.name}" - expected type'
            f' "{label}". Description: {wrong}'
        )
