"""Graphs from lists of nodes and dictionaries of dependencies, without a composing function."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._events.record import Record
from treadle._ops.composition import Collected, Invocation, InvokedNodeOutputHandle, Node
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._ops.graphs import GraphInput, GraphOutput
    from treadle._ops.hooks import HookDefinition
    from treadle._run.policies import RetryPolicy


class DependencyDefinition(Record):
    """An input takes its value from this output of a node."""

    __slots__ = _fields = ("node", "output", "description")
    node: str
    output: str
    description: str | None

    def __init__(self, node: str, output: str = "result", description: str | None = None) -> None:
        for name, value in (("node", node), ("output", output)):
            if not isinstance(value, str):
                raise CheckError(f"Param {name!r} of DependencyDefinition is not a str: {value!r}")
        self.node = node
        self.output = output
        self.description = description

    def get_node_dependencies(self) -> Sequence[DependencyDefinition]:
        return [self]

    def is_fan_in(self) -> bool:
        return False


class MappedInputPlaceholder:
    """In a MultiDependencyDefinition: the place of an input of the graph (InputMapping.fan_in_index)."""


class MultiDependencyDefinition(Record):
    """An input takes a list: of one value of each of these outputs, in this order."""

    __slots__ = _fields = ("dependencies",)
    dependencies: Sequence[DependencyDefinition | type[MappedInputPlaceholder]]

    def __init__(self, dependencies: Sequence[DependencyDefinition | type[MappedInputPlaceholder]]) -> None:
        seen = set()
        for one in dependencies:
            if one is MappedInputPlaceholder:
                continue
            if not isinstance(one, DependencyDefinition):
                raise CheckError(f"Unexpected dependencies entry {one}")
            if (one.node, one.output) in seen:
                raise DagsterInvalidDefinitionError(
                    f'Duplicate dependencies on node "{one.node}" output "{one.output}" used in the same'
                    " MultiDependencyDefinition."
                )
            seen.add((one.node, one.output))
        self.dependencies = dependencies

    def get_node_dependencies(self) -> Sequence[DependencyDefinition]:
        return [d for d in self.dependencies if isinstance(d, DependencyDefinition)]

    def get_dependencies_and_mappings(
        self,
    ) -> Sequence[DependencyDefinition | type[MappedInputPlaceholder]]:
        return self.dependencies

    def is_fan_in(self) -> bool:
        return True


class DynamicCollectDependencyDefinition(Record):
    """An input takes a list of all values of a dynamic output."""

    __slots__ = _fields = ("node_name", "output_name")
    node_name: str
    output_name: str

    def __init__(self, node_name: str, output_name: str) -> None:
        self.node_name = node_name
        self.output_name = output_name

    def get_node_dependencies(self) -> Sequence[DependencyDefinition]:
        return [DependencyDefinition(self.node_name, self.output_name)]

    def is_fan_in(self) -> bool:
        return True


class NodeInvocation(Record):
    """As a key of a dictionary of dependencies: one use of a node, with a name and more of its own."""

    __slots__ = _fields = ("name", "alias", "tags", "hook_defs", "retry_policy")
    name: str
    alias: str | None
    tags: Mapping[str, str]
    hook_defs: AbstractSet[HookDefinition]
    retry_policy: RetryPolicy | None

    def __init__(
        self,
        name: str,
        alias: str | None = None,
        tags: Mapping[str, str] | None = None,
        hook_defs: AbstractSet[HookDefinition] | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        self.name = name
        self.alias = alias
        self.tags = dict(tags or {})
        self.hook_defs = frozenset(hook_defs or ())
        self.retry_policy = retry_policy


class InputMapping(Record):
    """An input of a graph is that of one of its nodes."""

    __slots__ = _fields = (
        "graph_input_name",
        "mapped_node_name",
        "mapped_node_input_name",
        "fan_in_index",
        "graph_input_description",
        "dagster_type",
    )

    def __init__(
        self,
        graph_input_name: str,
        mapped_node_name: str,
        mapped_node_input_name: str,
        fan_in_index: int | None = None,
        graph_input_description: str | None = None,
        dagster_type: Any = None,
    ) -> None:
        self.graph_input_name = graph_input_name
        self.mapped_node_name = mapped_node_name
        self.mapped_node_input_name = mapped_node_input_name
        self.fan_in_index = fan_in_index
        self.graph_input_description = graph_input_description
        self.dagster_type = dagster_type


class OutputMapping(Record):
    """An output of a graph is that of one of its nodes."""

    __slots__ = _fields = (
        "graph_output_name",
        "mapped_node_name",
        "mapped_node_output_name",
        "graph_output_description",
        "dagster_type",
        "from_dynamic_mapping",
    )

    def __init__(
        self,
        graph_output_name: str,
        mapped_node_name: str,
        mapped_node_output_name: str,
        graph_output_description: str | None = None,
        dagster_type: Any = None,
        from_dynamic_mapping: bool = False,
    ) -> None:
        self.graph_output_name = graph_output_name
        self.mapped_node_name = mapped_node_name
        self.mapped_node_output_name = mapped_node_output_name
        self.graph_output_description = graph_output_description
        self.dagster_type = dagster_type
        self.from_dynamic_mapping = from_dynamic_mapping


def check_node_defs(graph_name: str, node_defs: Iterable[Any]) -> list[Node]:
    checked: list[Node] = []
    for one in node_defs:
        if isinstance(one, Node):
            checked.append(one)
        elif callable(one):
            raise DagsterInvalidDefinitionError(
                f"You have passed a lambda or function {one.__name__} into {graph_name} that is not a node."
                " You have likely forgetten to annotate this function with the @op or @graph decorators.'"
            )
        else:
            raise DagsterInvalidDefinitionError(f"Invalid item in node list: {one!r}")
    return checked


def wire(
    graph_name: str,
    node_defs: Sequence[Node],
    dependencies: Mapping[str | NodeInvocation, Mapping[str, Any]] | None,
    input_mappings: Iterable[InputMapping],
) -> dict[str, Invocation]:
    """The nodes of a graph by name, their inputs bound as the dictionary says."""
    by_name: dict[str, Node] = {}
    for definition in node_defs:
        known = by_name.get(definition.name)
        if known is not None and known is not definition:
            raise DagsterInvalidDefinitionError(
                f'Detected conflicting node definitions with the same name "{definition.name}"'
            )
        by_name[definition.name] = definition
    nodes: dict[str, Invocation] = {}
    told: dict[str, tuple[str, Mapping[str, Any]]] = {}
    used: set[str] = set()
    for key, bindings in (dependencies or {}).items():
        use = key if isinstance(key, NodeInvocation) else NodeInvocation(key)
        name = use.alias or use.name
        if use.name not in by_name:
            aliased = f' (aliased by "{name}" in dependency dictionary)' if use.alias else ""
            place = aliased or " in dependency dictionary"
            raise DagsterInvalidDefinitionError(
                f'Invalid dependencies: node "{use.name}"{place} not found in node list'
            )
        used.add(use.name)
        told[name] = (use.name, bindings)
        nodes[name] = Invocation(name, by_name[use.name], {}, use.tags, use.hook_defs, use.retry_policy)
    for definition in node_defs:
        if definition.name not in used and definition.name not in nodes:
            nodes[definition.name] = Invocation(definition.name, definition, {}, {}, frozenset(), None)
    for name, (_, bindings) in told.items():
        inputs = [i.name for i in nodes[name].definition._inputs]
        for key, dependency in bindings.items():
            if key not in inputs:
                raise DagsterInvalidDefinitionError(
                    f'Invalid dependencies: {nodes[name].definition.node_type} "{name}" does not have input'
                    f' "{key}". Available inputs: {inputs}'
                )
            nodes[name].bindings[key] = _binding(graph_name, nodes, name, key, dependency)
    for mapping in input_mappings:
        node = nodes.get(mapping.mapped_node_name)
        if node is None:
            raise DagsterInvalidDefinitionError(
                f"In graph '{graph_name}' input mapping references node '{mapping.mapped_node_name}' which"
                " it does not contain."
            )
        if all(i.name != mapping.mapped_node_input_name for i in node.definition._inputs):
            raise DagsterInvalidDefinitionError(
                f"In graph '{graph_name}' input mapping to node '{mapping.mapped_node_name}' which contains"
                f" no input named '{mapping.mapped_node_input_name}'"
            )
        handle = InvokedNodeOutputHandle("", mapping.graph_input_name, "graph input")
        if mapping.fan_in_index is None:
            node.bindings[mapping.mapped_node_input_name] = handle
            continue
        places = node.bindings.get(mapping.mapped_node_input_name)
        if not isinstance(places, list) or places[mapping.fan_in_index] is not None:
            raise DagsterInvalidDefinitionError(
                f'In graph "{graph_name}" input mapping target'
                f' "{mapping.mapped_node_name}.{mapping.mapped_node_input_name}" (index'
                f" {mapping.fan_in_index} of fan-in) is not a MappedInputPlaceholder."
            )
        places[mapping.fan_in_index] = handle
    return nodes


def _binding(
    graph_name: str, nodes: Mapping[str, Invocation], name: str, key: str, dependency: Any
) -> InvokedNodeOutputHandle | Collected | list[Any]:
    if isinstance(dependency, DependencyDefinition):
        return _handle(graph_name, nodes, name, key, dependency)
    if isinstance(dependency, DynamicCollectDependencyDefinition):
        return Collected(dependency.node_name, dependency.output_name)
    if isinstance(dependency, MultiDependencyDefinition):
        return [
            _handle(graph_name, nodes, name, key, d) if isinstance(d, DependencyDefinition) else None
            for d in dependency.dependencies
        ]
    raise CheckError(
        f"Expected IDependencyDefinition for node '{name}' input '{key}' of {graph_name}, got"
        f" {dependency!r}. Give a DependencyDefinition or a MultiDependencyDefinition."
    )


def _handle(
    graph_name: str, nodes: Mapping[str, Invocation], name: str, key: str, dependency: DependencyDefinition
) -> InvokedNodeOutputHandle:
    if dependency.node == name:
        raise DagsterInvalidDefinitionError(
            f'Invalid dependencies: circular reference detected in node "{name}" input "{key}"'
        )
    upstream = nodes.get(dependency.node)
    if upstream is None:
        raise DagsterInvalidDefinitionError(
            f'Invalid dependencies: node "{dependency.node}" not found in node list. Listed as dependency'
            f' for node "{name}" input "{key}" '
        )
    if all(o.name != dependency.output for o in upstream.definition._outputs):
        raise DagsterInvalidDefinitionError(
            f'Invalid dependencies: node "{dependency.node}" does not have output "{dependency.output}".'
            f' Listed as dependency for node "{name} input "{key}"'
        )
    return InvokedNodeOutputHandle(dependency.node, dependency.output, upstream.definition.node_type)


def graph_inputs(mappings: Iterable[InputMapping], nodes: Mapping[str, Invocation]) -> list[GraphInput]:
    from treadle._assets.specs import NoValue
    from treadle._ops.graphs import GraphInput

    inputs: dict[str, GraphInput] = {}
    for mapping in mappings:
        definition = nodes[mapping.mapped_node_name].definition
        inner = next(i for i in definition._inputs if i.name == mapping.mapped_node_input_name)
        known = inputs.get(mapping.graph_input_name)
        if known is None:
            inputs[mapping.graph_input_name] = GraphInput(
                mapping.graph_input_name, mapping.graph_input_description, NoValue, inner.nothing
            )
        else:
            known.nothing = known.nothing and inner.nothing
    return list(inputs.values())


def graph_outputs(
    graph_name: str, mappings: Iterable[OutputMapping], nodes: Mapping[str, Invocation]
) -> list[GraphOutput]:
    from treadle._ops.graphs import GraphOutput

    outputs = []
    for mapping in mappings:
        node = nodes.get(mapping.mapped_node_name)
        if node is None:
            raise DagsterInvalidDefinitionError(
                f"In graph '{graph_name}' output mapping references node '{mapping.mapped_node_name}' which"
                " it does not contain."
            )
        inner = next((o for o in node.definition._outputs if o.name == mapping.mapped_node_output_name), None)
        if inner is None:
            raise DagsterInvalidDefinitionError(
                f"In graph '{graph_name}' output mapping from node '{mapping.mapped_node_name}' which"
                f" contains no output named '{mapping.mapped_node_output_name}'"
            )
        outputs.append(
            GraphOutput(
                mapping.graph_output_name,
                mapping.mapped_node_name,
                mapping.mapped_node_output_name,
                inner.is_dynamic or mapping.from_dynamic_mapping,
                mapping.graph_output_description,
            )
        )
    return outputs
