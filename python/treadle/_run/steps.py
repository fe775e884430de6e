"""Runs user functions: what the core calls for each step. Everything that user code returns, yields or raises
is understood here.
"""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.specs import AssetCheckSeverity, NoValue
from treadle._config.run_schema import config_argument
from treadle._errors import (
    DagsterInvariantViolationError,
    DagsterStepOutputNotFoundError,
    DagsterTypeCheckDidNotPass,
)
from treadle._events.events import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetMaterialization,
    AssetObservation,
    MaterializeResult,
    ObserveResult,
    Output,
)
from treadle._events.metadata import metadata_to_core
from treadle._events.wrappers import Json
from treadle._run import capture, tracking_server
from treadle._run.context import (
    report_evaluation,
    report_fact,
)
from treadle._run.current import current
from treadle._run.step_plan import StepPlan, plan_of
from treadle._types.frames import facts_of_frame, is_frame_type
from treadle._types.types import label_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.specs import AssetCheckSpec
    from treadle._run.instance import DagsterInstance

_GeneratorType = type(_ for _ in ())


async def _coroutine() -> None: ...


async def _async_generator() -> AsyncIterator[None]:
    yield


_waiting = _coroutine()
_CoroutineType = type(_waiting)
_waiting.close()
_AsyncGeneratorType = type(_async_generator())


class RunState:
    """What this process knows of a run beyond the record: the instance, tags, and the values for
    `asset_value`.
    """

    __slots__ = (
        "capture",
        "checked",
        "declared",
        "instance",
        "job",
        "log_level",
        "loggers",
        "managed",
        "parent",
        "root",
        "run_config",
        "tags",
    )

    def __init__(
        self,
        instance: DagsterInstance | None,
        tags: Mapping[str, str],
        run_config: Mapping[str, Any],
        capture: bool,
        checked: Mapping[str, Any] | None = None,
    ) -> None:
        self.instance = instance
        self.tags = tags
        self.run_config = run_config
        # The same with everything filled in; null where the whole was not checked beforehand.
        self.checked = checked
        # (assets, resources) that the run was given.
        self.declared: tuple[Sequence[Any], Mapping[str, Any]] | None = None
        # Of a run that executes another one again: that one, and the first of the chain.
        self.parent: str | None = None
        self.root: str | None = None
        # The job of assets that runs; None for `materialize`.
        self.job: Any = None
        self.capture: dict[tuple[str, str], Any] | None = {} if capture else None
        # See log.begin_run: the run's own loggers, the least level kept, Python loggers that are captured.
        self.loggers: list[logging.Logger] = []
        self.log_level = 0
        self.managed: list[tuple[logging.Logger, int]] = []

    def executes_again(self, parent: str) -> None:
        """Of a run that executes another one again; "" = none."""
        if not parent or self.instance is None:
            return
        recorded = self.instance.get_run_by_id(parent)
        self.parent = parent
        self.root = (recorded.root_run_id if recorded is not None else None) or parent


states: dict[str, RunState] = {}
# The home of runs that the command line started; "" = none did.
home: str = ""


# The configuration of such a run, JSON.
home_config: str = ""


# The same with what config mappings make of it, and with everything filled in; None: not asked for yet.
home_configured: tuple[Mapping[str, Any], Mapping[str, Any] | None] | None = None


def set_home(path: str, run_config: str = "") -> None:
    global home, home_config
    home, home_config = path, run_config


def set_config(config: Mapping[str, Any], checked: Mapping[str, Any] | None) -> None:
    global home_configured
    home_configured = (config, checked)


def resource_config(key: str, run_id: str) -> Any:
    """What the configuration of a run that the command line started says of a resource."""
    if run_id in states or not home:
        return None
    if home_configured is not None:
        config = home_configured[0]
    else:
        import json

        config = json.loads(home_config) if home_config else {}
    return (config.get("resources") or {}).get(key)


def instance_of(run_id: str) -> DagsterInstance:
    """The home in which a run of this process takes place."""
    from treadle._run.instance import DagsterInstance

    state = states.get(run_id)
    if state is not None and state.instance is not None:
        return state.instance
    return DagsterInstance.from_home(home) if home else DagsterInstance.get()


def run_step(definition: AssetsDefinition, step: _core.Step) -> None:
    """Executes one step to its end; raises what user code raised."""
    plan = plan_of(definition)
    before = current.step, current.context
    current.step = step
    tracking_server.arm(step.run_id)
    try:
        if definition.is_observable:
            from treadle._run.observing import Observation

            Observation(definition, plan, step).run()
        else:
            StepExecution(definition, plan, step).run()
    finally:
        if current.at_end is not None:
            current.end()
        current.step, current.context = before
        if capture.tees is not None:
            files = capture.finish_step(step)
            if files is not None:
                step.logs_captured(*files)


class StepExecution:
    __slots__ = ("context", "definition", "given", "given_checks", "plan", "state", "step")

    def __init__(self, definition: AssetsDefinition, plan: StepPlan, step: _core.Step) -> None:
        self.definition = definition
        self.plan = plan
        self.step = step
        self.state = states.get(step.run_id) if states else None
        self.given: set[int] = set()
        self.given_checks: set[int] = set()
        self.context: Any = None

    def run(self) -> None:
        definition, plan, step = self.definition, self.plan, self.step
        kwargs: dict[str, Any] = {}
        for index, name in plan.values:
            kwargs[name] = self._load(index, name)
        for name, key in plan.resources:
            kwargs[name] = step.resource(key).value
        self.context = current.context = plan.context_class(definition, step, self.state)
        if plan.config is not None:
            kwargs["config"] = config_argument(plan.config, self.context.op_config)
        result = (
            definition._fn(self.context, **kwargs) if definition._takes_context else definition._fn(**kwargs)
        )
        del kwargs
        if type(result) is _GeneratorType:
            self._generator(result)
        elif type(result) is _CoroutineType or type(result) is _AsyncGeneratorType:
            self._async(result)
        else:
            self._returned(result)
        self._complete()

    def _load(self, index: int, name: str) -> Any:
        value = self.step.load_input(index)
        if isinstance(value, Json):
            value = value.value
        expected = self.plan.input_types[index]
        wrong = expected.misfit(value) if expected is not None else None
        if wrong is not None:
            raise DagsterTypeCheckDidNotPass.of(
                f'Type check failed for step input "{name}" - expected type "{label_of(expected)}".'
                f" Description: {wrong}",
                wrong,
            )
        return value

    # --- what comes back

    def _generator(self, results: Iterator[Any]) -> None:
        """Each yielded result is stored before the function goes on."""
        try:
            for result in results:
                self._yielded(result)
        except BaseException:
            results.close()  # type: ignore[attr-defined]
            raise

    def _async(self, result: Any) -> None:
        import asyncio

        async def drain() -> None:
            async for one in result:
                self._yielded(one)

        async def wait() -> Any:
            return await result

        if asyncio._get_running_loop() is not None:
            self._async_beside(result)
        elif type(result) is _AsyncGeneratorType:
            asyncio.run(drain())
        else:
            self._returned(asyncio.run(wait()))

    def _async_beside(self, result: Any) -> None:
        """Called by code that runs in an event loop itself: a loop of the step's own, on another thread."""
        import asyncio
        from threading import Thread

        end = object()

        async def following() -> Any:
            return await anext(result, end)

        async def wait() -> Any:
            return await result

        loop = asyncio.new_event_loop()
        thread = Thread(target=loop.run_forever, name="treadle-async", daemon=True)
        thread.start()
        try:
            if type(result) is not _AsyncGeneratorType:
                self._returned(asyncio.run_coroutine_threadsafe(wait(), loop).result())
                return
            while (one := asyncio.run_coroutine_threadsafe(following(), loop).result()) is not end:
                self._yielded(one)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _yielded(self, result: Any) -> None:
        if isinstance(result, Output):
            self._output(self._index_of_name(result.output_name), result)
        elif isinstance(result, MaterializeResult):
            self._materialized(result)
        elif isinstance(result, AssetCheckResult):
            self._check(result)
        elif isinstance(result, (AssetMaterialization, AssetObservation)):
            report_fact(self.step, result)
        elif isinstance(result, ObserveResult):
            self._observed(result)
        else:
            raise DagsterInvariantViolationError(
                f"Compute function for {self.context.describe_op()} yielded a value of type {type(result)}"
                " rather than an instance"
                " of Output, MaterializeResult, AssetMaterialization, AssetObservation or AssetCheckResult."
                " Wrap the value, or use"
                " `return` instead of `yield` to hand over the value of a single asset."
            )

    def _returned(self, result: Any) -> None:
        outputs = self.definition._outputs
        if isinstance(result, (AssetMaterialization, AssetObservation)):
            raise DagsterInvariantViolationError(
                f"Error in {self.context.describe_op()}: If you are returning an {type(result).__name__} you"
                " must yield it"
                " directly, or log it using the context.log_event method to avoid ambiguity with an implied"
                " result from"
                " returning a value."
            )
        if isinstance(result, (AssetCheckResult, ObserveResult)):
            self._yielded(result)
        elif not outputs:
            self._returned_checks(result)
        elif len(outputs) == 1 and not (isinstance(result, tuple) and _is_results(result)):
            self._element(0, result)
        elif result is None and not any(o.stores_value for o in outputs):
            for index in range(len(outputs)):  # nothing to say: each asset was made
                if self.step.output_selected(index) and index not in self.given:
                    self._hand_over(index, None, False, None, None, None)
        elif isinstance(result, MaterializeResult) and len(outputs) > 1 and result.asset_key is not None:
            self._materialized(result)
        else:
            self._returned_tuple(result)

    def _returned_tuple(self, result: Any) -> None:
        outputs = self.definition._outputs
        if not isinstance(result, tuple):
            raise DagsterInvariantViolationError(
                f"{self.context.describe_op()} has multiple outputs, but only one output was returned of"
                f" type {type(result)}. When"
                " using multiple outputs, either yield each output, or return a tuple containing a value for"
                " each output."
            )
        if any(isinstance(r, (MaterializeResult, AssetCheckResult)) for r in result):
            for one in result:
                if isinstance(one, (MaterializeResult, AssetCheckResult, Output, ObserveResult)):
                    self._yielded(one)
                else:
                    raise DagsterInvariantViolationError(
                        f"{self.context.describe_op()} returned a tuple in which results and bare values"
                        f" ({type(one)}) are mixed."
                    )
            return
        wanted = [i for i in range(len(outputs)) if self.step.output_selected(i)]
        positions = wanted if len(result) == len(wanted) else range(len(outputs))
        if len(result) != len(positions):
            raise DagsterInvariantViolationError(
                "Length mismatch between returned tuple of outputs and number of output defs on"
                f" {self.context.describe_op()}. Output tuple has {len(result)} outputs, while op has"
                f" {len(outputs)} outputs."
            )
        for index, element in zip(positions, result):
            self._element(index, element)

    def _element(self, index: int, element: Any) -> None:
        if isinstance(element, MaterializeResult):
            self._materialized(element, index)
        elif isinstance(element, Output):
            name = self.definition._outputs[index].name
            if element.output_name not in ("result", name):
                raise DagsterInvariantViolationError(
                    f"Bad state: Output was explicitly named '{element.output_name}', which does not match"
                    " the output definition"
                    f" specified for position {index}: '{name}'."
                )
            self._output(index, element)
        else:
            self._hand_over(index, element, True, None, None, None)

    def _returned_checks(self, result: Any) -> None:
        if isinstance(result, (tuple, list)) and all(isinstance(r, AssetCheckResult) for r in result):
            for one in result:
                self._check(one)
        elif result is not None or self.definition._is_check:
            raise DagsterInvariantViolationError(
                f"{self.context.describe_op()} returned {result!r}. A check function must return or yield an"
                " AssetCheckResult:"
                " AssetCheckResult(passed=...)."
            )

    # --- handing over to the engine

    def _index_of_name(self, name: str) -> int:
        outputs = self.definition._outputs
        for index, output in enumerate(outputs):
            if output.name == name:
                return index
        if name == "result" and len(outputs) == 1:
            return 0
        raise DagsterInvariantViolationError(
            f'Core compute for {self.context.describe_op()} returned an output "{name}" that does not exist.'
            " The available outputs"
            f" are {[o.name for o in outputs]}"
        )

    def _index_of_key(self, result: Any, fallback: int | None) -> int:
        outputs = self.definition._outputs
        if result.asset_key is None:
            if fallback is not None:
                return fallback
            if len(outputs) == 1:
                return 0
            raise DagsterInvariantViolationError(
                f"{type(result).__name__} did not include asset_key and it can not be inferred. Specify"
                " which asset_key, options"
                f" are: {[o.key for o in outputs]}"
            )
        for index, output in enumerate(outputs):
            if output.key == result.asset_key:
                return index
        raise DagsterInvariantViolationError(
            f"Asset key {result.asset_key.to_user_string()} not found in AssetsDefinition:"
            f" {self.context.describe_op()} makes"
            f" {[o.key for o in outputs]}."
        )

    def _output(self, index: int, output: Output[Any]) -> None:
        self._hand_over(index, output.value, True, output.metadata, output.data_version, output.tags)

    def _materialized(self, result: MaterializeResult[Any], position: int | None = None) -> None:
        index = self._index_of_key(result, position)
        has_value = result.value is not NoValue
        self._hand_over(
            index,
            result.value if has_value else None,
            has_value,
            result.metadata,
            result.data_version,
            result.tags,
        )
        for check in result.check_results:
            self._check(check, self.definition._outputs[index].key)

    def _observed(self, result: ObserveResult) -> None:
        key = result.asset_key
        if key is None:
            key = self.definition._outputs[self._index_of_key(result, None)].key
        tags = dict(result.tags or {})
        if result.data_version is not None:
            tags["dagster/data_version"] = result.data_version.value
        report_fact(self.step, AssetObservation(key, metadata=result.metadata, tags=tags))
        for check in result.check_results:
            self._check(check, key)

    def _hand_over(
        self,
        index: int,
        value: Any,
        has_value: bool,
        metadata: Any,
        data_version: Any,
        tags: Mapping[str, str] | None,
    ) -> None:
        output = self.definition._outputs[index]
        if index in self.given:
            raise DagsterInvariantViolationError(
                f'Compute for {self.context.describe_op()} returned an output "{output.name}" multiple times'
            )
        if not self.step.output_selected(index):
            raise DagsterInvariantViolationError(
                f'Core compute for {self.context.describe_op()} returned an output "{output.name}" that is'
                f" not selected. The selected outputs are {self.context.selected_output_names}"
            )
        self.given.add(index)
        context = self.context
        if context._handed is None:
            context._handed = set()
        context._handed.add(output.name)
        facts = None
        if has_value:
            if not output.stores_value:
                if value is not None:
                    raise DagsterTypeCheckDidNotPass(
                        f'Type check failed for step output "{output.name}" - expected type "Nothing".'
                        " Description: Value must be"
                        f" None or unset, got a {type(value)}"
                    )
                has_value = False
            else:
                expected = self.plan.output_types[index]
                wrong = expected.misfit(value) if expected is not None else None
                if wrong is not None:
                    self.step.report_event(
                        "STEP_OUTPUT",
                        "",
                        "",
                        f'Yielded output "{output.name}" of type "{label_of(expected)}". Warning! Type check'
                        " failed.",
                        [],
                        f'{{"output": "{output.name}", "type_check_passed": false}}',
                    )
                    raise DagsterTypeCheckDidNotPass.of(
                        f'Type check failed for step output "{output.name}" - expected type'
                        f' "{label_of(expected)}". Description: {wrong}',
                        wrong,
                    )
                if output.key is not None and expected is not None and is_frame_type(expected.python_type):
                    facts = facts_of_frame(value)
        if context._metadata is not None and output.name in context._metadata:
            metadata = {**context._metadata.pop(output.name), **(metadata or {})}
        if facts is not None:
            metadata = {**facts, **(metadata or {})}
        if data_version is None and context._data_versions is not None:
            data_version = context._data_versions.get(output.key)
        if data_version is not None:
            tags = {**(tags or {}), "dagster/data_version_is_user_provided": "true"}
        if self.state is not None and self.state.capture is not None:
            plain = value.value if isinstance(value, Json) else value
            self.state.capture[(self.step.step_key, output.name)] = plain if has_value else None
        self.step.handle_output(
            index,
            value,
            has_value,
            self.plan.labels[index],
            metadata_to_core(metadata) if metadata else None,
            data_version.value if data_version is not None else None,
            list(tags.items()) if tags else None,
            self._partition_facts(output.name),
        )

    def _partition_facts(self, output: str) -> Any:
        """What was said about single partitions: [(key, metadata, data version)]."""
        told = self.context._partition_metadata
        if told is None or output not in told:
            return None
        return [(key, metadata_to_core(metadata), None) for key, metadata in told[output].items()]

    def _check(self, result: AssetCheckResult, asset: Any = None) -> None:
        self._report_check(result, asset, self.definition._check_specs)

    def _report_check(self, result: AssetCheckResult, asset: Any, specs: Sequence[AssetCheckSpec]) -> None:
        left_out = self._left_out(result, asset, specs)
        if left_out is not None:
            key = left_out.asset_key.to_user_string()
            self.context.log.warning(
                f"AssetCheckResult for check '{left_out.name}' for asset '{key}' was yielded which is not"
                " selected. Letting it through."
            )
            self._report_beside(result, left_out)
            return
        index = self._index_of_check(result, asset, specs)
        if index in self.given_checks:
            raise DagsterInvariantViolationError(
                f"{self.context.describe_op()} gave a result for check {specs[index].key.to_user_string()!r}"
                " more than once."
            )
        self.given_checks.add(index)
        self.step.report_check(
            index,
            result.passed,
            result.severity is AssetCheckSeverity.ERROR,
            result.description or "",
            metadata_to_core(result.metadata) if result.metadata else None,
        )

    def _left_out(
        self, result: AssetCheckResult, asset: Any, specs: Sequence[AssetCheckSpec]
    ) -> AssetCheckSpec | None:
        """The check that a result is of by its names, when it is one of these and not selected."""
        key = result.asset_key if result.asset_key is not None else asset
        for index, spec in enumerate(specs):
            if spec.name == result.check_name and spec.asset_key == key:
                return None if self.step.check_selected(index) else spec
        return None

    def _report_beside(self, result: AssetCheckResult, spec: AssetCheckSpec) -> None:
        """A result that this step was not planned to give."""
        report_evaluation(
            self.step,
            AssetCheckEvaluation(
                spec.asset_key,
                spec.name,
                result.passed,
                result.metadata,
                severity=result.severity,
                description=result.description,
                blocking=spec.blocking,
            ),
        )

    def _index_of_check(self, result: AssetCheckResult, asset: Any, specs: Sequence[AssetCheckSpec]) -> int:
        """Which check is meant, among those that are to be evaluated."""
        names: dict[Any, set[str]] = {}
        for index, spec in enumerate(specs):
            if self.step.check_selected(index):
                names.setdefault(spec.asset_key, set()).add(spec.name)
        if not names:
            raise DagsterInvariantViolationError(
                "Received unexpected AssetCheckResult. No AssetCheckSpecs were found for this step."
                "You may need to set `check_specs` on the asset decorator, or you may be emitting an"
                " AssetCheckResult that isn't in the subset passed in `context.selected_asset_check_keys`."
            )
        assets = [k.to_user_string() for k in names]
        key = result.asset_key if result.asset_key is not None else asset
        if key is not None and key not in names:
            raise DagsterInvariantViolationError(
                f"Received unexpected AssetCheckResult. It targets asset '{key.to_user_string()}' which is"
                f" not targeted by any of the checks currently being evaluated. Targeted assets: {assets}."
            )
        if key is None and len(names) > 1:
            raise DagsterInvariantViolationError(
                "AssetCheckResult didn't specify an asset key, but there are multiple assets to choose from:"
                f" {assets}"
            )
        key = next(iter(names)) if key is None else key
        wanted = result.check_name
        if wanted is not None and wanted not in names[key]:
            raise DagsterInvariantViolationError(
                "Received unexpected AssetCheckResult. No checks currently being evaluated target asset"
                f" '{key.to_user_string()}' and have name '{wanted}'. Checks being evaluated for this"
                f" asset: {names[key]}"
            )
        if wanted is None and len(names[key]) > 1:
            raise DagsterInvariantViolationError(
                "AssetCheckResult result didn't specify a check name, but there are multiple checks to choose"
                f" from for the this asset key: {names[key]}"
            )
        wanted = next(iter(names[key])) if wanted is None else wanted
        return next(i for i, s in enumerate(specs) if (s.asset_key, s.name) == (key, wanted))

    def _complete(self) -> None:
        """What must have been handed over has been; assets without values need no saying."""
        step = self.step
        for index, output in enumerate(self.definition._outputs):
            if index in self.given or not output.required or not step.output_selected(index):
                continue
            if output.stores_value:
                raise DagsterStepOutputNotFoundError(
                    f"Core compute for {self.context.describe_op()} did not return an output for"
                    f' non-optional output "{output.name}"'
                )
            if self.definition._can_subset:
                continue  # it says itself which it has made
            self._hand_over(index, None, False, None, None, None)
        for index, spec in enumerate(self.definition._check_specs):
            if index in self.given_checks or not step.check_selected(index):
                continue
            if self.definition._can_subset:
                self.context.log.warning(
                    f"The check '{spec.name}' on '{spec.asset_key.to_user_string()}' was selected, but"
                    f" {self.context.describe_op()} emitted no result for it."
                )
                continue
            raise DagsterStepOutputNotFoundError(
                f"Core compute for {self.context.describe_op()} did not return an output for non-optional"
                f' output "{spec.get_python_identifier()}": no AssetCheckResult was given for the check'
                f" {spec.key.to_user_string()!r}."
            )


def _is_results(result: tuple[Any, ...]) -> bool:
    return bool(result) and all(isinstance(r, (MaterializeResult, AssetCheckResult)) for r in result)
