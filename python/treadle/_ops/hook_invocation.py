"""Calling a hook directly, as tests do: `build_hook_context`."""

from __future__ import annotations

from treadle._errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from treadle._ops.hooks import HookContext
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any, NoReturn

    from treadle._ops.composition import PendingNodeInvocation
    from treadle._ops.hooks import HookDefinition
    from treadle._ops.ops import OpDefinition
    from treadle._run.instance import DagsterInstance


def _unset(name: str, kind: str = "property") -> NoReturn:
    raise DagsterInvalidPropertyError(
        f"The {name} {kind} is not set when a `HookContext` is constructed from `build_hook_context`."
    )


def _given(value: Any, name: str) -> Any:
    if value is None:
        raise DagsterInvalidPropertyError(
            f"Attribute '{name}' was not provided when constructing context. Provide a value for the '{name}'"
            " parameter on 'build_hook_context'. To learn more, check out the testing hooks section of"
            " Dagster's concepts docs:"
            " https://legacy-docs.dagster.io/concepts/ops-jobs-graphs/op-hooks#testing-hooks"
        )
    return value


class UnboundHookContext(HookContext):
    """What a test says of the step that has ended. Resources that clean up make it a context manager."""

    def __init__(
        self,
        resources: Mapping[str, Any],
        op: OpDefinition | PendingNodeInvocation | None,
        run_id: str | None,
        job_name: str | None,
        op_exception: BaseException | None,
        instance: DagsterInstance | None,
    ) -> None:
        from treadle._resources.building import ResourceScope
        from treadle._resources.context import free_logger
        from treadle._resources.definition import definitions_of

        self._log = free_logger()
        self._scope = ResourceScope(definitions_of(resources), {}, instance, self._log)
        self._opened = self._scope.open(list(resources))
        self._keys = frozenset(resources)
        self._op = _node_of(op) if op is not None else None
        self._run_id = run_id
        self._job_name = job_name
        self._exception = op_exception
        self._instance = instance
        self._entered = False
        self._bound_to: HookDefinition | None = None

    def bind(self, definition: HookDefinition) -> UnboundHookContext:
        for key in sorted(definition.required_resource_keys):
            if key not in self._keys:
                raise DagsterInvalidDefinitionError(
                    f"resource with key '{key}' required by hook '{definition.name}'  was not provided."
                    f" Please provide a ResourceDefinition to key '{key}', or change the required key to one"
                    " of the following keys which points to an ResourceDefinition:"
                    f" {sorted(self._keys)}"
                )
        bound = object.__new__(_BoundHookContext)
        bound.__dict__.update(self.__dict__)
        bound._opened = self.resources
        bound._bound_to = definition
        return bound

    def __enter__(self) -> UnboundHookContext:
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self._scope.close()

    def __del__(self) -> None:
        scope = self.__dict__.get("_scope")
        if scope is not None and scope.cleans_up and not self._entered:
            scope.close()

    @property
    def hook_def(self) -> HookDefinition:
        return self._bound_to if self._bound_to is not None else _unset("hook_def")

    @property
    def required_resource_keys(self) -> AbstractSet[str]:
        return self.hook_def.required_resource_keys

    @property
    def job_name(self) -> str:
        return str(_given(self._job_name, "job_name"))

    @property
    def run_id(self) -> str:
        return str(_given(self._run_id, "run_id"))

    @property
    def op(self) -> Any:
        return _given(self._op, "op")

    @property
    def step(self) -> NoReturn:
        _unset("step")

    @property
    def step_key(self) -> NoReturn:
        _unset("step_key")

    @property
    def op_config(self) -> NoReturn:
        _unset("op_config")

    @property
    def op_output_values(self) -> NoReturn:
        _unset("op_output_values", "method")

    @property
    def op_output_metadata(self) -> NoReturn:
        _unset("op_output_metadata", "method")

    @property
    def log(self) -> Any:
        return self._log

    @property
    def op_exception(self) -> BaseException | None:
        return self._exception

    @property
    def resources(self) -> Any:
        if self._scope.cleans_up and not self._entered:
            raise DagsterInvariantViolationError(
                "At least one provided resource is a generator, but attempting to access resources outside of"
                " context manager scope. You can use the following syntax to open a context manager: `with"
                " build_hook_context(...) as context:`"
            )
        return self._opened

    @property
    def instance(self) -> DagsterInstance:
        if self._instance is None:
            raise DagsterInvariantViolationError(
                "Tried to access the HookContext instance, but no instance was provided to"
                " `build_hook_context`."
            )
        return self._instance


class _BoundHookContext(UnboundHookContext):
    """The same as the hook itself is given it. What was opened is closed by the context that opened it."""

    def __del__(self) -> None: ...

    @property
    def resources(self) -> Any:
        return self._opened


def _node_of(op: OpDefinition | PendingNodeInvocation) -> Any:
    """The op as a node of a graph."""
    from treadle._ops.graphs import compose

    def hook_context_container() -> None:
        op()

    return compose(hook_context_container, "hook_context_container", "@graph", None, None, None, None).nodes[
        0
    ]


def build_hook_context(
    resources: Mapping[str, Any] | None = None,
    op: OpDefinition | PendingNodeInvocation | None = None,
    run_id: str | None = None,
    job_name: str | None = None,
    op_exception: BaseException | None = None,
    instance: DagsterInstance | None = None,
) -> UnboundHookContext:
    """A context for calling hooks directly:

    with build_hook_context(resources={"slack": slack}, op=train) as context:
        tell_slack(context)
    """
    return UnboundHookContext(resources or {}, op, run_id, job_name, op_exception, instance)


def invoke_hook(hook: HookDefinition, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    from inspect import signature

    fn = hook.decorated_fn
    if fn is None:
        raise DagsterInvalidInvocationError(
            "Only hook definitions created using one of the hook decorators can be invoked."
        )
    names = list(signature(fn).parameters)
    count = len(args) + len(kwargs)
    if len(names) == 2 and count != 2:
        raise DagsterInvalidInvocationError(
            f"Decorated function expects two parameters, context and event_list, but {count} were provided."
        )
    if len(names) != 2 and count != 1:
        raise DagsterInvalidInvocationError(
            f"Decorated function expects one parameter, {names[0]}, but {count} were provided."
        )
    values = dict(zip(names, args))
    for name in names[len(args) :]:
        if name not in kwargs:
            raise DagsterInvalidInvocationError(
                f"Could not find expected argument '{name}'. Provided kwargs: {list(kwargs)}"
            )
        values[name] = kwargs[name]
    given, *events = values.values()
    if given is not None and not isinstance(given, HookContext):
        raise ParameterCheckError(
            f'Param "{names[0]}" is not a HookContext. Got {given!r} which is type {type(given)}.'
        )
    context = build_hook_context() if given is None else given
    bound = context.bind(hook) if isinstance(context, UnboundHookContext) else context
    return fn(bound, *events)
