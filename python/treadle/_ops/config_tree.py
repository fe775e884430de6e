"""The run configuration of a job of ops: what of it is for which node, after config mappings and
`configured`."""

from __future__ import annotations

from treadle._assets.specs import NoValue
from treadle._errors import DagsterConfigMappingFunctionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._ops.jobs import OpJobDefinition


class JobConfig:
    """The configuration of one run. Entries of nodes are found, and mapping functions called, when first
    asked for."""

    __slots__ = ("_children", "_job", "plain", "run_config")

    def __init__(self, job: OpJobDefinition, run_config: Mapping[str, Any]) -> None:
        self._job = job
        self.run_config = run_config
        self._children: dict[str, Mapping[str, Any]] = {}
        # Nothing is configured and nothing makes configuration of nothing.
        self.plain = not (run_config.get("ops") or run_config.get("inputs") or job._has_config_mappings)

    def entry(self, node_key: str) -> Mapping[str, Any]:
        """What there is for a node: a dictionary that may have `config`, `inputs`, `outputs`, `ops`."""
        if self.plain:
            return {}
        path, _, name = node_key.rpartition(".")
        return self.nodes(path).get(name) or {}

    def given_input(self, node_key: str, name: str) -> Any:
        """What is said for an input of a node: in its own entry, or in that of a graph whose input it takes.
        NoValue when nothing is.
        """
        entry = self.entry(node_key).get("inputs")
        if isinstance(entry, dict) and name in entry:
            return entry[name]
        path, _, node = node_key.rpartition(".")
        graph: Any = self._job.graph
        for part in path.split(".") if path else ():
            graph = graph._nodes[part].definition
        binding = graph._nodes[node].bindings.get(name)
        if getattr(binding, "node_name", None) != "":
            return NoValue
        if path:
            return self.given_input(path, binding.output_name)
        return (self.run_config.get("inputs") or {}).get(binding.output_name, NoValue)

    def nodes(self, path: str) -> Mapping[str, Any]:
        """What there is for the nodes of the graph at that path; "" is the job's own."""
        known = self._children.get(path)
        if known is None:
            known = self._children[path] = self._nodes(path)
        return known

    def _nodes(self, path: str) -> Mapping[str, Any]:
        graph: Any = self._job.graph
        if not path:
            ops = self.run_config.get("ops") or {}
            if not graph.has_config_mapping:
                return ops
            return mapped(graph, ops.get("config"), self._job, "")
        for part in path.split("."):
            graph = graph._nodes[part].definition
        entry = self.entry(path)
        if not graph.has_config_mapping:
            return entry.get("ops") or {}
        return mapped(graph, entry.get("config"), self._job, path)


def mapped(graph: Any, config: Any, job: OpJobDefinition, path: str) -> Mapping[str, Any]:
    """What a graph's own (checked) configuration comes to for its nodes."""
    from treadle._config.process import processed
    from treadle._ops.config_schema import graph_field, inner_shape
    from treadle._resources.definition import definitions_of

    place = f'graph "{graph._name}"'
    if graph._configured is not None:
        inner, given, _ = graph._configured
        if callable(given):
            given = _call(given, config, job.name, path, graph)
        entry = {} if given is None else {"config": given}
        own = processed({"config": graph_field(inner)}, entry, f"Error in config for {place}")
        return mapped(inner, own.get("config"), job, path)
    result = _call(graph._config_mapping.config_fn, config, job.name, path, graph)
    where = (
        f"In job {job.name} at stack {path.replace('.', ':')}: \nOp"
        f' "{path.rpartition(".")[2]}" with definition "{graph._name}" has a configuration error. It has'
        " produced"
        " config a via its config_fn that fails to pass validation in the ops that it contains. This"
        " indicates an"
        " error in the config mapping function itself. It must produce correct config for its constituent"
        " ops in"
        " all cases. The correct resolution is to fix the mapping function. Details on the error (and the"
        " paths on"
        ' this error are relative to config mapping function "root", not the entire document): '
        if path
        else f"In job '{job.name}', top level graph '{graph._name}' has a configuration error."
    )
    shape = inner_shape(graph, definitions_of(job._resource_defs))
    checked: Mapping[str, Any] = processed(shape, {} if result is None else result, where)
    return checked


def _call(fn: Any, config: Any, job_name: str, path: str, graph: Any) -> Any:
    from treadle._ops.config_mapping import plain_of

    try:
        return plain_of(fn(config))
    except Exception as e:
        where = (
            f"The config mapping function on graph '{path.rpartition('.')[2]}' in job '{job_name}' has thrown"
            " an unexpected error during its execution. The definition is instantiated at stack"
            f' "{path.replace(".", ":")}".'
            if path
            else f"The config mapping function on top-level graph {graph._name} in job {job_name} has thrown"
            " an unexpected error during its execution."
        )
        raise DagsterConfigMappingFunctionError(where, user_exception=e) from e


def run_config_of(job: OpJobDefinition, given: Any) -> Mapping[str, Any]:
    """The run configuration that a job is executed with: given, or its own, through its config mapping."""
    from treadle._ops.config_mapping import ConfigMapping
    from treadle._ops.steps import with_defaults
    from treadle._run.execute import _config

    own = job._config
    if not isinstance(own, ConfigMapping):
        return _config(given if given is not None else own)
    config = with_defaults(own.config_schema, _config(given), f'job "{job.name}"')
    try:
        result = own.config_fn(config)
    except Exception as e:
        raise DagsterConfigMappingFunctionError(
            f"The config mapping function on job {job.name} has thrown an unexpected error during its"
            " execution.",
            user_exception=e,
        ) from e
    return _config(result)
