"""Executors: whether the steps of a run share this process, and how many of them run at once."""

from __future__ import annotations

from enum import Enum

from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterUnmetExecutorRequirementsError,
)
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._config.definition import IDefinitionConfigSchema
    from treadle._run.instance import DagsterInstance


class ExecutorRequirement(Enum):
    """What an executor needs of a job and of an instance."""

    RECONSTRUCTABLE_PIPELINE = "RECONSTRUCTABLE_PIPELINE"
    RECONSTRUCTABLE_JOB = "RECONSTRUCTABLE_PIPELINE"  # noqa: PIE796 - an alias
    NON_EPHEMERAL_INSTANCE = "NON_EPHEMERAL_INSTANCE"
    PERSISTENT_OUTPUTS = "PERSISTENT_OUTPUTS"


def multiple_process_executor_requirements() -> list[ExecutorRequirement]:
    """What executors need that run steps in other processes."""
    return [
        ExecutorRequirement.RECONSTRUCTABLE_JOB,
        ExecutorRequirement.NON_EPHEMERAL_INSTANCE,
        ExecutorRequirement.PERSISTENT_OUTPUTS,
    ]


class Executor:
    """How the engine is to run the steps. What an @executor function returns."""

    _processes = False
    _limits: Sequence[tuple[str, str | None, bool, int]] = ()
    max_concurrent: int | None = None

    def __init__(self, retries: bool = True) -> None:
        self.retries = retries

    def _told(
        self, pools: Mapping[str, int], stop_at_first_failure: bool
    ) -> tuple[bool, int, list[tuple[str, str | None, bool, int]], dict[str, int], bool, bool]:
        """The core's form of it."""
        return (
            self._processes,
            self.max_concurrent or 0,
            list(self._limits),
            dict(pools),
            self.retries,
            stop_at_first_failure,
        )


class InProcessExecutor(Executor):
    """Steps run in this process, one after the other."""


class MultiprocessExecutor(Executor):
    """Each step runs in a process of its own, as many at once as there are cores, or `max_concurrent`."""

    _processes = True

    def __init__(
        self,
        retries: bool = True,
        max_concurrent: int | None = None,
        tag_concurrency_limits: Sequence[Mapping[str, Any]] | None = None,
        start_method: str | None = None,
        explicit_forkserver_preload: Sequence[str] | None = None,
        step_dependency_config: object | None = None,
    ) -> None:
        super().__init__(retries)
        self.max_concurrent = max_concurrent or None
        self._limits = [_tag_limit(one) for one in tag_concurrency_limits or ()]


def _tag_limit(told: Mapping[str, Any]) -> tuple[str, str | None, bool, int]:
    value = told.get("value")
    each = isinstance(value, dict) and bool(value.get("applyLimitPerUniqueValue"))
    return (told["key"], value if isinstance(value, str) else None, each, int(told["limit"]))


class InitExecutorContext:
    """What an @executor function is given."""

    __slots__ = ("_instance", "executor_config", "executor_def", "job")

    def __init__(
        self,
        job: Any,
        executor_def: ExecutorDefinition,
        executor_config: Mapping[str, Any],
        instance: DagsterInstance | None,
    ) -> None:
        self.job = job
        self.executor_def = executor_def
        self.executor_config = executor_config
        self._instance = instance

    @property
    def instance(self) -> DagsterInstance:
        from treadle._run.instance import DagsterInstance

        return self._instance or DagsterInstance.get()


class ExecutorDefinition:
    """A way to execute steps, with its configuration."""

    def __init__(
        self,
        name: str,
        config_schema: Any = None,
        requirements: Any = None,
        executor_creation_fn: Callable[[InitExecutorContext], Executor] | None = None,
        description: str | None = None,
    ) -> None:
        self._name = name
        self._config_schema = config_schema
        self._requirements = requirements
        self._creation_fn = executor_creation_fn
        self._description = description
        self._config: Any = None  # (definition, configuration or function of it), of `configured`

    def __repr__(self) -> str:
        return f"<ExecutorDefinition {self._name!r}>"

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def config_schema(self) -> IDefinitionConfigSchema:
        """Of the configuration under `execution: {config: ...}`."""
        from treadle._config.definition import schema_of

        return schema_of(self._declared_schema())

    def _declared_schema(self) -> Any:
        return self._config_schema

    @property
    def executor_creation_fn(self) -> Callable[[InitExecutorContext], Executor] | None:
        return self._creation_fn

    @staticmethod
    def hardcoded_executor(executor: Executor) -> ExecutorDefinition:
        """An executor that takes no configuration."""
        return ExecutorDefinition("__executor__", executor_creation_fn=lambda _: executor)

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> ExecutorDefinition:
        """The same with its configuration given, or made by a function from another one."""
        other = ExecutorDefinition(
            name or self._name,
            config_schema,
            self._requirements,
            self._creation_fn,
            description or self._description,
        )
        other._config = (self, config_or_config_fn)
        return other

    def _effective(self, given: Any) -> Mapping[str, Any]:
        from treadle._config.fields import Field
        from treadle._config.process import processed
        from treadle._config.types import Shape

        execution = Shape({"config": self.config_schema.as_field()})
        checked = processed(
            {"execution": Field(execution)},
            {} if given is None else {"execution": {"config": given}},
            f"Error in config for executor {self._name}",
        )["execution"].get("config")
        if self._config is None:
            return checked if checked is not None else {}
        inner, config = self._config
        effective: Mapping[str, Any] = inner._effective(config(checked) if callable(config) else config)
        return effective

    def get_requirements(self, executor_config: Mapping[str, Any]) -> Sequence[ExecutorRequirement]:
        requirements = self._requirements
        return list((requirements(executor_config) if callable(requirements) else requirements) or ())

    def _make(self, job: Any, config: Any, instance: DagsterInstance | None) -> Executor:
        """The executor for one run. Without an instance, of one in a home, which can have any executor."""
        effective = self._effective(config)
        if self._creation_fn is None:
            raise DagsterInvalidDefinitionError(
                f"Executor '{self._name}' has no executor_creation_fn: nothing says how steps are run."
            )
        made = self._creation_fn(InitExecutorContext(job, self, effective, instance))
        if not isinstance(made, Executor):
            raise CheckError(
                f"Executor '{self._name}' gave {made!r}, which is no executor of Treadle. Return"
                " InProcessExecutor(...) or MultiprocessExecutor(...) of treadle._run.executors."
            )
        needs = self.get_requirements(effective)
        process = made._processes or ExecutorRequirement.NON_EPHEMERAL_INSTANCE in needs
        if process and instance is not None:
            check_process_requirements(job, instance)
        return made


def check_process_requirements(job: Any, instance: DagsterInstance) -> None:
    """Steps in processes of their own need a record and a store that outlive this process's memory."""
    if instance.is_ephemeral:
        raise DagsterUnmetExecutorRequirementsError(
            "You have attempted to use an executor that uses multiple processes with an ephemeral"
            " DagsterInstance. A non-ephemeral instance is needed to coordinate execution between multiple"
            " processes. You can configure your default instance via $DAGSTER_HOME or ensure a valid one is"
            " passed when invoking the python APIs. You can learn more about setting up a persistent"
            " DagsterInstance from the DagsterInstance docs here:"
            " https://docs.dagster.io/guides/deploy/dagster-instance-configuration#default-local-behavior"
        )


# --- those that come with the library


def _retries(config: Mapping[str, Any]) -> bool:
    return "disabled" not in (config.get("retries") or {})


def _make_in_process(context: InitExecutorContext) -> Executor:
    return InProcessExecutor(_retries(context.executor_config))


def _multiprocess(config: Mapping[str, Any]) -> Executor:
    return MultiprocessExecutor(
        _retries(config), config.get("max_concurrent"), config.get("tag_concurrency_limits")
    )


def _make_multiprocess(context: InitExecutorContext) -> Executor:
    return _multiprocess(context.executor_config)


def _make_either(context: InitExecutorContext) -> Executor:
    config = context.executor_config
    if "in_process" in config:
        return InProcessExecutor(_retries(config["in_process"] or {}))
    return _multiprocess(config.get("multiprocess") or {})


class _BuiltIn(ExecutorDefinition):
    """Its schema is made when it is asked for: most programs never do."""

    def _declared_schema(self) -> Any:
        from treadle._run import executor_schemas

        return getattr(executor_schemas, self._config_schema)


in_process_executor: ExecutorDefinition = _BuiltIn(
    "in_process",
    "IN_PROCESS",
    executor_creation_fn=_make_in_process,
    description="Execute all steps in a single process.",
)
multiprocess_executor: ExecutorDefinition = _BuiltIn(
    "multiprocess",
    "MULTIPROCESS",
    requirements=multiple_process_executor_requirements(),
    executor_creation_fn=_make_multiprocess,
    description="Execute each step in an individual process.",
)
multi_or_in_process_executor: ExecutorDefinition = _BuiltIn(
    "multi_or_in_process_executor",
    "EITHER",
    executor_creation_fn=_make_either,
    description="The default executor: steps in processes of their own, or in this one.",
)


@overload
def executor(name: Callable[[InitExecutorContext], Executor]) -> ExecutorDefinition: ...
@overload
def executor(
    name: str | None = None, config_schema: Any = None, requirements: Any = None
) -> Callable[[Callable[[InitExecutorContext], Executor]], ExecutorDefinition]: ...


def executor(name: Any = None, config_schema: Any = None, requirements: Any = None) -> Any:
    """Declares an executor by a function that takes an InitExecutorContext and returns an Executor."""
    if callable(name):
        return ExecutorDefinition(name.__name__, executor_creation_fn=name)

    def declare(fn: Callable[[InitExecutorContext], Executor]) -> ExecutorDefinition:
        return ExecutorDefinition(name or fn.__name__, config_schema, requirements, fn)

    return declare
