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
    ReadAsset,
    _Composition,
    _stack,
    _warn_of_pending,
)
from treadle._ops.config_mapping import mapping_of
from treadle._ops.dependencies import check_node_defs, graph_inputs, graph_outputs, wire
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._ops.config_mapping import ConfigMapping
    from treadle._ops.dependencies import InputMapping, NodeInvocation, OutputMapping
    from treadle._ops.hooks import HookDefinition
    from treadle._ops.jobs import OpJobDefinition
    from treadle._run.executors import ExecutorDefinition
    from treadle._run.policies import RetryPolicy
    from treadle._types.dagster_type import DagsterType
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

    __slots__ = ("default", "description", "metadata", "name", "nodes", "nothing", "type")

    def __init__(self, name: str, description: str | None, default: Any, nothing: bool) -> None:
        from treadle._assets.specs import NoValue

        self.nodes: Mapping[str, Invocation] = {}  # of its graph
        self.name = name
        self.description = description
        self.default = default
        self.nothing = nothing
        self.metadata: dict[str, Any] = {}
        self.type: Any = Nothing if nothing else NoValue

    @property
    def dagster_type(self) -> DagsterType:
        """That of the inputs which it is mapped to, when they have all the same; else any."""
        from treadle._types.dagster_type import resolve_dagster_type

        found: dict[str, DagsterType] = {}
        for node, given, index in mapped_inputs(self.nodes, self.name):
            inner: Any = next(i for i in node.definition._inputs if i.name == given)
            of_inner = inner.dagster_type
            if index is not None:
                of_inner = getattr(of_inner, "inner_type", None) or resolve_dagster_type(None)
            found[of_inner.key] = of_inner
        return next(iter(found.values())) if len(found) == 1 else resolve_dagster_type(None)


def mapped_inputs(nodes: Mapping[str, Invocation], name: str) -> Iterable[tuple[Invocation, str, int | None]]:
    """The inputs of nodes that an input of their graph goes to: (node, its input, place in a list)."""
    for node in nodes.values():
        for given, bound in node.bindings.items():
            if isinstance(bound, (list, tuple)):
                for index, one in enumerate(bound):
                    if name in _names_in(one):
                        yield node, given, index
            elif name in _names_in(bound):
                yield node, given, None


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
    __name__: str

    def __init__(
        self,
        name: str,
        *,
        description: str | None = None,
        node_defs: Sequence[Node] | None = None,
        dependencies: Mapping[str | NodeInvocation, Mapping[str, Any]] | None = None,
        input_mappings: Sequence[InputMapping] | None = None,
        output_mappings: Sequence[OutputMapping] | None = None,
        config: ConfigMapping | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        nodes = wire(name, check_node_defs(name, node_defs or ()), dependencies, list(input_mappings or ()))
        self._set(
            name,
            nodes,
            graph_inputs(input_mappings or (), nodes),
            graph_outputs(name, output_mappings or (), nodes),
            description,
            tags,
            config,
        )

    def _set(
        self,
        name: str,
        nodes: Mapping[str, Invocation],
        inputs: Iterable[GraphInput],
        outputs: Iterable[GraphOutput],
        description: str | None,
        tags: Mapping[str, Any] | None,
        config: ConfigMapping | None,
        place: tuple[str, int] = ("", 0),
    ) -> None:
        self._name = check_name(name)
        self._nodes = dict(nodes)
        self._inputs = list(inputs)
        for given in self._inputs:
            given.nodes = self._nodes
        self._outputs = list(outputs)
        self.description = description
        self.tags = {str(k): str(v) for k, v in (tags or {}).items()}
        self._config_mapping = config
        self._place = place
        self._told: tuple[Any, ...] | None = None
        # Of a configured graph: (the graph, its configuration or a function of another one, schema of that).
        self._configured: tuple[GraphDefinition, Any, Any] | None = None

    def __repr__(self) -> str:
        return f"<GraphDefinition {self._name!r}>"

    @property
    def input_defs(self) -> list[GraphInput]:
        return list(self._inputs)

    @property
    def output_defs(self) -> list[GraphOutput]:
        return list(self._outputs)

    @property
    def input_mappings(self) -> Sequence[InputMapping]:
        """Which inputs of its nodes its own go to."""
        from treadle._ops.dependencies import InputMapping

        return [
            InputMapping(i.name, node.name, name, index, i.description, i.dagster_type)
            for i in self._inputs
            for node, name, index in mapped_inputs(self._nodes, i.name)
        ]

    @property
    def output_mappings(self) -> Sequence[OutputMapping]:
        """Which outputs of its nodes its own are."""
        from treadle._ops.dependencies import OutputMapping

        return [
            OutputMapping(o.name, o.node, o.output, o.description, None, o.is_dynamic) for o in self._outputs
        ]

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

    @property
    def config_mapping(self) -> ConfigMapping | None:
        return self._config_mapping

    @property
    def has_config_mapping(self) -> bool:
        return self._config_mapping is not None

    @property
    def config_schema(self) -> Any:
        if self._configured is not None:
            return self._configured[2]
        return self._config_mapping.config_schema if self._config_mapping is not None else None

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> GraphDefinition:
        """The same under another name, the configuration that its mapping takes given or made by a
        function."""
        if self._config_mapping is None:
            raise DagsterInvalidDefinitionError(
                "Only graphs utilizing config mapping can be pre-configured. The graph"
                f' "{self._name}" does not have a config mapping, and thus has nothing to be configured.'
            )
        if name is None:
            raise CheckError("Param 'name' of configured is not a str: a configured graph needs a name.")
        other = object.__new__(GraphDefinition)
        other.__dict__.update(self.__dict__)
        other._name = check_name(name)
        other.description = description or self.description
        other._told = None
        other._configured = (self, config_or_config_fn, config_schema)
        return other

    def to_job(
        self,
        name: str | None = None,
        description: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        config: Any = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: Mapping[str, Any] | None = None,
        executor_def: ExecutorDefinition | None = None,
        hooks: AbstractSet[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        op_selection: Iterable[str] | None = None,
        partitions_def: object | None = None,
        asset_layer: object | None = None,
        input_values: Mapping[str, object] | None = None,
        run_tags: Mapping[str, object] | None = None,
        owners: Iterable[str] | None = None,
    ) -> OpJobDefinition:
        """A job that runs this graph."""
        from treadle._ops.jobs import OpJobDefinition

        unsupported("to_job", asset_layer=asset_layer)
        job = OpJobDefinition(
            graph_def=self,
            name=name or self._name,
            description=description or self.description,
            resource_defs=resource_defs,
            config=config,
            tags={**self.tags, **(tags or {})},
            run_tags=run_tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hook_defs=hooks,
            op_retry_policy=op_retry_policy,
            input_values=input_values,
            owners=owners,
            partitions_def=partitions_def,
        )
        return job.get_subset(op_selection=op_selection) if op_selection else job

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

    def _all_node_defs(self) -> Iterable[Node]:
        """The ops and graphs at any depth."""
        for node in self._nodes.values():
            yield node.definition
            if isinstance(node.definition, GraphDefinition):
                yield from node.definition._all_node_defs()

    def _all_read_assets(self) -> Iterable[ReadAsset]:
        for node in self._nodes.values():
            yield from (b for b in node.bindings.values() if isinstance(b, ReadAsset))
            if isinstance(node.definition, GraphDefinition):
                yield from node.definition._all_read_assets()

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
    config: ConfigMapping | None = None,
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
    made = object.__new__(GraphDefinition)
    made._set(
        name,
        composition.nodes,
        inputs,
        outputs,
        description or clean_doc(fn.__doc__),
        tags,
        config,
        (code.co_filename, code.co_firstlineno) if code is not None else ("", 0),
    )
    made.__name__ = fn.__name__
    made.__doc__ = fn.__doc__
    if any(o.is_dynamic for _, op in made._all_ops() for o in op._outputs):
        from treadle._ops.core import check_wiring

        check_wiring(made, source)
    return made


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
    return list(zip(["result"] if explicit is None else explicit, result))  # in order, whatever their names


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
    unsupported("@graph", input_defs=input_defs, output_defs=output_defs)

    def declare(fn: UserFn) -> GraphDefinition:
        called = name or fn.__name__
        mapping = mapping_of(config, f"@graph '{called}'")
        return compose(fn, called, "@graph", ins, out, description, tags, mapping)

    return declare(compose_fn) if compose_fn is not None else declare
