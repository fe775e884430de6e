"""What a run of a job of ops gives back."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._run.results import ExecuteInProcessResult, captured, steps_output
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from typing_extensions import Self

    from treadle._ops.jobs import OpJobDefinition
    from treadle._run.instance import DagsterInstance


class ExecuteOpsResult(ExecuteInProcessResult):
    """How a run went. Steps are named by the path of their node: `output_for_node("outer.inner")`."""

    _job: OpJobDefinition

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
        return self._captured(*steps_output(self._node(node_str), node_str, output_name), node_str)

    def _captured(self, step: str, output: str, told: str) -> Any:
        return captured(self._capture, step, output, told)

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
        raise CheckError(
            "Expected non-None value: Could not find AssetLayerData for"
            f" {AssetKey.from_coercible(asset_key)}. Job '{self._job.name}' is made of ops, not of assets:"
            " use output_for_node."
        )


class JobExecutionResult(ExecuteOpsResult):
    """How a run of `execute_job` went. Opened (`with execute_job(...) as result`) it loads values as the IO
    managers have kept them."""

    _open = False

    def __enter__(self) -> Self:
        self._open = True
        return self

    def __exit__(self, *exception: object) -> None:
        self._open = False

    def _captured(self, step: str, output: str, told: str) -> Any:
        if not self._open:
            raise DagsterInvariantViolationError(
                "In order to access output objects, the result of `execute_job` must be opened as a context"
                " manager: 'with execute_job(...) as result:"
            )
        found: dict[str, Any] = {}
        for event in self._named("HANDLED_OUTPUT"):
            key = event.step_key or ""
            node, _, mapping_key = key.partition("[")
            if node != step or event.payload.get("output") != output:
                continue
            of_output = event.payload.get("mapping_key") or ""
            value = self._load(event, node, output, of_output)
            if not mapping_key and not of_output:
                return value
            found[mapping_key[:-1] or of_output] = value
        if found:
            return found
        raise DagsterInvariantViolationError(
            f"Did not find result {output} in {told}. It was not handed over in this run."
        )

    def _load(self, event: Any, node: str, output: str, mapping_key: str) -> Any:
        from treadle._events.wrappers import Json

        op = self._job._ops[node]
        definition = next(o for o in op._outputs if o.name == output)
        manager = self._job._resource_defs.get(definition.io_manager_key)
        if manager is not None:
            return self._through(manager, event, definition, mapping_key)
        value = self._instance._home.load_artifact(event.payload.get("artifact") or "")
        return value.value if isinstance(value, Json) else value

    def _through(self, manager: Any, event: Any, definition: Any, mapping_key: str) -> Any:
        from treadle._io.built import build_input_context, build_output_context
        from treadle._resources.building import ResourceHolder

        held = ResourceHolder(definition.io_manager_key, manager, None).set_up(self._run_id, {}).value
        upstream = build_output_context(
            step_key=event.step_key,
            name=definition.name,
            run_id=self._run_id,
            mapping_key=mapping_key or None,
            definition_metadata=definition.metadata,
        )
        return held.load_input(build_input_context(name=definition.name, upstream_output=upstream))
