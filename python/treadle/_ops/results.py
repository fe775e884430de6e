"""What a run of a job of ops gives back."""

from __future__ import annotations

from treadle._errors import DagsterInvariantViolationError
from treadle._run.results import ExecuteInProcessResult
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from treadle._ops.jobs import OpJobDefinition
    from treadle._run.instance import DagsterInstance


class ExecuteOpsResult(ExecuteInProcessResult):
    """How a run went. Steps are named by the path of their node: `output_for_node("outer.inner")`."""

    def __init__(
        self,
        job: OpJobDefinition,
        run_id: str,
        status: str,
        instance: DagsterInstance,
        step_keys: Sequence[str],
        capture: Mapping[tuple[str, str], Any],
    ) -> None:
        super().__init__(run_id, status, instance, (), step_keys, capture)
        self._job = job

    @property
    def job_def(self) -> OpJobDefinition:
        return self._job

    def _job_name(self) -> str:
        return self._job.name

    def _check_node(self, node_name: str) -> None:
        self._node(node_name.partition("[")[0])

    def _node(self, path: str) -> Any:
        """The definition of a node, an op or a graph."""
        graph: Any = self._job.graph
        for part in path.split("."):
            nodes = getattr(graph, "_nodes", {})
            if part not in nodes:
                raise DagsterInvariantViolationError(f"{graph._name} has no op named {part}.")
            graph = nodes[part].definition
        return graph

    def output_for_node(self, node_str: str, output_name: str = "result") -> Any:
        """What an op or a graph handed over; a dict by mapping key for what is dynamic or ran for each value
        of a dynamic output."""
        definition = self._node(node_str)
        output = next((o for o in definition._outputs if o.name == output_name), None)
        if output is None:
            raise DagsterInvariantViolationError(f"{definition._name} has no output named {output_name}.")
        path = node_str
        while hasattr(output, "node"):
            path, output_name = f"{path}.{output.node}", output.output
            name = output_name
            output = next(o for o in self._node(path)._outputs if o.name == name)
        return self._captured(path, output_name, node_str)

    def _captured(self, step: str, output: str, told: str) -> Any:
        if (step, output) in self._capture:
            return self._capture[(step, output)]
        begin = step + "["
        mapped = {
            key[len(begin) : -1]: value
            for (key, name), value in self._capture.items()
            if name == output and key.startswith(begin)
        }
        if mapped:
            return mapped
        raise DagsterInvariantViolationError(f"No outputs found for output '{output}' from node '{told}'.")

    def output_value(self, output_name: str = "result") -> Any:
        """An output of the job itself."""
        graph = self._job.graph
        if not graph._outputs:
            raise DagsterInvariantViolationError(
                f"Attempted to retrieve top-level outputs for '{graph._name}', which has no outputs."
            )
        for output in graph._outputs:
            if output.name == output_name:
                return self.output_for_node(output.node, output.output)
        raise DagsterInvariantViolationError(
            f"Could not find top-level output '{output_name}' in '{graph._name}'."
        )

    def asset_value(self, asset_key: Any) -> NoReturn:
        raise DagsterInvariantViolationError(
            f"Job '{self._job.name}' is made of ops, not of assets: use output_for_node."
        )
