"""The config schema of a job of ops: what each node may be told, and the inputs that nothing is wired to."""

from __future__ import annotations

from treadle._assets.specs import NoValue
from treadle._config.definition import schema_of
from treadle._config.fields import Field
from treadle._config.run_schema import config_field, io_fields, resources_shape, run_shape, with_transitive
from treadle._config.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    STRING,
    Array,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
)
from treadle._ops.graphs import GraphDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._ops.jobs import OpJobDefinition
    from treadle._resources.definition import ResourceDefinition
    from treadle._run.executors import ExecutorDefinition

_SCALARS = {"Int": INT, "Float": FLOAT, "String": STRING, "Bool": BOOL}


def job_shape(
    job: OpJobDefinition,
    resources: Mapping[str, ResourceDefinition],
    selected: AbstractSet[str] | None = None,
    executor: ExecutorDefinition | None = None,
    given: Mapping[str, Any] | None = None,
) -> Shape:
    """Of a run of the job. `selected`: the steps that run, when not all do. See `run_shape`."""
    graph = job.graph
    ops = list(job._ops.values())
    required = {k for op in ops for k in op._required_resource_keys}
    required.update(o.io_manager_key for op in ops for o in op._outputs if o.stores_value)
    required.update(i.manager_key for op in ops for i in op._inputs if i.manager_key)
    required.update(k for h in (*job._hooks, *graph._all_hooks()) for k in h.required_resource_keys)
    return run_shape(
        nodes_shape(graph, resources, "", selected),
        resources_shape(resources, with_transitive(required, resources)),
        _open_inputs(graph, frozenset(job._input_values)),
        job._loggers,
        executor,
        given,
    )


def nodes_shape(
    graph: Any,
    resources: Mapping[str, ResourceDefinition],
    path: str = "",
    selected: AbstractSet[str] | None = None,
) -> Shape:
    """What stands under `ops` of a job, or in the entry of a graph instead of `ops`. `path`: the graph's in
    the job, "" or with a dot at its end.
    """
    if graph.has_config_mapping:
        return Shape({"config": graph_field(graph)})
    return inner_shape(graph, resources, path, selected)


def inner_shape(
    graph: Any,
    resources: Mapping[str, ResourceDefinition],
    path: str = "",
    selected: AbstractSet[str] | None = None,
) -> Shape:
    """Of the nodes themselves: what a config mapping must give."""
    fields = {}
    for name, node in graph._nodes.items():
        runs = _runs(path + name, selected)
        if runs:
            plain = _plain_entry(node, graph, resources, path, selected)
            if plain is not None:
                fields[name] = plain
                continue
        entry = _entry(node, graph, resources, path, selected if runs else None)
        if entry:
            fields[name] = Field(Shape(entry), is_required=None if runs else False)
    return Shape(fields)


def _runs(key: str, selected: AbstractSet[str] | None) -> bool:
    """Whether a node, or one inside of it, is executed."""
    return selected is None or key in selected or any(s.startswith(f"{key}.") for s in selected)


def _plain_entry(
    node: Any,
    graph: Any,
    resources: Mapping[str, ResourceDefinition],
    path: str,
    selected: AbstractSet[str] | None,
) -> Field | None:
    """Of an op that may be told its `config` alone: the same for every use of it. Else None."""
    op = node.definition
    if isinstance(op, GraphDefinition):
        return None
    for i in op._inputs:
        if i.manager_key in resources or not (
            i.nothing or _is_bound(node.bindings.get(i.name), graph, path, selected)
        ):
            return None
    if any(o.io_manager_key in resources for o in op._outputs):
        return None
    known: Field | None = getattr(op, "_plain_entry_cache", None)
    if known is None:
        known = op._plain_entry_cache = Field(Shape({"config": config_field(op)}))
    return known


def graph_field(graph: Any) -> Field:
    """The config field of a graph with a config mapping."""
    if graph._configured is not None:
        return schema_of(graph._configured[2]).as_field()
    return schema_of(graph._config_mapping.config_schema).as_field()


def _entry(
    node: Any,
    graph: Any,
    resources: Mapping[str, ResourceDefinition],
    path: str,
    selected: AbstractSet[str] | None,
) -> dict[str, Field]:
    definition = node.definition
    open_inputs = [
        i
        for i in definition._inputs
        if not i.nothing and not _is_bound(node.bindings.get(i.name), graph, path, selected)
    ]
    entry: dict[str, Field] = {}
    if isinstance(definition, GraphDefinition):
        inner = nodes_shape(definition, resources, f"{path}{node.name}.", selected)
        if definition.has_config_mapping:
            entry.update(inner.fields)
        elif inner.fields:
            entry["ops"] = Field(inner)
        inputs = {i.name: f for i in open_inputs if (f := _graph_input_field(definition, i)) is not None}
    else:
        entry["config"] = config_field(definition)
        told = [(i.name, i.manager_key) for i in definition._inputs]
        outputs = [(o.name, o.io_manager_key) for o in definition._outputs if o.stores_value]
        entry.update(io_fields(told, outputs, resources))
        inputs = {
            i.name: f
            for i in open_inputs
            if not i.manager_key and (f := input_field(definition, i)) is not None
        }
    if inputs:
        managed = entry.get("inputs")
        shape: Any = managed.config_type if managed is not None else None
        entry["inputs"] = Field(Shape({**(shape.fields if shape is not None else {}), **inputs}))
    return entry


def node_entry(definition: Any, resources: Mapping[str, ResourceDefinition]) -> Field:
    """Of a graph or op whose inputs are all wired: one that makes assets."""
    if isinstance(definition, GraphDefinition):
        inner = nodes_shape(definition, resources)
        return Field(inner if definition.has_config_mapping else Shape({"ops": Field(inner)}))
    outputs = [(o.name, o.io_manager_key) for o in definition._outputs if o.stores_value]
    return Field(Shape({"config": config_field(definition), **io_fields((), outputs, resources)}))


def _open_inputs(graph: Any, bound: frozenset[str]) -> dict[str, Field]:
    """`inputs` of the job itself."""
    return {
        i.name: f
        for i in graph._inputs
        if i.name not in bound and not i.nothing and (f := _graph_input_field(graph, i)) is not None
    }


def _graph_input_field(graph: Any, given: Any) -> Field | None:
    """An input of a graph is loaded as that of the first op it is wired to."""
    for node in graph._nodes.values():
        for name, binding in node.bindings.items():
            if isinstance(binding, list) or binding.node_name or binding.output_name != given.name:
                continue
            inner = next(i for i in node.definition._inputs if i.name == name)
            if isinstance(node.definition, GraphDefinition):
                field = _graph_input_field(node.definition, inner)
            else:
                field = input_field(node.definition, inner)
            if field is not None and given.default is not NoValue:
                return Field(field.config_type, is_required=False)
            return field
    return None


def input_field(op: Any, given: Any) -> Field | None:
    """How an input may be given by configuration; None when its type cannot be."""
    from treadle._ops.steps import plan_of

    index = op._inputs.index(given)
    plan = plan_of(op)
    loader = getattr(given.type, "loader", None) or plan.loader(index)
    required = given.default is NoValue
    if loader is not None:
        return Field(loader.schema_type, is_required=required)
    if not plan.may_come_from_config(index):
        return None
    return Field(_written(plan.input_label(index)), is_required=required)


def _written(label: str) -> Any:
    """How a value of a type is written (see treadle._ops.written.is_loadable)."""
    from treadle._ops.written import is_dict

    if label.endswith("?"):
        return Noneable(_written(label[:-1]))
    if label.startswith("["):
        return Array(_written(label[1:-1]))
    if is_dict(label):
        return Permissive()
    scalar = _SCALARS.get(label)
    path = {"path": Field(STRING)}
    written = Selector({"value": Field(scalar or ANY), "json": path, "pickle": path})
    return ScalarUnion(scalar, written) if scalar is not None else written


def _is_bound(binding: Any, graph: Any, path: str, selected: AbstractSet[str] | None) -> bool:
    """Whether something that runs gives an input its value, or the graph it is in does."""
    if binding is None:
        return False
    if isinstance(binding, list):
        return not binding or any(_is_bound(one, graph, path, selected) for one in binding)
    if not binding.node_name or selected is None or binding.node_name not in graph._nodes:
        return True
    return _producer(graph, binding, path) in selected


def _producer(graph: Any, handle: Any, path: str) -> str:
    """The step whose output a handle is."""
    node: str = handle.node_name
    output: str = handle.output_name
    inner = graph._nodes[node].definition
    while isinstance(inner, GraphDefinition):
        found = next(o for o in inner._outputs if o.name == output)
        path, node, output = f"{path}{node}.", found.node, found.output
        inner = inner._nodes[node].definition
    return path + node
