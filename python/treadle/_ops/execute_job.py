"""`execute_job`: runs a job with its executor, in a home that lasts; also again, from where it failed."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvariantViolationError, ParameterCheckError
from treadle._ops.reconstruct import ReconstructableJob
from treadle._run.instance import DagsterInstance
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._assets.keys import AssetKey
    from treadle._run.executors import Executor
    from treadle._run.results import ExecuteInProcessResult


class ReexecutionOptions:
    """Which run is executed again, and which of its steps; all of them when none is named."""

    __slots__ = ("_from_failure", "parent_run_id", "step_selection")

    def __init__(self, parent_run_id: str, step_selection: Sequence[str] = ()) -> None:
        self.parent_run_id = parent_run_id
        self.step_selection = list(step_selection)
        self._from_failure = False

    def __repr__(self) -> str:
        return f"ReexecutionOptions({self.parent_run_id!r}, step_selection={self.step_selection!r})"

    @staticmethod
    def from_failure(run_id: str, instance: DagsterInstance) -> ReexecutionOptions:
        """The steps of a run that failed or were never reached."""
        options = ReexecutionOptions(run_id)
        options._from_failure = True
        return options


def execute_job(
    job: ReconstructableJob,
    instance: DagsterInstance,
    run_config: Any = None,
    tags: Mapping[str, Any] | None = None,
    raise_on_error: bool = False,
    op_selection: Sequence[str] | None = None,
    reexecution_options: ReexecutionOptions | None = None,
    asset_selection: Sequence[AssetKey] | None = None,
) -> ExecuteInProcessResult:
    """Runs a job with its executor; by default each step in a process of its own. Values are kept by IO
    managers, from which the result reads them: `with execute_job(...) as result: ...`"""
    from treadle._ops.jobs import OpJobDefinition

    if not isinstance(job, ReconstructableJob):
        raise ParameterCheckError(
            f'Param "job" is not a ReconstructableJob. Got {job!r} which is type {type(job)}. Give'
            " reconstructable(job)."
        )
    if not isinstance(instance, DagsterInstance):
        raise ParameterCheckError(
            f'Param "instance" is not a DagsterInstance. Got {instance!r} which is type {type(instance)}.'
        )
    if reexecution_options is not None and op_selection is not None:
        raise DagsterInvariantViolationError(
            "re-execution and op selection cannot be used together at this time."
        )
    definition = job.get_definition()
    told = {str(k): v if isinstance(v, str) else _json(v) for k, v in (tags or {}).items()}
    of_ops = isinstance(definition, OpJobDefinition)
    if not of_ops and op_selection is not None:
        raise DagsterInvariantViolationError(
            f"Job '{definition.name}' is made of assets: give asset_selection to run some of them."
        )
    parent, again, selection = "", None, op_selection
    if reexecution_options is not None:
        recorded = instance.get_run_by_id(reexecution_options.parent_run_id)
        if recorded is None:
            raise CheckError(f"No parent run with id {reexecution_options.parent_run_id} found in instance.")
        parent = recorded.run_id
        if run_config is None:
            run_config = recorded.run_config
        if not reexecution_options._from_failure:
            again = list(reexecution_options.step_selection)
        if of_ops and recorded.selection:
            selection = recorded.selection.split(",")
        elif not of_ops and asset_selection is None and recorded.asset_selection is not None:
            asset_selection = sorted(recorded.asset_selection)
    if not isinstance(definition, OpJobDefinition):
        executor = executor_of(definition, run_config, instance)
        return definition._execute_assets(
            run_config, instance, raise_on_error, asset_selection, None, told, None, executor, parent, again
        )
    executor = executor_of(definition, run_config, instance)
    return definition._execute(
        run_config,
        instance,
        raise_on_error,
        selection,
        None,
        told,
        executor=executor,
        parent=parent,
        again=again,
    )


def executor_of(job: Any, run_config: Any, instance: DagsterInstance) -> Executor:
    """The job's executor, as the run's configuration wants it."""
    from treadle._ops.config_tree import run_config_of
    from treadle._ops.jobs import OpJobDefinition
    from treadle._run.execute import _config

    config = run_config_of(job, run_config) if isinstance(job, OpJobDefinition) else _config(run_config)
    execution = (config.get("execution") or {}).get("config")
    return job.executor_def._make(job, execution, instance)  # type: ignore[no-any-return]


def _json(value: object) -> str:
    import json

    return json.dumps(value)
