"""Graphs: ops wired together. `graph` declares one."""

from __future__ import annotations

from treadle._assets.rules import check_name, clean_doc, unsupported
from treadle._assets.specs import Nothing
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
)
from treadle._events.record import Record
from treadle._ops.composition import (
    Invocation,
    InvokedNodeDynamicOutputWrapper,
    InvokedNodeOutputHandle,
    Node,
    _Composition,
    _stack,
    _warn_of_pending,
)
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any, NoReturn

    from treadle._ops.hooks import HookDefinition
    from treadle._ops.jobs import OpJobDefinition
    from treadle._run.policies import RetryPolicy
    from treadle._typing import UserFn


class GraphIn(Record):
    """An input of a graph."""

    __slots__ = _fields = ("description",)
    description: str | None

    def __init__(self, description: str | None = None) -> None:
        self.description = description


class GraphOut(Record):
    """An output of a graph."""

    __slots__ = _fields = ("description",)
    description: str | None

    def __init__(self, description: str | None = None) -> None:
        self.description = description


class GraphInput:
    """An input of a graph definition."""

    __slots__ = ("default", "description", "metadata", "name", "nothing", "type")

    def __init__(self, name: str, description: str | None, default: Any, nothing: bool) -> None:
        from treadle._assets.specs import NoValue

        self.name = name
        self.description = description
        self.default = default
        self.nothing = nothing
        self.metadata: dict[str, Any] = {}
        self.type: Any = Nothing if nothing else NoValue


class GraphOutput:
    """An output of a graph definition: that of one of its nodes."""

    __slots__ = ("description", "is_dynamic", "name", "node", "output")

    def __init__(self, name: str, node: str, output: str, is_dynamic: bool, description: str | None) -> None:
        self.name = name
        self.node = node
        self.output = output
        self.is_dynamic = is_dynamic
        self.description = description


class GraphDefinition(Node):
    """Ops and graphs wired together. Made by @graph."""

    node_type = "graph"

    def __init__(
        self,
        name: str,
        *,
        nodes: Mapping[str, Invocation] | None = None,
        inputs: Iterable[GraphInput] = (),
        outputs: Iterable[GraphOutput] = (),
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        place: tuple[str, int] = ("", 0),
        **given: Any,
    ) -> None:
        if given:
            raise DagsterInvalidDefinitionError(
                f"GraphDefinition was given {', '.join(given)}, which this version of Treadle does not"
                " support"
                " yet. Compose the graph in a function decorated with @graph."
            )
        self._name = check_name(name)
        self._nodes = dict(nodes or {})
        self._inputs = list(inputs)
        self._outputs = list(outputs)
        self.description = description
        self.tags = {str(k): str(v) for k, v in (tags or {}).items()}
        self._place = place
        self._told: tuple[Any, ...] | None = None

    def __repr__(self) -> str:
        return f"<GraphDefinition {self._name!r}>"

    @property
    def input_defs(self) -> list[GraphInput]:
        return list(self._inputs)

    @property
    def output_defs(self) -> list[GraphOutput]:
        return list(self._outputs)

    @property
    def node_dict(self) -> Mapping[str, Invocation]:
        return dict(self._nodes)

    @property
    def nodes(self) -> list[Invocation]:
        return list(self._nodes.values())

    @property
    def node_defs(self) -> list[Node]:
        return list({id(n.definition): n.definition for n in self._nodes.values()}.values())

    def has_node_named(self, name: str) -> bool:
        return name in self._nodes

    def node_named(self, name: str) -> Invocation:
        if name not in self._nodes:
            raise CheckError(f"{self._name} has no op named {name}.")
        return self._nodes[name]

    def configured(self, *_: Any, **__: Any) -> NoReturn:
        raise DagsterInvalidDefinitionError(
            "GraphDefinition.configured is not supported by this version of Treadle yet. Give the ops their"
            " configuration (op.configured), or the job a config."
        )

    def to_job(
        self,
        name: str | None = None,
        description: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        config: Any = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: object | None = None,
        executor_def: object | None = None,
        hooks: AbstractSet[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        op_selection: object | None = None,
        partitions_def: object | None = None,
        asset_layer: object | None = None,
        input_values: Mapping[str, object] | None = None,
        run_tags: Mapping[str, object] | None = None,
        owners: Iterable[str] | None = None,
    ) -> OpJobDefinition:
        """A job that runs this graph."""
        from treadle._ops.jobs import OpJobDefinition

        unsupported(
            "to_job", op_selection=op_selection, partitions_def=partitions_def, asset_layer=asset_layer
        )
        return OpJobDefinition(
            self,
            name or self._name,
            description=description or self.description,
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            run_tags=run_tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hooks=hooks,
            op_retry_policy=op_retry_policy,
            input_values=input_values,
            owners=owners,
            source="@graph",
        )

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: Any = None,
        resources: Mapping[str, object] | None = None,
        raise_on_error: bool = True,
        op_selection: Any = None,
        run_id: str | None = None,
        input_values: Mapping[str, object] | None = None,
    ) -> Any:
        """Runs it in this process."""
        return self.to_job(input_values=input_values).execute_in_process(
            run_config=run_config,
            instance=instance,
            resources=resources,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
            run_id=run_id,
        )

    def _all_ops(self) -> Iterable[tuple[str, Any]]:
        """The ops with the keys of their steps."""
        for name, node in self._nodes.items():
            if isinstance(node.definition, GraphDefinition):
                for key, op in node.definition._all_ops():
                    yield f"{name}.{key}", op
            else:
                yield name, node.definition

    def _all_hooks(self) -> Iterable[HookDefinition]:
        for node in self._nodes.values():
            yield from node.hooks
            if isinstance(node.definition, GraphDefinition):
                yield from node.definition._all_hooks()


def compose(
    fn: UserFn,
    name: str,
    source: str,
    ins: Mapping[str, GraphIn] | None,
    out: GraphOut | Mapping[str, GraphOut] | None,
    description: str | None,
    tags: Mapping[str, Any] | None,
) -> GraphDefinition:
    """Calls the function once and keeps the nodes that it invokes."""
    inputs = _inputs_of(fn, ins or {}, source)
    composition = _Composition(name, source)
    _stack.append(composition)
    try:
        result = fn(
            **{i.name: InvokedNodeOutputHandle("", i.name, "graph input") for i in inputs if not i.nothing}
        )
    finally:
        _stack.pop()
    _warn_of_pending(composition)
    for given in inputs:
        given.nothing = _is_nothing(given.name, composition.nodes)
    outputs = _outputs_of(result, out, name, source, composition)
    for given in inputs:
        if not any(
            given.name in _names_in(b) for n in composition.nodes.values() for b in n.bindings.values()
        ):
            raise DagsterInvalidDefinitionError(
                f"{source} '{name}' has unmapped input '{given.name}'. Remove it or pass it to the"
                " appropriate"
                " op/graph invocation."
            )
    code = getattr(fn, "__code__", None)
    return GraphDefinition(
        name,
        nodes=composition.nodes,
        inputs=inputs,
        outputs=outputs,
        description=description or clean_doc(fn.__doc__),
        tags=tags,
        place=(code.co_filename, code.co_firstlineno) if code is not None else ("", 0),
    )


def _names_in(binding: Any) -> list[str]:
    """The graph's inputs that a node's input is bound to."""
    handles = binding if isinstance(binding, list) else [binding]
    return [h.output_name for h in handles if isinstance(h, InvokedNodeOutputHandle) and not h.node_name]


def _is_nothing(name: str, nodes: Mapping[str, Invocation]) -> bool:
    bound = [
        i
        for n in nodes.values()
        for i in n.definition._inputs
        if i.name in n.bindings and name in _names_in(n.bindings[i.name])
    ]
    return bool(bound) and all(i.nothing for i in bound)


def _inputs_of(fn: UserFn, ins: Mapping[str, GraphIn], source: str) -> list[GraphInput]:
    import inspect

    from treadle._assets.specs import NoValue

    inputs = []
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DagsterInvalidDefinitionError(
                f"{source} '{fn.__name__}' decorated function has positional vararg parameter"
                f" '{parameter.name}'. {source} decorated functions should only have keyword arguments that"
                " match input names and, if system information is required, a first positional parameter"
                " named 'context'."
            )
        default = NoValue if parameter.default is parameter.empty else parameter.default
        given = ins.get(parameter.name)
        inputs.append(GraphInput(parameter.name, given.description if given else None, default, False))
    strangers = [n for n in ins if n not in {i.name for i in inputs}]
    if strangers:
        raise DagsterInvalidDefinitionError(
            f"{source} '{fn.__name__}' decorated function does not have parameter(s)"
            f" '{', '.join(strangers)}', which are in provided input_defs. {source} decorated functions"
            " should"
            " only have keyword arguments that match input names and, if system information is required, a"
            " first positional parameter named 'context'."
        )
    return inputs


def _outputs_of(
    result: Any,
    out: GraphOut | Mapping[str, GraphOut] | None,
    name: str,
    source: str,
    composition: _Composition,
) -> list[GraphOutput]:
    explicit: dict[str, Any] | None = None
    if isinstance(out, GraphOut):
        explicit = {"result": out}
    elif out is not None:
        explicit = dict(out)
    elif source == "@job":
        explicit = {}  # a job hands over nothing by itself
        if isinstance(result, tuple):
            result = None

    def output(key: str, handle: InvokedNodeOutputHandle) -> GraphOutput:
        if not handle.node_name:
            raise DagsterInvalidDefinitionError(
                f"{source} '{name}' returns its own input '{handle.output_name}'. An output of a graph must"
                " be"
                " that of one of its nodes."
            )
        node = composition.nodes[handle.node_name].definition
        inner = next(o for o in node._outputs if o.name == handle.output_name)
        described = explicit[key].description if explicit and explicit.get(key) is not None else None
        return GraphOutput(
            key,
            handle.node_name,
            handle.output_name,
            inner.is_dynamic or isinstance(handle, InvokedNodeDynamicOutputWrapper),
            described,
        )

    found: dict[str, GraphOutput] = {}
    if isinstance(result, InvokedNodeOutputHandle):
        if explicit is not None and len(explicit) != 1:
            raise DagsterInvalidDefinitionError(
                f"Returned a single output ({result.node_name}.{result.output_name}) in {source} '{name}' but"
                f" {len(explicit)} outputs are defined. Return a dict to map defined outputs."
            )
        key = next(iter(explicit)) if explicit else "result"
        found[key] = output(key, result)
    elif isinstance(result, (tuple, dict)):
        pairs = _pairs(result, explicit, name, source)
        for key, handle in pairs:
            options = ["result"] if explicit is None else list(explicit)
            if key not in options:
                raise DagsterInvalidDefinitionError(
                    f"{source} '{name}' referenced key {key} which does not match any defined outputs. Valid"
                    f" options are: {options}"
                )
            if not isinstance(handle, InvokedNodeOutputHandle):
                raise DagsterInvalidDefinitionError(
                    f"{source} '{name}' returned problematic dict entry under key {key} of type"
                    f" {type(handle)}. Dict values must be outputs of invoked nodes"
                )
            found[key] = output(key, handle)
    elif result is not None:
        raise DagsterInvalidDefinitionError(
            f"{source} '{name}' returned problematic value of type {type(result)}. Expected return value from"
            " invoked node or dict mapping output name to return values from invoked nodes"
        )
    for key in explicit or ():
        if key not in found:
            raise DagsterInvalidDefinitionError(
                f"{source} '{name}' has unmapped output '{key}'. Remove it or return a value from the"
                " appropriate op/graph invocation."
            )
    return [found[k] for k in explicit] if explicit is not None else list(found.values())


def _pairs(result: Any, explicit: Mapping[str, Any] | None, name: str, source: str) -> list[tuple[str, Any]]:
    if isinstance(result, dict):
        return list(result.items())
    if not all(isinstance(r, InvokedNodeOutputHandle) for r in result):
        raise DagsterInvalidDefinitionError(
            f"{source} '{name}' returned problematic value of type {type(result)}. Expected return value from"
            " invoked node or dict mapping output name to return values from invoked nodes"
        )
    by_name = {r.output_name: r for r in result}
    names = list(explicit) if explicit is not None else list(by_name)
    if explicit is not None and set(by_name) != set(names) and len(names) == len(result):
        return list(zip(names, result))
    return list(by_name.items())


@overload
def graph(compose_fn: UserFn, /) -> GraphDefinition: ...
@overload
def graph(
    compose_fn: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    input_defs: object | None = None,
    output_defs: object | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    tags: Mapping[str, Any] | None = None,
    config: object | None = None,
) -> Callable[[UserFn], GraphDefinition]: ...


def graph(
    compose_fn: UserFn | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    input_defs: object | None = None,
    output_defs: object | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    tags: Mapping[str, Any] | None = None,
    config: object | None = None,
) -> Any:
    """Declares a graph by a function that calls ops and other graphs and wires them together."""
    unsupported("@graph", input_defs=input_defs, output_defs=output_defs, config=config)

    def declare(fn: UserFn) -> GraphDefinition:
        return compose(fn, name or fn.__name__, "@graph", ins, out, description, tags)

    return declare(compose_fn) if compose_fn is not None else declare
