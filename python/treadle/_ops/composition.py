"""Composition: what calling ops and graphs inside a @job or @graph function means."""

from __future__ import annotations

from treadle._assets.rules import check_name
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvariantViolationError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any, NoReturn

    from treadle._ops.hooks import HookDefinition
    from treadle._run.policies import RetryPolicy


class _Composition:
    """The nodes invoked so far in the function that composes a graph or job."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.nodes: dict[str, Invocation] = {}
        self.used: dict[str, int] = {}
        self.pending: dict[str, PendingNodeInvocation] = {}

    @property
    def label(self) -> str:
        return f"{self.source} {self.name}"

    def add(self, pending: PendingNodeInvocation, bindings: dict[str, Any]) -> str:
        node_def, alias = pending.node_def, pending.given_alias
        name = alias or node_def._name
        self.pending.pop(name, None)
        if alias is None:
            count = self.used[name] = self.used.get(name, 0) + 1
            if count > 1:
                name = f"{name}_{count}"
        if name in self.nodes:
            raise DagsterInvalidDefinitionError(
                f"{self.label} invoked the same node ({name}) twice without aliasing."
            )
        for other in self.nodes.values():
            if other.definition._name == node_def._name and other.definition is not node_def:
                raise DagsterInvalidDefinitionError(
                    f'Detected conflicting node definitions with the same name "{node_def._name}"'
                )
        self.nodes[name] = Invocation(
            name, node_def, bindings, pending.tags or {}, pending.hook_defs, pending.retry_policy
        )
        return name


_stack: list[_Composition] = []


class Invocation:
    """One node of a graph: its definition, and what its inputs are bound to."""

    __slots__ = ("bindings", "definition", "hooks", "name", "retry_policy", "tags")

    def __init__(
        self,
        name: str,
        definition: Node,
        bindings: dict[str, Any],
        tags: Mapping[str, str],
        hooks: AbstractSet[HookDefinition],
        retry_policy: RetryPolicy | None,
    ) -> None:
        self.name = name
        self.definition = definition
        self.bindings = bindings
        self.tags = tags
        self.hooks = hooks
        self.retry_policy = retry_policy


# --- what invocations give back


class InvokedNodeOutputHandle:
    """An output of an invoked node; `node_name` "" is the graph's own input."""

    __slots__ = ("node_name", "node_type", "output_name")
    _what = "output"

    def __init__(self, node_name: str, output_name: str, node_type: str) -> None:
        self.node_name = node_name
        self.output_name = output_name
        self.node_type = node_type

    def describe_node(self) -> str:
        return f"{self.node_type} '{self.node_name}'"

    def _refuse(self, tried: str, where: str, cure: str) -> DagsterInvariantViolationError:
        return DagsterInvariantViolationError(
            f"{tried} {type(self).__name__}. This object represents the {self._what}"
            f' "{self.output_name}" from the {where}. {cure}'
        )

    def __iter__(self) -> NoReturn:
        raise self._refuse(
            "Attempted to iterate over an",
            f'op/graph "{self.node_name}"',
            "Consider defining multiple Outs if you seek to pass different parts of this output to different"
            " op/graph.",
        )

    def __getitem__(self, index: object) -> NoReturn:
        raise self._refuse(
            "Attempted to index in to an",
            self.describe_node(),
            "Consider defining multiple Outs if you seek to pass different parts of this output to different"
            f" {self.node_type}s.",
        )

    def alias(self, _: object) -> NoReturn:
        raise self._refuse(
            f"{_place()} attempted to call alias method for",
            f"already invoked {self.describe_node()}",
            "Consider checking the location of parentheses.",
        )

    def with_hooks(self, _: object) -> NoReturn:
        raise self._refuse(
            f"{_place()} attempted to call hook method for",
            f"already invoked {self.describe_node()}",
            "Consider checking the location of parentheses.",
        )


class InvokedNodeDynamicOutputWrapper(InvokedNodeOutputHandle):
    """A dynamic output, or what follows from one by `map`."""

    __slots__ = ()
    _what = "dynamic out"

    def __iter__(self) -> NoReturn:
        raise self._refuse("Attempted to iterate over an", self.describe_node(), _USE_MAP)

    def __getitem__(self, index: object) -> NoReturn:
        raise self._refuse("Attempted to index in to an", self.describe_node(), _USE_MAP)

    def map(self, fn: Callable[[Any], Any]) -> Any:
        """Calls `fn` once, with a handle that stands for each value; what it gives back stays dynamic."""
        if not callable(fn):
            raise CheckError(f"Must be callable. Got {fn!r}.")
        result = fn(InvokedNodeOutputHandle(self.node_name, self.output_name, self.node_type))
        if isinstance(result, InvokedNodeDynamicOutputWrapper):
            return result
        if isinstance(result, InvokedNodeOutputHandle):
            return InvokedNodeDynamicOutputWrapper(result.node_name, result.output_name, result.node_type)
        if isinstance(result, tuple) and all(isinstance(r, InvokedNodeOutputHandle) for r in result):
            parts = [InvokedNodeDynamicOutputWrapper(r.node_name, r.output_name, r.node_type) for r in result]
            return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
        if result is None:
            return None
        raise CheckError(
            "Failure condition: Could not handle output from map function invoked on"
            f" {self.node_name}:{self.output_name}, received {result}"
        )

    def collect(self) -> Collected:
        """All values as one list."""
        return Collected(self.node_name, self.output_name)


def _place() -> str:
    return f"In {_stack[-1].label}," if _stack else "Outside of a composition,"


_USE_MAP = (
    'Use the "map" method on this object to create downstream dependencies that will be cloned for each'
    " DynamicOut that is resolved at runtime."
)


class Collected:
    """A list over the values of a dynamic output."""

    __slots__ = ("node_name", "output_name")

    def __init__(self, node_name: str, output_name: str) -> None:
        self.node_name = node_name
        self.output_name = output_name


class ReadAsset:
    """An asset as the input of an op: its latest value is loaded."""

    __slots__ = ("asset", "key")
    node_name = "(asset)"

    def __init__(self, key: Any, asset: Any) -> None:
        self.key = key
        self.asset = asset


# --- what can be invoked


class Node:
    """An op or a graph."""

    node_type = "node"
    _name: str
    description: str | None
    _inputs: list[Any]
    _outputs: list[Any]
    _place: tuple[str, int]

    @property
    def name(self) -> str:
        return self._name

    @property
    def node_type_str(self) -> str:
        return self.node_type

    def describe_node(self) -> str:
        return f"{self.node_type} '{self._name}'"

    def _pending(self) -> PendingNodeInvocation:
        return PendingNodeInvocation(self, None, None, frozenset(), None, False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._pending()(*args, **kwargs)

    def _direct(self, args: tuple[Any, ...], kwargs: dict[str, Any], alias: str | None = None) -> Any:
        raise DagsterInvariantViolationError(
            f"Attempted to call {self.node_type} '{alias or self._name}' outside of a composition function."
            f" Invoking {self.node_type}s is only valid in a function decorated with @job or @graph."
        )

    def alias(self, name: str) -> PendingNodeInvocation:
        """The same under another name in the graph that is being composed."""
        return self._pending().alias(name)

    def tag(self, tags: Mapping[str, Any] | None) -> PendingNodeInvocation:
        return self._pending().tag(tags)

    def with_hooks(self, hook_defs: AbstractSet[HookDefinition]) -> PendingNodeInvocation:
        return self._pending().with_hooks(hook_defs)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNodeInvocation:
        return self._pending().with_retry_policy(retry_policy)


class PendingNodeInvocation:
    """A node with an alias, tags, hooks or a retry policy, about to be invoked."""

    __slots__ = ("given_alias", "hook_defs", "node_def", "retry_policy", "tags")

    def __init__(
        self,
        node_def: Node,
        given_alias: str | None,
        tags: Mapping[str, str] | None,
        hook_defs: AbstractSet[HookDefinition],
        retry_policy: RetryPolicy | None,
        announce: bool = True,
    ) -> None:
        self.node_def = node_def
        self.given_alias = check_name(given_alias) if given_alias is not None else None
        self.tags = tags
        self.hook_defs = hook_defs
        self.retry_policy = retry_policy
        if announce and _stack:
            _stack[-1].pending[given_alias or node_def._name] = self

    def _with(self, **changes: Any) -> PendingNodeInvocation:
        given = {s: getattr(self, s) for s in PendingNodeInvocation.__slots__}
        return PendingNodeInvocation(**{**given, **changes})

    def alias(self, name: str) -> PendingNodeInvocation:
        return self._with(given_alias=name)

    def tag(self, tags: Mapping[str, Any] | None) -> PendingNodeInvocation:
        return self._with(tags={**(self.tags or {}), **{str(k): str(v) for k, v in (tags or {}).items()}})

    def with_hooks(self, hook_defs: AbstractSet[HookDefinition]) -> PendingNodeInvocation:
        return self._with(hook_defs=frozenset(hook_defs) | self.hook_defs)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNodeInvocation:
        return self._with(retry_policy=retry_policy)

    def describe_node(self) -> str:
        return f"{self.node_def.node_type} '{self.given_alias or self.node_def._name}'"

    def to_job(self, name: str | None = None, hooks: Iterable[HookDefinition] = (), **given: Any) -> Any:
        from treadle._ops.graphs import GraphDefinition

        if not isinstance(self.node_def, GraphDefinition):
            raise DagsterInvalidInvocationError(
                "Attemped to call `to_job` on a non-graph.  Only graphs constructed using the `@graph`"
                " decorator support this method."
            )
        return self.node_def.to_job(
            name or self.given_alias, hooks=frozenset(hooks) | self.hook_defs, **given
        )

    def execute_in_process(self, **given: Any) -> Any:
        from treadle._ops.graphs import GraphDefinition

        if not isinstance(self.node_def, GraphDefinition):
            raise DagsterInvalidInvocationError(
                "Attemped to call `execute_in_process` on a non-graph.  Only graphs constructed using the"
                " `@graph` decorator support this method."
            )
        resources = given.pop("resources", None)
        job = self.to_job(resource_defs=resources, input_values=given.pop("input_values", None))
        return job.execute_in_process(**given)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        node_def = self.node_def
        name = self.given_alias or node_def._name
        if not _stack:
            return node_def._direct(args, kwargs, self.given_alias)
        label = _stack[-1].label
        bindings: dict[str, Any] = {}
        inputs = node_def._inputs
        if len(args) > len(inputs):
            raise DagsterInvalidDefinitionError(
                f"In {label}, received too many inputs for invocation {name}. Only {len(inputs)} defined,"
                f" received {len(args)}"
            )
        for position, given in enumerate(args):
            bindings[inputs[position].name] = self._bound(
                given, inputs[position].name, f"(at position {position})", name, label
            )
        known = {i.name for i in inputs}
        for key, given in kwargs.items():
            if key in bindings:
                raise DagsterInvalidInvocationError(
                    f"{node_def.node_type} {name} got multiple values for argument '{key}'"
                )
            if key not in known:
                raise DagsterInvalidDefinitionError(
                    f'{_stack[-1].source} "{_stack[-1].name}": {node_def.node_type} "{name}" does not have'
                    f' input "{key}". Available inputs: {[i.name for i in inputs]}'
                )
            bindings[key] = self._bound(given, key, "(passed by keyword)", name, label)
        return self._handles(_stack[-1].add(self, bindings))

    def _handles(self, node_name: str) -> Any:
        node_def = self.node_def
        handles = {
            o.name: (InvokedNodeDynamicOutputWrapper if o.is_dynamic else InvokedNodeOutputHandle)(
                node_name, o.name, node_def.node_type
            )
            for o in node_def._outputs
        }
        if not handles:
            return None
        if len(handles) == 1:
            return next(iter(handles.values()))
        from collections import namedtuple

        return namedtuple(f"_{node_def._name}_outputs", list(handles))(**handles)

    def _bound(self, given: Any, key: str, place: str, name: str, label: str) -> Any:
        kind = self.node_def.node_type
        if isinstance(given, InvokedNodeDynamicOutputWrapper):
            raise DagsterInvalidDefinitionError(
                f"In {label}, received the dynamic output {given.output_name} from {given.describe_node()}"
                " directly. Dynamic output must be unpacked by invoking map or collect."
            )
        if isinstance(given, (InvokedNodeOutputHandle, Collected)):
            return given
        if isinstance(given, list):
            for index, one in enumerate(given):
                if not isinstance(one, InvokedNodeOutputHandle) or isinstance(
                    one, InvokedNodeDynamicOutputWrapper
                ):
                    raise DagsterInvalidDefinitionError(
                        f"In {label}, received a list containing an invalid type at index {index} for input"
                        f' "{key}" {place} in {kind} invocation {name}. Lists can only contain the output'
                        f" from previous op invocations or input mappings, received {type(one)}"
                    )
            return list(given)
        if isinstance(given, tuple) and given and all(isinstance(g, InvokedNodeOutputHandle) for g in given):
            fields = getattr(given, "_fields", ())
            raise DagsterInvalidDefinitionError(
                f'In {label}, received a tuple of multiple outputs for input "{key}" {place} in {kind}'
                f" invocation {name}. Must pass individual output, available from tuple: {fields}"
            )
        if isinstance(given, (Node, PendingNodeInvocation)):
            raise DagsterInvalidDefinitionError(
                f'In {label}, received an un-invoked {given.describe_node()}  for input "{key}" {place} in'
                f' {given.describe_node()} invocation "{name}". Did you forget parentheses?'
            )
        if hasattr(given, "_check_specs"):
            outputs = given._outputs
            if len(outputs) != 1:
                raise DagsterInvalidDefinitionError(
                    f"In {label}, an AssetsDefinition with multiple outputs was passed as an argument to"
                    f" {kind} '{name}'. Only AssetsDefinitions with exactly one output can be passed as op"
                    " inputs."
                )
            return ReadAsset(outputs[0].key, given)
        if type(given).__name__ in ("SourceAsset", "AssetSpec"):
            return ReadAsset(given.key, given)
        raise DagsterInvalidDefinitionError(
            f'In {label}, received invalid type {type(given)} for input "{key}" {place} in {kind} invocation'
            f' "{name}". Must pass the output from previous node invocations or inputs to the composition'
            " function as inputs when invoking nodes during composition."
        )


def _warn_of_pending(composition: _Composition) -> None:
    for pending in composition.pending.values():
        import warnings

        kind, name = pending.node_def.node_type, pending.node_def._name
        text = f"While in {composition.source} context '{composition.name}', received an uninvoked {kind}"
        text += f" '{name}'.\n"
        if pending.given_alias:
            text += f"'{name}' was aliased as '{pending.given_alias}'.\n"
        if pending.tags:
            text += f"Provided tags: {pending.tags}.\n"
        if pending.hook_defs:
            text += f"Provided hook definitions: {[h.name for h in pending.hook_defs]}.\n"
        warnings.warn(text.strip(), stacklevel=5)
