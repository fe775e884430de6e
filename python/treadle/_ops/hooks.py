"""Hooks: functions called when a step has succeeded or failed. What they do changes nothing about the
step.
"""

from __future__ import annotations

import json

from treadle._assets.rules import check_name
from treadle._errors import DagsterInvalidDefinitionError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle import _core
    from treadle._assets.definition import AssetsDefinition
    from treadle._run.instance import DagsterInstance
    from treadle._typing import UserFn


class HookContext:
    """What a hook is told about the step that has ended."""

    def __init__(
        self, hook: _core.Hook, definition: HookDefinition, asset: AssetsDefinition | None = None
    ) -> None:
        """`asset`: what the step makes, unless it is an op's."""
        self._hook = hook
        self._definition = definition
        self._asset = asset

    @property
    def hook_def(self) -> HookDefinition:
        return self._definition

    @property
    def run_id(self) -> str:
        return self._hook.run_id

    @property
    def job_name(self) -> str:
        return self._hook.job_name

    @property
    def step_key(self) -> str:
        return self._hook.step_key

    @property
    def op(self) -> HookedOp:
        return HookedOp(self._hook.op_name)

    @property
    def required_resource_keys(self) -> AbstractSet[str]:
        return self._definition.required_resource_keys

    @property
    def resources(self) -> Any:
        from treadle._resources.context import Resources

        hook = self._hook
        return Resources(lambda key: hook.resource(key).value, self._definition.required_resource_keys)

    @property
    def log(self) -> Any:
        from treadle._run.log import DagsterLogManager

        return DagsterLogManager(self._hook)  # type: ignore[arg-type]

    @property
    def op_exception(self) -> BaseException | None:
        """What the failed op raised; None after a success."""
        failure = self._hook.failure()
        if failure is None:
            return None
        message, error_class, _, origin = failure
        return origin if origin is not None else RuntimeError(f"{error_class}: {message}")

    @property
    def op_output_values(self) -> Mapping[str, Any]:
        """What the op handed over, by output; of a dynamic output a dict by mapping key."""
        return _by_output(self, lambda value, _: value)

    @property
    def op_output_metadata(self) -> Mapping[str, Any]:
        """The metadata of what it handed over, in the same form."""
        from treadle._events.metadata import metadata_from_json

        return _by_output(self, lambda _, told: metadata_from_json(json.loads(told or "{}")))

    @property
    def op_config(self) -> Any:
        from treadle._ops.steps import config_of_step
        from treadle._run.context import config_of_asset

        if self._asset is not None:
            return config_of_asset(self._asset, self.run_id)
        return config_of_step(self._hook.run_id, self._hook.job_name, self._hook.step_key)

    @property
    def instance(self) -> DagsterInstance:
        from treadle._run import steps
        from treadle._run.instance import DagsterInstance

        state = steps.states.get(self.run_id)
        if state is not None and state.instance is not None:
            return state.instance
        return DagsterInstance.from_home(steps.home) if steps.home else DagsterInstance.get()


def _by_output(context: HookContext, wanted: Callable[[Any, str], Any]) -> dict[str, Any]:
    """By the name of the output, and by mapping key where it is dynamic. `wanted` is given a value and its
    metadata, JSON or "".
    """
    from treadle._ops.steps import op_of_step

    found: dict[str, Any] = {}
    op: Any = context._asset
    if op is None:
        op = op_of_step(context.run_id, context.job_name, context.step_key)
    for index, mapping_key, value, metadata in context._hook.outputs():
        name = op._outputs[index].name if op is not None else str(index)
        if mapping_key:
            found.setdefault(name, {})[mapping_key] = wanted(value, metadata)
        else:
            found[name] = wanted(value, metadata)
    return found


class HookedOp:
    """The op whose step has ended: its name in the graph."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class HookDefinition:
    """A hook. Made by @success_hook and @failure_hook."""

    def __init__(
        self,
        *,
        name: str,
        hook_fn: UserFn,
        required_resource_keys: AbstractSet[str] | None = None,
        decorated_fn: UserFn | None = None,
        on: str | None = None,
    ) -> None:
        """`on`: the end of a step that `hook_fn` is called for, with a context; None: it is called for every
        end, with a context and the list of the step's events."""
        self.name = check_name(name)
        self.hook_fn = hook_fn
        self.decorated_fn = decorated_fn
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self._on = on

    def __repr__(self) -> str:
        return f"<HookDefinition {self.name!r}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself with a context of `build_hook_context`, as tests do. Used as a decorator
        of a job, graph or asset it is added to it.
        """
        from treadle._assets.definition import AssetsDefinition
        from treadle._ops.composition import Node
        from treadle._ops.hook_invocation import invoke_hook
        from treadle._ops.jobs import OpJobDefinition

        if args and isinstance(args[0], (OpJobDefinition, AssetsDefinition)):
            return args[0].with_hooks({self})
        if args and isinstance(args[0], Node):
            return args[0].with_hooks({self})
        return invoke_hook(self, args, kwargs)

    def _run(self, hook: _core.Hook, asset: AssetsDefinition | None = None) -> bool:
        """Called by the core: whether this hook was meant for a step that ended so."""
        context = HookContext(hook, self, asset)
        if self._on is None:
            events = [e for e in context.instance.all_logs(hook.run_id) if e.step_key == hook.step_key]
            result = self.hook_fn(context, [e.dagster_event for e in events if e.is_dagster_event])
            return not (isinstance(result, HookExecutionResult) and result.is_skipped)
        if hook.ended != self._on:
            return False
        self.hook_fn(context)
        return True


class HookExecutionResult(Record):
    """What a hook of `event_list_hook` may return: whether it had something to do."""

    __slots__ = _fields = ("hook_name", "is_skipped")
    hook_name: str
    is_skipped: bool

    def __init__(self, hook_name: str, is_skipped: bool | None = None) -> None:
        self.hook_name = hook_name
        self.is_skipped = bool(is_skipped)


class _HookOfAsset:
    """A hook together with the asset that it was added to."""

    def __init__(self, definition: HookDefinition, asset: AssetsDefinition) -> None:
        self._definition = definition
        self._asset = asset

    def _run(self, hook: _core.Hook) -> bool:
        return self._definition._run(hook, self._asset)


def told_hooks(
    hooks: Iterable[HookDefinition], asset: AssetsDefinition | None = None
) -> list[tuple[str, list[str], Any]]:
    """The core's form. `asset`: where they are those of an asset that is no graph."""
    return [
        (h.name, sorted(h.required_resource_keys), h if asset is None else _HookOfAsset(h, asset))
        for h in sorted(hooks, key=lambda h: (h.name, id(h)))
    ]


def _check_parameters(fn: UserFn, expected: tuple[str, ...]) -> None:
    from inspect import signature

    given = [p.name for p in signature(fn).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    for position, name in enumerate(expected):
        found = given[position] if position < len(given) else None
        if found is None or found not in (name, f"_{name}", f"{name}_", "_", "__"):
            raise DagsterInvalidDefinitionError(
                f"'{fn.__name__}' decorated function does not have required positional parameter '{name}'."
                " Hook functions should only have keyword arguments that match input names and a first"
                " positional parameter named 'context' and a second positional parameter named"
                " 'event_list'."
            )


def _declare(fn: UserFn, name: object, on: str | None, keys: AbstractSet[str] | None) -> HookDefinition:
    from functools import update_wrapper

    _check_parameters(fn, ("context",) if on is not None else ("context", "event_list"))
    made = HookDefinition(
        name=name if isinstance(name, str) else fn.__name__,
        hook_fn=fn,
        required_resource_keys=keys,
        decorated_fn=fn,
        on=on,
    )
    update_wrapper(made, fn)
    return made


def event_list_hook(
    hook_fn: UserFn | None = None,
    *,
    name: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    decorated_fn: UserFn | None = None,
) -> Any:
    """Declares a function to be called with all events of every step that has ended."""

    def declare(fn: UserFn) -> HookDefinition:
        made = _declare(fn, name, None, required_resource_keys)
        made.decorated_fn = decorated_fn or fn
        return made

    return declare(hook_fn) if hook_fn is not None else declare


@overload
def success_hook(hook_fn: UserFn, /) -> HookDefinition: ...
@overload
def success_hook(
    hook_fn: None = None, *, name: str | None = None, required_resource_keys: AbstractSet[str] | None = None
) -> Callable[[UserFn], HookDefinition]: ...


def success_hook(
    hook_fn: UserFn | None = None,
    *,
    name: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
) -> Any:
    """Declares a function to be called when a step has succeeded."""
    if hook_fn is not None:
        return _declare(hook_fn, None, "success", None)
    return lambda fn: _declare(fn, name, "success", required_resource_keys)


@overload
def failure_hook(name: UserFn, /) -> HookDefinition: ...
@overload
def failure_hook(
    name: str | None = None, required_resource_keys: AbstractSet[str] | None = None
) -> Callable[[UserFn], HookDefinition]: ...


def failure_hook(name: Any = None, required_resource_keys: AbstractSet[str] | None = None) -> Any:
    """Declares a function to be called when a step has failed for good."""
    if callable(name):
        return _declare(name, None, "failure", None)
    return lambda fn: _declare(fn, name, "failure", required_resource_keys)
