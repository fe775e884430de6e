"""Runs ops: what the core calls for each of their steps."""

from __future__ import annotations

from treadle import _core
from treadle._assets.signature import context_annotation, resolve
from treadle._assets.specs import NoValue
from treadle._config.run_schema import node_config
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
    DagsterStepOutputNotFoundError,
    DagsterTypeCheckDidNotPass,
)
from treadle._events.events import AssetCheckResult, AssetMaterialization, AssetObservation, Output
from treadle._events.expectation import ExpectationResult, report_expectation
from treadle._events.metadata import metadata_to_core
from treadle._events.wrappers import Json
from treadle._ops.config_tree import JobConfig, run_config_of
from treadle._ops.direct import check_wrapping, dynamic_items, is_wrapped
from treadle._ops.ops import DynamicOutput, OpDefinition
from treadle._ops.written import is_loadable, written_value
from treadle._run import capture, steps, tracking_server
from treadle._run.context import (
    AssetCheckExecutionContext,
    AssetExecutionContext,
    OpExecutionContext,
    _OutputsContext,
)
from treadle._run.current import current
from treadle._run.step_plan import output_type
from treadle._types.types import label_of, value_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._ops.jobs import OpJobDefinition

# The jobs that run in this process, by run.
jobs: dict[str, OpJobDefinition] = {}


class OpPlan:
    """What is the same in every execution of an op. Read by the execution of steps (treadle._run.steps)."""

    __slots__ = (
        "config",
        "context_class",
        "input_types",
        "labels",
        "output_types",
        "resources",
        "values",
        "wrapped",
    )

    def __init__(self, op: OpDefinition) -> None:
        scope = getattr(op._fn, "__globals__", {})
        self.values = [(i, d.name) for i, d in enumerate(op._inputs) if not d.nothing]
        self.input_types = [None if d.nothing else value_type(d.type, scope) for d in op._inputs]
        self.resources = list((op._resource_params or {}).items())
        self.context_class = _context_class(op)
        self.output_types = [output_type(o.type, scope) for o in op._outputs]
        self.labels = [
            label_of(t) if o.stores_value else "Nothing" for t, o in zip(self.output_types, op._outputs)
        ]
        self.wrapped = [is_wrapped(resolve(o.annotation, scope)) for o in op._outputs]
        self.config: Any = None
        if op._takes_config is not None:
            found = resolve(op._takes_config, scope)
            self.config = found if found is not None else dict

    def input_label(self, index: int) -> str:
        return label_of(self.input_types[index])

    def may_come_from_config(self, index: int) -> bool:
        return is_loadable(label_of(self.input_types[index])) or self.loader(index) is not None

    def loader(self, index: int) -> Any:
        """How a value of the input's type is made from configuration, when its type says so."""
        return getattr(self.input_types[index], "loader", None)


def plan_of(op: OpDefinition) -> OpPlan:
    if op._plan_cache is None:
        op._plan_cache = OpPlan(op)
    return op._plan_cache  # type: ignore[no-any-return]


# --- configuration


# The configuration of runs that go on in this process, by run; of those that the command line started, when
# first asked for.
configs: dict[str, JobConfig] = {}


def config_of_run(run_id: str, job_name: str) -> JobConfig:
    from treadle._ops.jobs import declared

    config = configs.get(run_id)
    if config is None:
        job = declared.get(job_name) or _asset_graphs()
        state = steps.states.get(run_id)
        if state is not None and state.checked is not None:
            checked = state.checked
        elif steps.home_configured is not None and steps.home_configured[1] is not None:
            checked = steps.home_configured[1]
        else:
            import json

            given = json.loads(steps.home_config) if steps.home_config else None
            checked = job._checked(run_config_of(job, given), job._resource_defs)
        config = configs[run_id] = JobConfig(job, checked)
    return config


def _asset_graphs() -> Any:
    from treadle._ops import graph_assets

    return graph_assets.AssetGraphs(graph_assets.declared)


def with_defaults(schema: Any, given: Any, place: str) -> Any:
    """Configuration that was not checked with the whole run's: checked against its schema, with everything
    filled in.
    """
    from treadle._config.definition import schema_of
    from treadle._config.process import processed

    entry = {} if given is None else {"config": given}
    return processed({"config": schema_of(schema).as_field()}, entry, f"Error in config for {place}").get(
        "config"
    )


def effective_config(op: OpDefinition, config: Any) -> Any:
    """What the function of an op sees, of checked configuration: after what `configured` did."""
    if op._config is NoValue:
        return config
    inner, given = op._config
    made = given(config) if callable(given) else given
    return effective_config(inner, node_config(inner, made, "op"))


def step_node(step_key: str) -> str:
    """The step without its mapping key."""
    return step_key.partition("[")[0]


def op_of_step(run_id: str, job_name: str, step_key: str) -> OpDefinition | None:
    from treadle._ops.jobs import declared

    job: Any = jobs.get(run_id) or declared.get(job_name) or _asset_graphs()
    op: OpDefinition | None = job._ops.get(step_node(step_key))
    return op


def config_of_step(run_id: str, job_name: str, step_key: str) -> Any:
    config = config_of_run(run_id, job_name).entry(step_node(step_key)).get("config")
    op = op_of_step(run_id, job_name, step_key)
    return effective_config(op, config) if op is not None else config


# --- context


class _OfOp(_OutputsContext):
    """What a step of an op says otherwise than a step of an asset's own function."""

    __slots__ = ()

    @property
    def job_def(self) -> Any:
        from treadle._ops.jobs import declared

        job = jobs.get(self._step.run_id) or declared.get(self._step.job_name)
        return job if job is not None else super().job_def

    @property
    def op_execution_context(self) -> Any:
        return self._as(OpContext)

    @property
    def op_config(self) -> Any:
        op: Any = self._assets_def
        step = self._step
        entry = config_of_run(step.run_id, step.job_name).entry(step_node(step.step_key))
        return effective_config(op, entry.get("config"))

    def _partitions_def_of_step(self) -> Any:
        return None

    @property
    def alias(self) -> str:
        return step_node(self._step.step_key).rpartition(".")[2]

    def _owner(self) -> Any:
        """The assets whose graph the op is part of; None in a job of ops."""
        from treadle._ops import graph_assets
        from treadle._ops.jobs import declared

        step = self._step
        if step.run_id in jobs or step.job_name in declared:
            return None
        return graph_assets.owners.get(step_node(step.step_key).partition(".")[0])

    @property
    def has_assets_def(self) -> bool:
        return self._owner() is not None

    @property
    def asset_key(self) -> Any:
        return self.assets_def.key

    @property
    def assets_def(self) -> Any:
        owner = self._owner()
        if owner is None:
            raise DagsterInvalidPropertyError(f"Op '{self.alias}' does not have an assets definition.")
        return owner

    def asset_key_for_output(self, output_name: str = "result") -> Any:
        owner, step = self._owner(), step_node(self._step.step_key)
        for output in owner._outputs if owner is not None else ():
            if owner._step_of(output.name) == (step, output_name):
                return output.key
        raise CheckError(f"Failure condition: Output '{output_name}' has no asset")

    @property
    def selected_asset_keys(self) -> set[Any]:
        owner = self._owner()
        return set() if owner is None else owner.keys

    def get_mapping_key(self) -> str | None:
        """Which value of a dynamic output this step runs for."""
        return _core.op_mapping_key(self._step) or None

    def describe_op(self) -> str:
        return f'op "{step_node(self._step.step_key)}"'

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None, mapping_key: str | None = None
    ) -> None:
        """Adds to the event of an output that has not been handed over yet."""
        if mapping_key is None:
            super().add_output_metadata(metadata, output_name)
            return
        from treadle._events.metadata import normalize_metadata

        name = output_name or self._assets_def._outputs[0].name
        self._check_to_come(name, mapping_key)
        if self._metadata is None:
            self._metadata = {}
        self._metadata.setdefault(f"{name}[{mapping_key}]", {}).update(normalize_metadata(metadata))


class OpContext(_OfOp, OpExecutionContext):
    """The first parameter of an op's function that asks for it."""

    __slots__ = ()


class AssetOpContext(_OfOp, AssetExecutionContext):
    """The same where the op is part of a graph that makes assets, and its annotation asks for it."""

    __slots__ = ()


def _context_class(op: OpDefinition) -> Any:
    asked = context_annotation(op._fn) if op._takes_context else None
    if asked is AssetCheckExecutionContext:
        raise DagsterInvalidDefinitionError(
            "Cannot annotate @op `context` parameter with type AssetCheckExecutionContext. `context` must be"
            " annotated with OpExecutionContext, AssetExecutionContext (if part of a graph-backed-asset) or"
            " left blank."
        )
    return AssetOpContext if asked is AssetExecutionContext else OpContext


# --- execution


def run_op(op: OpDefinition, step: _core.Step) -> None:
    """Executes one step to its end; raises what user code raised."""
    before = current.step, current.context
    current.step = step
    tracking_server.arm(step.run_id)
    try:
        _OpExecution(op, plan_of(op), step).run()  # type: ignore[arg-type]
    finally:
        if current.at_end is not None:
            current.end()
        current.step, current.context = before
        if capture.tees is not None:
            files = capture.finish_step(step)
            if files is not None:
                step.logs_captured(*files)


class _OpExecution(steps.StepExecution):
    __slots__ = ("loaded",)

    def run(self) -> None:
        self.loaded: list[tuple[int, str, Any]] = []
        if self.plan.context_class is AssetOpContext and not self._makes_assets():
            raise DagsterInvalidDefinitionError(
                "Cannot annotate @op `context` parameter with type AssetExecutionContext unless the op is"
                " part of a graph-backed asset. `context` must be annotated with OpExecutionContext, or left"
                " blank."
            )
        super().run()

    def _makes_assets(self) -> bool:
        from treadle._ops import graph_assets
        from treadle._ops import jobs as of_ops

        step: Any = self.step
        if step.run_id in jobs or step.job_name in of_ops.declared:
            return False
        return step_node(step.step_key).partition(".")[0] in graph_assets.declared

    # --- inputs

    def _load(self, index: int, name: str) -> Any:
        step: Any = self.step
        value: Any = NoValue
        config = config_of_run(step.run_id, step.job_name)
        if not config.plain and not self.definition._inputs[index].manager_key:
            given = config.given_input(step_node(step.step_key), name)
            plan: Any = self.plan
            loader = plan.loader(index)
            if given is not NoValue and loader is not None:
                value = loader.construct_from_config_value(self.context, given)
            else:
                value = written_value(given, plan.input_label(index))
        if value is NoValue and _core.op_input_is_list(step, index):
            value = [self._one(index, at) for at in range(_core.op_input_size(step, index))]
        elif value is NoValue:
            value = self._one(index, 0)
        self.loaded.append((index, name, value))
        if len(self.loaded) == len(self.plan.values):
            self._check_inputs()
        return value

    def _check_inputs(self) -> None:
        """All are loaded before the first is checked, as Dagster does it."""
        step: Any = self.step
        for index, name, value in self.loaded:
            expected = self.plan.input_types[index]
            wrong = expected.misfit(value) if expected is not None else None
            _core.op_report_input(step, index, label_of(expected), wrong is None)
            if wrong is not None:
                raise DagsterTypeCheckDidNotPass.of(
                    f'Type check failed for step input "{name}" - expected type "{label_of(expected)}".'
                    f" Description: {wrong}",
                    wrong,
                )
        self.loaded.clear()

    def _one(self, index: int, at: int) -> Any:
        value = _core.op_load_input(self.step, index, at)
        return value.value if isinstance(value, Json) else value

    # --- outputs

    def _yielded(self, result: Any) -> None:
        if isinstance(result, DynamicOutput):
            self._dynamic(self._index_of_name(result.output_name), result)
        elif isinstance(result, (Output, AssetMaterialization, AssetObservation)):
            super()._yielded(result)
        elif isinstance(result, AssetCheckResult):
            self._check(result)
        elif isinstance(result, ExpectationResult):
            report_expectation(self.step, result)
        else:
            raise DagsterInvariantViolationError(
                f"Compute function for {self.context.describe_op()} yielded a value of type {type(result)}"
                " rather than an instance of Output, AssetMaterialization, or ExpectationResult. Values"
                f" yielded by ops must be wrapped in one of these types. If your op has a single output and"
                " yields no other events, you may want to use `return` instead of `yield` in the body of your"
                " op compute function. If you are already using `return`, and you expected to return a value"
                f" of type {type(result)}, you may be inadvertently returning a generator rather than the"
                " value you expected."
            )

    def _returned(self, result: Any) -> None:
        outputs = self.definition._outputs
        if isinstance(result, (AssetMaterialization, AssetObservation, ExpectationResult)):
            raise DagsterInvariantViolationError(
                f"Error in {self.context.describe_op()}: If you are returning an AssetMaterialization or an"
                " ExpectationResult from op you must yield them directly, or log them using the"
                " context.log_event method to avoid ambiguity with an implied result from returning a value."
                " Check out the docs on logging events here:"
                " https://legacy-docs.dagster.io/concepts/ops-jobs-graphs/op-events#op-events-and-exceptions"
            )
        if not outputs:
            if result is not None:
                raise DagsterInvariantViolationError(
                    f"Error in {self.context.describe_op()}: Unexpectedly returned output of type"
                    f" {type(result)}. Op is explicitly defined to return no results."
                )
        else:
            super()._returned(result)

    def _element(self, index: int, element: Any) -> None:
        output: Any = self.definition._outputs[index]
        what = f"Error with output for {self.context.describe_op()}: dynamic output '{output.name}'"
        if not output.is_dynamic:
            if isinstance(element, DynamicOutput):
                self._dynamic(index, element)
                return
            plan: Any = self.plan
            check_wrapping(self.context.describe_op(), output, plan.wrapped[index], element)
            super()._element(index, element)
            return
        for item in dynamic_items(what, index, element):
            if item.output_name not in ("result", output.name):
                raise DagsterInvariantViolationError(
                    f"Bad state: Output was explicitly named '{item.output_name}', which does not match the"
                    f" output definition specified for position {index}: '{output.name}'."
                )
            self._dynamic(index, item)

    def _check(self, result: AssetCheckResult, asset: Any = None) -> None:
        """Of an op in a graph that makes assets: its output that stands for the check has no value then."""
        from treadle._ops import graph_assets

        step = step_node(self.step.step_key)
        if not self._makes_assets():
            raise CheckError(
                f"Expected non-None value: While resolving asset check result {result!r}, expected to find an"
                " AssetsDefinition object that could be associated back to the currently executing NodeHandle"
                f" {step}."
            )
        owner = graph_assets.owners.get(step.partition(".")[0])
        mine = owner.checks_of_step(step) if owner is not None else ()
        if not mine and owner is not None and self._inner_check(result, owner):
            return
        self._report_check(result, asset, [spec for spec, _ in mine])
        for index, (_, output) in enumerate(mine):
            if index in self.given_checks:
                self.given.add(self._index_of_name(output))

    def _inner_check(self, result: AssetCheckResult, owner: Any) -> bool:
        """Of an op whose output does not stand for a check, but is read by what does."""
        specs = [
            s
            for s in owner._check_specs
            if result.check_name in (None, s.name) and result.asset_key in (None, s.asset_key)
        ]
        if len(specs) != 1:
            return False
        self._report_beside(result, specs[0])
        for index in range(len(self.definition._outputs)):
            if index not in self.given:
                self._hand_over(index, None, True, None, None, None)
        return True

    def _dynamic(self, index: int, output: DynamicOutput[Any]) -> None:
        self._hand(index, output.value, True, output.metadata, output.tags, output.mapping_key)

    def _hand_over(
        self,
        index: int,
        value: Any,
        has_value: bool,
        metadata: Any,
        data_version: Any,
        tags: Mapping[str, str] | None,
    ) -> None:
        output: Any = self.definition._outputs[index]
        if output.is_dynamic and has_value:
            raise DagsterInvariantViolationError(
                f'Compute for {self.context.describe_op()} for output "{output.name}" defined as dynamic'
                " Output must use DynamicOutput, got Output."
            )
        if index in self.given:
            raise DagsterInvariantViolationError(
                f'Compute for {self.context.describe_op()} returned an output "{output.name}" multiple times'
            )
        self._hand(index, value, has_value, metadata, tags, "")

    def _hand(
        self,
        index: int,
        value: Any,
        has_value: bool,
        metadata: Any,
        tags: Mapping[str, str] | None,
        mapping_key: str,
    ) -> None:
        output: Any = self.definition._outputs[index]
        self.given.add(index)
        if self.context._handed is None:
            self.context._handed = set()
        self.context._handed.add(f"{output.name}[{mapping_key}]" if mapping_key else output.name)
        plain = value.value if isinstance(value, Json) else value
        wrong: str | None = None
        if has_value and not output.stores_value:
            if value is not None:
                wrong = f"Value must be None or unset, got a {type(value)}"
            has_value = False
        elif has_value:
            expected = self.plan.output_types[index]
            wrong = expected.misfit(value) if expected is not None else None
        label = self.plan.labels[index]
        if wrong is not None:
            self.step.report_event(
                "STEP_OUTPUT",
                "",
                "",
                f'Yielded output "{output.name}" of type "{label}". Warning! Type check failed.',
                [],
                f'{{"output": "{output.name}", "type_check_passed": false}}',
            )
            raise DagsterTypeCheckDidNotPass.of(
                f'Type check failed for step output "{output.name}" - expected type "{label}".'
                f" Description: {wrong}",
                wrong,
            )
        added = self.context._metadata
        name = f"{output.name}[{mapping_key}]" if mapping_key else output.name
        for key in (output.name, name) if added is not None else ():
            if key in added:
                metadata = {**added.pop(key), **(metadata or {})}
        if self.state is not None and self.state.capture is not None:
            place = (self.step.step_key, output.name)
            if mapping_key:
                self.state.capture.setdefault(place, {})[mapping_key] = plain
            else:
                self.state.capture[place] = plain if has_value else None
        _core.op_handle_output(
            self.step,
            index,
            value,
            has_value,
            label,
            True,
            metadata_to_core(metadata) if metadata else None,
            list(tags.items()) if tags else None,
            mapping_key,
        )

    def _complete(self) -> None:
        for index, output in enumerate(self.definition._outputs):
            kept: Any = output
            if index in self.given or not output.required:
                continue
            if kept.is_dynamic:
                continue
            if output.stores_value:
                raise DagsterStepOutputNotFoundError(
                    f"Core compute for {self.context.describe_op()} did not return an output for"
                    f' non-optional output "{output.name}"'
                )
            self._hand(index, None, False, None, None, "")
