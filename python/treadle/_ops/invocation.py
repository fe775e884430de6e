"""What a test calls directly: an op, with the values it is given and a context bound to it."""

from __future__ import annotations

from treadle._assets.specs import NoValue
from treadle._config.run_schema import config_argument, node_config
from treadle._errors import DagsterInvalidInvocationError, DagsterTypeCheckDidNotPass
from treadle._ops.direct import DirectResult
from treadle._ops.steps import OpContext, effective_config, plan_of
from treadle._resources.context import Resources, as_given
from treadle._run.direct_context import UnboundContext, UnboundStep, _Direct
from treadle._types.types import label_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._ops.ops import OpDefinition


class DirectOpContext(_Direct, OpContext):
    """That of an op which is called directly."""

    __slots__ = ("__dict__", "_calls", "_given_config")

    @property
    def op_config(self) -> Any:
        op: Any = self._assets_def
        return effective_config(op, node_config(op, self._given_config, "op"))


def invoke_op(op: OpDefinition, args: tuple[Any, ...], kwargs: dict[str, Any], alias: str | None) -> Any:
    """Calls the function with a context bound to it, resources from that context, and the given values."""
    from treadle._run.invoke import with_lives

    return with_lives(op, args, kwargs, lambda a, k: _invoke_op(op, a, k, alias))


def _invoke_op(op: OpDefinition, args: tuple[Any, ...], kwargs: dict[str, Any], alias: str | None) -> Any:
    from treadle._run.context import _StepContext
    from treadle._run.invoke import build_op_context, until_done, without_resources

    name = op.__name__
    if op._is_plain:
        raise DagsterInvalidInvocationError(
            "Attempted to directly invoke an op/asset that was not constructed using the `@op` or `@asset`"
            " decorator. Only decorated functions can be directly invoked."
        )
    context: Any = None
    if op._takes_context:
        parameter = op._fn.__code__.co_varnames[0] if hasattr(op._fn, "__code__") else "context"
        if not args and not kwargs:
            raise DagsterInvalidInvocationError(
                f"Decorated function '{name}' has context argument, but no context was provided when"
                " invoking."
            )
        if args:
            if args[0] is not None and not isinstance(args[0], _StepContext):
                raise DagsterInvalidInvocationError(
                    f"Decorated function '{name}' has context argument, but no context was provided when"
                    " invoking."
                )
            context, args = args[0], args[1:]
        elif parameter not in kwargs:
            raise DagsterInvalidInvocationError(
                f"Decorated function '{name}' has context argument '{parameter}', but no value for"
                f" '{parameter}' was found when invoking. Provided kwargs: {kwargs}"
            )
        else:
            kwargs = dict(kwargs)
            context = kwargs.pop(parameter)
    elif args and isinstance(args[0], _StepContext):
        context, args = args[0], args[1:]
    args, kwargs = without_resources(op, args, dict(kwargs))
    given: Any = context if context is not None else build_op_context()
    if not isinstance(given, UnboundContext):
        return _invoked(op, given, args, kwargs, alias)
    given._calls.begin(alias or op._name, "op")
    try:
        return until_done(given.unbind, _invoked(op, _bound(op, given, kwargs), args, kwargs, alias))
    except BaseException:
        given.unbind()
        raise


def _invoked(
    op: OpDefinition, bound: Any, args: tuple[Any, ...], kwargs: dict[str, Any], alias: str | None
) -> Any:
    values = _values(op, args, kwargs, alias or op._name)
    for parameter, key in (op._resource_params or {}).items():
        values[parameter] = kwargs[parameter] if parameter in kwargs else as_given(bound.resources, key)
    plan = plan_of(op)
    if plan.config is not None:
        config = kwargs.get("config", NoValue)
        if config is NoValue:
            config = config_argument(plan.config, bound.op_config)
        values["config"] = config
    elif op._config_schema is not None:
        _ = bound.op_config  # raises what is wrong with it
    result = op._fn(bound, **values) if op._takes_context else op._fn(**values)
    return DirectResult(op, plan, alias or op._name, getattr(bound, "observe_output", None)).of(result)


def _bound(op: OpDefinition, given: UnboundContext, kwargs: Mapping[str, Any]) -> DirectOpContext:
    from treadle._run.invoke import require_resources

    by_argument = {k: kwargs[p] for p, k in (op._resource_params or {}).items() if p in kwargs}
    known = given.resources_for(by_argument)
    if op._takes_context or op._resource_params:
        require_resources(op._required_resource_keys, set(known), f"op '{op._name}'")
    config = kwargs.get("config") if plan_of(op).config is not None else None
    if config is not None and given._given_config:
        raise DagsterInvalidInvocationError("Cannot provide config in both context and kwargs")
    step: Any = UnboundStep(known, op._name, given._partitions)
    bound = DirectOpContext(op, step, given._state)  # type: ignore[arg-type]
    bound._calls = given._calls
    bound._given_config = given._given_config
    bound.__dict__.update(getattr(given, "__dict__", {}))  # what a test put in the place of methods
    bound._log = given.log  # and of the log's
    bound._resources = Resources(known.__getitem__, frozenset(known))
    return bound


def _values(op: OpDefinition, args: tuple[Any, ...], kwargs: Mapping[str, Any], alias: str) -> dict[str, Any]:
    inputs = [i for i in op._inputs if not i.nothing]
    for given in op._inputs:
        if given.nothing and given.name in kwargs:
            raise DagsterInvalidInvocationError(
                f"Attempted to provide value for nothing input '{given.name}'. Nothing dependencies are"
                " ignored"
                " when directly invoking ops."
            )
    others = {*(op._resource_params or {}), *(("config",) if plan_of(op).config is not None else ())}
    if len(args) + len(set(kwargs) - others) > len(inputs) and not op._kwargs_param:
        told = (
            "This may be because you attempted to provide a value for a nothing dependency. Nothing"
            " dependencies are ignored when directly invoking ops."
            if len(inputs) < len(op._inputs)
            else "This may be because an argument was provided for the context parameter, but no context"
            " parameter was defined for the op."
        )
        raise DagsterInvalidInvocationError(
            f"Too many input arguments were provided for op '{alias}'. {told}"
        )
    by_name: tuple[str, ...] = ()  # what only `**kwargs` of the function takes
    if op._kwargs_param:
        code = op._fn.__code__
        positional = code.co_argcount - op._takes_context
        named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        by_name = tuple(i.name for i in inputs if i.name not in named)
        if len(args) > positional:
            raise DagsterInvalidInvocationError(
                f"op '{op._name}' has {positional} positional inputs, but {len(args)} positional inputs were"
                " provided."
            )
    values = {i.name: v for i, v in zip(inputs, args)}
    plan = plan_of(op)
    for key, value in kwargs.items():
        if key in values:
            raise DagsterInvalidInvocationError(f"op {op._name} got multiple values for argument '{key}'")
        if any(i.name == key for i in inputs) or op._kwargs_param:
            values[key] = value
    for given in inputs:
        if given.name not in values:
            if given.name in by_name:
                continue
            if given.default is NoValue:
                raise DagsterInvalidInvocationError(f'No value provided for required input "{given.name}".')
            values[given.name] = given.default
    unknown = [k for k in kwargs if k not in values and k not in others]
    if unknown:
        raise DagsterInvalidInvocationError(f"op '{op._name}' has no input '{unknown[0]}'.")
    for index, given in enumerate(op._inputs):
        expected = plan.input_types[index]
        wrong = expected.misfit(values[given.name]) if expected and given.name in values else None
        if wrong is not None:
            raise DagsterTypeCheckDidNotPass.of(
                f'Type check failed for op input "{given.name}" - expected type "{label_of(expected)}".'
                f" Description: {wrong}",
                wrong,
            )
    return values
