"""Executors: whether the steps of a run share this process, and how many of them run at once."""

from __future__ import annotations

from enum import Enum

from treadle._errors import (
    CheckError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterUnmetExecutorRequirementsError,
)
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

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

    __slots__ = ("executor_config", "executor_def", "instance", "job")

    def __init__(
        self,
        job: Any,
        executor_def: ExecutorDefinition,
        executor_config: Mapping[str, Any],
        instance: DagsterInstance,
    ) -> None:
        self.job = job
        self.executor_def = executor_def
        self.executor_config = executor_config
        self.instance = instance


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
    def config_schema(self) -> Any:
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
        if self._config is None:
            schema = _BUILT_IN.get(self._name) if self._creation_fn in _BUILT_IN_FUNCTIONS else None
            config = given if given is not None else {}
            return schema(config) if schema is not None else config
        inner, config = self._config
        effective: Mapping[str, Any] = inner._effective(config(given) if callable(config) else config)
        return effective

    def get_requirements(self, executor_config: Mapping[str, Any]) -> Sequence[ExecutorRequirement]:
        requirements = self._requirements
        return list((requirements(executor_config) if callable(requirements) else requirements) or ())

    def _make(self, job: Any, config: Any, instance: DagsterInstance) -> Executor:
        """The executor for one run."""
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
        if made._processes or ExecutorRequirement.NON_EPHEMERAL_INSTANCE in needs:
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


# --- configuration of those that come with the library

_RETRIES = ("enabled", "disabled", "deferred")


def _checked(config: Any, path: str, fields: Mapping[str, Any], errors: list[str]) -> Mapping[str, Any]:
    if not isinstance(config, dict):
        errors.append(f"Value at path {path} must be dict, got {config!r}.")
        return {}
    for key, value in config.items():
        check = fields.get(key)
        if check is None:
            errors.append(
                f'Received unexpected config entry "{key}" at path {path}. Expected one of:'
                f" {', '.join(sorted(fields))}."
            )
        elif not check[0](value):
            errors.append(f"Invalid value at path {path}:{key}. Expected {check[1]}, got {value!r}.")
    return config


def _is_retries(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _RETRIES


def _is_limits(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, dict) and isinstance(v.get("key"), str) and isinstance(v.get("limit"), int)
        for v in value
    )


def _is_start_method(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("spawn", "forkserver")


_IN_PROCESS = {
    "retries": (_is_retries, 'one of {"enabled": {}}, {"disabled": {}}'),
    "marker_to_close": (lambda v: isinstance(v, str), "a string"),
    "step_dependency_config": (lambda v: isinstance(v, dict), "a dictionary"),
}
_MULTIPROCESS = {
    **_IN_PROCESS,
    "max_concurrent": (
        lambda v: v is None or (isinstance(v, int) and not isinstance(v, bool)),
        "an integer",
    ),
    "tag_concurrency_limits": (_is_limits, 'a list of {"key": ..., "value": ..., "limit": ...}'),
    "start_method": (_is_start_method, 'one of {"spawn": {}}, {"forkserver": {}}'),
}


def _raise(errors: list[str]) -> None:
    if errors:
        listed = "".join(f"\n    Error {n}: {e}" for n, e in enumerate(errors, 1))
        raise DagsterInvalidConfigError(f"Error in config for executor{listed}")


def _in_process_config(config: Any) -> Mapping[str, Any]:
    errors: list[str] = []
    _checked(config, "root:execution:config", _IN_PROCESS, errors)
    _raise(errors)
    return config  # type: ignore[no-any-return]


def _multiprocess_config(config: Any) -> Mapping[str, Any]:
    errors: list[str] = []
    _checked(config, "root:execution:config", _MULTIPROCESS, errors)
    _raise(errors)
    return config  # type: ignore[no-any-return]


def _either_config(config: Any) -> Mapping[str, Any]:
    if not config:
        return {"multiprocess": {}}
    errors: list[str] = []
    if not isinstance(config, dict) or len(config) != 1:
        errors.append(
            "Must specify exactly one of in_process, multiprocess at path root:execution:config."
            f" You provided {sorted(config) if isinstance(config, dict) else config!r}."
        )
    else:
        (key, inner), *_ = config.items()
        fields = {"in_process": _IN_PROCESS, "multiprocess": _MULTIPROCESS}.get(key)
        if fields is None:
            errors.append(
                f'Received unexpected config entry "{key}" at path root:execution:config. Expected one of:'
                " in_process, multiprocess."
            )
        elif inner is not None:
            _checked(inner, f"root:execution:config:{key}", fields, errors)
    _raise(errors)
    return config  # type: ignore[no-any-return]


_BUILT_IN: dict[str, Callable[[Any], Mapping[str, Any]]] = {
    "in_process": _in_process_config,
    "multiprocess": _multiprocess_config,
    "multi_or_in_process_executor": _either_config,
}


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


_BUILT_IN_FUNCTIONS = (_make_in_process, _make_multiprocess, _make_either)

in_process_executor = ExecutorDefinition(
    "in_process", executor_creation_fn=_make_in_process, description="Execute all steps in a single process."
)
multiprocess_executor = ExecutorDefinition(
    "multiprocess",
    requirements=multiple_process_executor_requirements(),
    executor_creation_fn=_make_multiprocess,
    description="Execute each step in an individual process.",
)
multi_or_in_process_executor = ExecutorDefinition(
    "multi_or_in_process_executor",
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
