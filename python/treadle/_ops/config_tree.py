"""The run configuration of a job of ops: what of it is for which node, after config mappings and
`configured`."""

from __future__ import annotations

from treadle._errors import DagsterConfigMappingFunctionError, DagsterInvalidConfigError
from treadle._ops.graphs import GraphDefinition
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
        self.plain = not run_config and not job._has_config_mappings

    def entry(self, node_key: str) -> Mapping[str, Any]:
        """What there is for a node: a dictionary that may have `config`, `inputs`, `outputs`, `ops`."""
        if self.plain:
            return {}
        path, _, name = node_key.rpartition(".")
        return self.nodes(path).get(name) or {}

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
            return mapped(graph, ops.get("config"), self._job.name, "")
        for part in path.split("."):
            graph = graph._nodes[part].definition
        entry = self.entry(path)
        if not graph.has_config_mapping:
            return entry.get("ops") or {}
        return mapped(graph, entry.get("config"), self._job.name, path)


def mapped(graph: GraphDefinition, config: Any, job_name: str, path: str) -> Mapping[str, Any]:
    """What a graph's own configuration comes to for its nodes."""
    from treadle._ops.steps import with_defaults

    place = f'graph "{graph._name}"'
    if graph._configured is not None:
        inner, given, schema = graph._configured
        if callable(given):
            given = _call(given, with_defaults(schema, config, place), job_name, path, graph)
        return mapped(inner, given, job_name, path)
    mapping = graph._config_mapping
    assert mapping is not None
    result = _call(
        mapping.config_fn, with_defaults(mapping.config_schema, config, place), job_name, path, graph
    )
    if result is not None and not isinstance(result, dict):
        raise DagsterInvalidConfigError(
            f"The config mapping function of graph '{graph._name}' in job '{job_name}' must return a"
            f" dictionary of the configuration of its nodes, not {result!r}."
        )
    return result or {}


def _call(fn: Any, config: Any, job_name: str, path: str, graph: GraphDefinition) -> Any:
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
