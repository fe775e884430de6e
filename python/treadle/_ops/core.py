"""The core's form of graphs and ops."""

from __future__ import annotations

from treadle._ops.composition import Collected, ReadAsset
from treadle._ops.graphs import GraphDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_DIRECT, _FAN_IN, _COLLECT, _ASSET = range(4)


def told_graph(
    graph: GraphDefinition, of_op: Callable[[Any], tuple[Any, ...]] | None = None
) -> tuple[Any, ...]:
    """The core's form of a graph, made once; with `of_op` anew."""
    from treadle._assets.specs import NoValue
    from treadle._definitions.to_core import retry_to_core
    from treadle._ops.hooks import told_hooks

    if graph._told is None or of_op is not None:
        nodes = []
        dependencies = []
        for node in graph._nodes.values():
            definition = node.definition
            nested = isinstance(definition, GraphDefinition)
            nodes.append(
                (
                    node.name,
                    None if nested else (of_op or told_op)(definition),
                    told_graph(definition, of_op) if isinstance(definition, GraphDefinition) else None,
                    list(node.tags.items()),
                    told_hooks(node.hooks),
                    retry_to_core(node.retry_policy),
                )
            )
            for key, binding in node.bindings.items():
                handles: Any
                if isinstance(binding, ReadAsset):
                    kind, handles = _ASSET, binding.key.parts
                elif isinstance(binding, list):
                    kind, handles = _FAN_IN, [(h.node_name, h.output_name) for h in binding]
                elif isinstance(binding, Collected):
                    kind, handles = _COLLECT, [(binding.node_name, binding.output_name)]
                else:
                    kind, handles = _DIRECT, [(binding.node_name, binding.output_name)]
                dependencies.append((node.name, key, kind, handles))
        told = (
            graph._name,
            graph.description or "",
            nodes,
            dependencies,
            [(i.name, i.default is not NoValue, i.default, i.nothing) for i in graph._inputs],
            [(o.name, o.node, o.output) for o in graph._outputs],
            list(graph.tags.items()),
            *graph._place,
        )
        if of_op is not None:
            return told
        graph._told = told
    return graph._told


def check_wiring(graph: GraphDefinition, kind: str) -> None:
    """Says what is wrong with the wiring of a graph as soon as it is declared. What annotations mean is not
    known then: they may name what stands further below in the module."""
    from treadle import _core

    _core.check_graph(told_graph(graph, _told_wiring), kind)


def _told_wiring(op: Any) -> tuple[Any, ...]:
    inputs = [(i.name, not i.nothing, "", (), False, None, True, "") for i in op._inputs]
    outputs = [(o.name, o.required, True, "io_manager", o.is_dynamic, (), "") for o in op._outputs]
    return (op._name, inputs, outputs, (), None, (), *op._place, op, op._fn, "")


def _function_of(op: Any) -> Any:
    """What the op's code version is derived from: with what `configured` gave it."""
    from treadle._assets.code_version import WithConfig
    from treadle._assets.specs import NoValue

    if op._config is NoValue:
        return op._fn
    inner, given = op._config
    return WithConfig(_function_of(inner), given)


def told_op(op: Any) -> tuple[Any, ...]:
    from treadle._assets.specs import NoValue
    from treadle._definitions.to_core import metadata_to_core_lenient, retry_to_core
    from treadle._ops.steps import plan_of

    if op._told is None:
        plan = plan_of(op)
        op._told = (
            op._name,
            [
                (
                    i.name,
                    not i.nothing,
                    i.manager_key,
                    metadata_to_core_lenient(i.metadata),
                    i.default is not NoValue,
                    i.default,
                    plan.may_come_from_config(index),
                    plan.input_label(index),
                )
                for index, i in enumerate(op._inputs)
            ],
            [
                (
                    o.name,
                    o.required,
                    o.stores_value,
                    o.io_manager_key,
                    o.is_dynamic,
                    metadata_to_core_lenient(o.metadata),
                    o.code_version or op.version or "",
                )
                for o in op._outputs
            ],
            sorted(op._required_resource_keys),
            retry_to_core(op._retry_policy),
            list(op.tags.items()),
            *op._place,
            op,
            _function_of(op),
            op.pool or "",
        )
    return op._told  # type: ignore[no-any-return]
