"""Hooks: functions called when a step has succeeded or failed. What they do changes nothing about the
step.
"""

from __future__ import annotations

from treadle._assets.rules import check_name
from treadle._errors import DagsterInvalidDefinitionError, DagsterInvalidInvocationError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle import _core
    from treadle._run.instance import DagsterInstance
    from treadle._typing import UserFn


class HookContext:
    """What a hook is told about the step that has ended."""

    def __init__(self, hook: _core.Hook, definition: HookDefinition) -> None:
        self._hook = hook
        self._definition = definition

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
        return _outputs(self)

    @property
    def op_config(self) -> Any:
        from treadle._ops.steps import config_of_step

        return config_of_step(self._hook.run_id, self._hook.job_name, self._hook.step_key)

    @property
    def instance(self) -> DagsterInstance:
        from treadle._run import steps
        from treadle._run.instance import DagsterInstance

        state = steps.states.get(self.run_id)
        if state is not None and state.instance is not None:
            return state.instance
        return DagsterInstance.from_home(steps.home) if steps.home else DagsterInstance.get()


def _outputs(context: HookContext) -> dict[str, Any]:
    from treadle._ops.steps import op_of_step

    values: dict[str, Any] = {}
    op = op_of_step(context.run_id, context.job_name, context.step_key)
    for index, mapping_key, value in context._hook.outputs():
        name = op._outputs[index].name if op is not None else str(index)
        if mapping_key:
            values.setdefault(name, {})[mapping_key] = value
        else:
            values[name] = value
    return values


class HookedOp:
    """The op whose step has ended: its name in the graph."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class HookDefinition:
    """A hook. Made by @success_hook and @failure_hook."""

    def __init__(
        self, name: str, hook_fn: UserFn, on: str, required_resource_keys: AbstractSet[str] | None
    ) -> None:
        self.name = check_name(name)
        self.hook_fn = hook_fn
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self._on = on

    def __repr__(self) -> str:
        return f"<HookDefinition {self.name!r}>"

    @property
    def decorated_fn(self) -> UserFn:
        return self.hook_fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself with a context, as tests do. Used as a decorator of a job it is added to
        it.
        """
        from treadle._ops.jobs import OpJobDefinition

        if len(args) == 1 and isinstance(args[0], OpJobDefinition):
            return args[0].with_hooks({self})
        if len(args) + len(kwargs) != 1:
            raise DagsterInvalidInvocationError(
                f"Decorated function expects one parameter, 'context', but {len(args) + len(kwargs)} were"
                " provided."
            )
        return self.hook_fn(*(args or kwargs.values()))

    def _run(self, hook: _core.Hook) -> bool:
        """Called by the core: whether this hook was meant for a step that ended so."""
        if hook.ended != self._on:
            return False
        self.hook_fn(HookContext(hook, self))
        return True


def told_hooks(hooks: Iterable[HookDefinition]) -> list[tuple[str, list[str], HookDefinition]]:
    return [
        (h.name, sorted(h.required_resource_keys), h) for h in sorted(hooks, key=lambda h: (h.name, id(h)))
    ]


def _declare(fn: UserFn, name: object, on: str, keys: AbstractSet[str] | None) -> HookDefinition:
    code = getattr(fn, "__code__", None)
    if code is not None and code.co_argcount != 1:
        raise DagsterInvalidDefinitionError(
            f"@{on}_hook '{fn.__name__}' decorated function does not have required positional parameter"
            " 'context'. Hook functions should only have keyword arguments that match input names and a first"
            " positional parameter named 'context'."
        )
    return HookDefinition(name if isinstance(name, str) else fn.__name__, fn, on, keys)


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
