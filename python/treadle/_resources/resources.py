"""Resources: configured objects that functions ask for by key, and how they are set up and torn down for a
run.
"""

from __future__ import annotations

from treadle._errors import (
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterUnknownResourceError,
)
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from typing_extensions import Self

    from treadle._run.log import DagsterLogManager
    from treadle._typing import UserFn


class EnvVar(str):
    """The name of an environment variable whose value is looked up when a run needs it, so that it is never
    written down.
    """

    __slots__ = ()

    @classmethod
    def int(cls, name: str) -> IntEnvVar:
        return IntEnvVar(name)

    @property
    def env_var_name(self) -> str:
        return str.__str__(self)

    def get_value(self, default: str | None = None) -> str | None:
        """The value now; `default` when the variable is not set."""
        import os

        return os.environ.get(self.env_var_name, default)

    def __repr__(self) -> str:
        return f"EnvVar({str.__repr__(self)})"

    def __str__(self) -> str:
        raise RuntimeError(
            f'Attempted to directly retrieve environment variable EnvVar("{self.env_var_name}"). EnvVar'
            " defers resolution of"
            " the environment variable value until run time, and should only be used as input to Dagster"
            " config or resources."
            " To access the environment variable value now, call `get_value` on the EnvVar object."
        )


class IntEnvVar(int):
    """An EnvVar whose value is a whole number."""

    name: str

    def __new__(cls, name: str) -> IntEnvVar:
        var = super().__new__(cls, 0)
        var.name = name
        return var

    def get_value(self, default: int | None = None) -> int | None:
        import os

        text = os.environ.get(self.name)
        return default if text is None else int(text)


def resolve_env(value: Any, where: str) -> Any:
    """A configuration value with every EnvVar in it looked up."""
    if isinstance(value, (EnvVar, IntEnvVar)):
        found = value.get_value()
        if found is None:
            name = value.env_var_name if isinstance(value, EnvVar) else value.name
            raise DagsterInvalidConfigError(
                f'You have attempted to fetch the environment variable "{name}" which is not set ({where}).'
                " In order for this"
                " execution to succeed it must be set in this environment."
            )
        return found
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("env"), str):
            return resolve_env(EnvVar(value["env"]), where)
        return {k: resolve_env(v, where) for k, v in value.items()}
    if isinstance(value, list):
        return [resolve_env(v, where) for v in value]
    return value


class Resources:
    """`context.resources`: one attribute per resource that the step requires."""

    __slots__ = ("_allowed", "_get")

    def __init__(self, get: Callable[[str], Any], allowed: AbstractSet[str] | None) -> None:
        self._get = get
        self._allowed = allowed

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or (self._allowed is not None and key not in self._allowed):
            raise DagsterUnknownResourceError(
                f"Unknown resource `{key}`. Specify `{key}` as a required resource on the compute / config"
                " function that"
                " accessed it."
            )
        return self._get(key)

    @property
    def original_resource_dict(self) -> Mapping[str, Any]:
        return {k: self._get(k) for k in self._allowed or ()}


class InitResourceContext:
    """What a resource function is told."""

    __slots__ = ("_instance", "log", "resource_config", "resources", "run_id")

    def __init__(
        self,
        resource_config: Any = None,
        resources: Any = None,
        run_id: str | None = None,
        log: DagsterLogManager | None = None,
        instance: Any = None,
    ) -> None:
        self.resource_config = resource_config
        self.resources = resources
        self.run_id = run_id
        self.log = log
        self._instance = instance

    @property
    def instance(self) -> Any:
        """The home of the run; None in tests that give none."""
        if self._instance is None and self.run_id:
            from treadle._run.steps import instance_of

            self._instance = instance_of(self.run_id)
        return self._instance

    @property
    def config(self) -> Any:
        return self.resource_config


def build_init_resource_context(
    config: Mapping[str, Any] | None = None, resources: Mapping[str, Any] | None = None, instance: Any = None
) -> InitResourceContext:
    """A context for calling resource functions in tests."""
    given = dict(resources or {})
    return InitResourceContext(
        config, Resources(given.__getitem__, frozenset(given)), None, _free_logger(), instance
    )


def _free_logger() -> DagsterLogManager:
    from treadle._run.log import DagsterLogManager

    return DagsterLogManager(None)


class ResourceDefinition:
    """A function that makes a resource (or, as a generator, makes it, yields it once and cleans up)."""

    def __init__(
        self,
        resource_fn: UserFn,
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: AbstractSet[str] | None = None,
        version: str | None = None,
    ) -> None:
        self.resource_fn = resource_fn
        self.config_schema = config_schema
        self.description = description
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.version = version
        self._config: Any = None

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        return ResourceDefinition(lambda _: value, description=description)

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        from unittest import mock

        return ResourceDefinition(lambda _: mock.MagicMock(), description=description)

    def configured(self, config: Any, config_schema: Any = None, description: str | None = None) -> Self:
        """The same with its configuration given."""
        import copy

        other = copy.copy(self)
        other._config = config
        return other

    def __call__(self, context: InitResourceContext | None = None, *args: Any) -> Any:
        return self._invoke(context if context is not None else build_init_resource_context())

    def _invoke(self, context: InitResourceContext) -> Any:
        code = getattr(self.resource_fn, "__code__", None)
        takes = code is None or code.co_argcount - (1 if hasattr(self.resource_fn, "__self__") else 0) > 0
        return self.resource_fn(context) if takes else self.resource_fn()

    def _make(self, context: InitResourceContext) -> tuple[Any, Iterator[Any] | None]:
        """The resource, and the generator that cleans it up."""
        config = self._config if self._config is not None else context.resource_config
        config = _with_defaults(self.config_schema, config)
        context = InitResourceContext(
            resolve_env(config, "resource config"),
            context.resources,
            context.run_id,
            context.log,
            context.instance,
        )
        made = self._invoke(context)
        if hasattr(made, "__next__") and hasattr(made, "send"):
            try:
                return next(made), made
            except StopIteration:
                raise DagsterInvalidDefinitionError(
                    "Resource generator functions must yield exactly one item."
                ) from None
        if hasattr(made, "__enter__") and hasattr(made, "gen"):  # contextlib.contextmanager
            return next(made.gen), made.gen
        return made, None


def _with_defaults(schema: Any, config: Any) -> Any:
    if not isinstance(schema, dict):
        return config
    defaults = {
        k: f.default_value for k, f in schema.items() if getattr(f, "default_value", None) is not None
    }
    return {**defaults, **(config or {})} if defaults else config


class IOManagerDefinition(ResourceDefinition):
    """A function that makes an IO manager."""

    @staticmethod
    def hardcoded_io_manager(value: Any, description: str | None = None) -> IOManagerDefinition:
        return IOManagerDefinition(lambda _: value, description=description)


@overload
def resource(config_schema: UserFn) -> ResourceDefinition: ...
@overload
def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Callable[[UserFn], ResourceDefinition]: ...


def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Any:
    """Declares a resource by the function that makes it from an InitResourceContext."""
    if callable(config_schema) and not isinstance(config_schema, type):
        return ResourceDefinition(config_schema)
    return lambda fn: ResourceDefinition(fn, config_schema, description, required_resource_keys, version)


@overload
def io_manager(config_schema: UserFn) -> IOManagerDefinition: ...
@overload
def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Callable[[UserFn], IOManagerDefinition]: ...


def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    version: str | None = None,
) -> Any:
    """Declares an IO manager by the function that makes it from an InitResourceContext."""
    if callable(config_schema) and not isinstance(config_schema, type):
        return IOManagerDefinition(config_schema)
    return lambda fn: IOManagerDefinition(fn, config_schema, description, required_resource_keys, version)


class _Fields:
    """An object whose annotated fields are given by keyword, with the class's values as defaults."""

    def __init__(self, **config: Any) -> None:
        fields, defaults = _fields_of(type(self))
        unknown = [k for k in config if k not in fields]
        if unknown:
            raise DagsterInvalidConfigError(
                f"{type(self).__name__} has no field {unknown[0]!r}; its fields are:"
                f" {', '.join(fields) or 'none'}."
            )
        missing = [f for f in fields if f not in config and f not in defaults]
        if missing:
            raise DagsterInvalidConfigError(
                f"{type(self).__name__} needs a value for its field {missing[0]!r}."
            )
        for field in fields:
            value = config[field] if field in config else defaults[field]
            self.__dict__[field] = value.copy() if isinstance(value, (dict, list, set)) else value

    def __repr__(self) -> str:
        fields = ", ".join(f"{f}={self.__dict__[f]!r}" for f in _fields_of(type(self))[0])
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    __hash__ = object.__hash__


class Config(_Fields):
    """The configuration of a function: a parameter `config: MyConfig` receives what the run's configuration
    says, checked for missing and unknown fields."""


class RunConfig:
    """A run's configuration: `RunConfig(ops={"model": ModelConfig(trees=20)})`."""

    def __init__(
        self,
        ops: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        loggers: Mapping[str, Any] | None = None,
        execution: Mapping[str, Any] | None = None,
    ) -> None:
        self.ops = dict(ops or {})
        self.resources = dict(resources or {})
        self.loggers = dict(loggers or {})
        self.execution = dict(execution or {})

    def to_config_dict(self) -> dict[str, Any]:
        config = {
            "ops": {k: _configured(v) for k, v in self.ops.items()},
            "resources": {k: _configured(v) for k, v in self.resources.items()},
            "loggers": self.loggers,
            "execution": self.execution,
        }
        return {k: v for k, v in config.items() if v}


def _configured(value: Any) -> Any:
    return {"config": dict(value.__dict__)} if isinstance(value, _Fields) else value


class ConfigurableResource(_Fields):
    """A resource whose annotated fields are its configuration: `class Api(ConfigurableResource): url: str;
    retries: int = 3`.

    A parameter of an asset function annotated with such a class receives the resource of the parameter's
    name. Fields may be given as EnvVar; `setup_for_execution` and `teardown_after_execution` are called
    around a run.
    """

    _treadle_resource = True

    @classmethod
    def configure_at_launch(cls, **config: Any) -> ConfigurableResource:
        return cls(**config)

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Called before the first use in a run."""

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        """Called when the run is over."""

    def _resolved(self, where: str) -> Self:
        import copy

        other = copy.copy(self)
        for field, value in self.__dict__.items():
            other.__dict__[field] = (
                value._resolved(where)
                if isinstance(value, ConfigurableResource)
                else resolve_env(value, f"{where}, field {field!r}")
            )
        return other


def _fields_of(cls: type) -> tuple[list[str], dict[str, Any]]:
    """Annotated fields of a class and its bases in order, and the defaults they have."""
    fields: dict[str, None] = {}
    defaults: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, annotation in getattr(base, "__annotations__", {}).items():
            if not name.startswith("_") and "ClassVar" not in str(annotation):
                fields[name] = None
        for name in fields:
            if name in base.__dict__:
                defaults[name] = base.__dict__[name]
    return list(fields), defaults


class ResourceHandle:
    """A resource that is set up: what C++ keeps for the run."""

    __slots__ = ("cleanup", "value")

    def __init__(self, value: Any, cleanup: Callable[[], None] | None) -> None:
        self.value = value
        self.cleanup = cleanup


class ResourceHolder:
    """How one resource of some definitions is set up. The core calls `set_up` once per run (and forked
    step).
    """

    __slots__ = ("config", "key", "source")

    def __init__(self, key: str, source: Any, config: Any = None) -> None:
        self.key = key
        self.source = source
        self.config = config

    @property
    def required(self) -> list[str]:
        return (
            sorted(self.source.required_resource_keys) if isinstance(self.source, ResourceDefinition) else []
        )

    def set_up(self, run_id: str, required: Mapping[str, ResourceHandle]) -> ResourceHandle:
        values = {k: h.value for k, h in required.items()}
        context = InitResourceContext(
            self.config, Resources(values.__getitem__, frozenset(values)), run_id, _free_logger()
        )
        source = self.source
        if isinstance(source, ResourceDefinition):
            value, generator = source._make(context)
            return ResourceHandle(value, None if generator is None else lambda: _finish(generator))
        if isinstance(source, ConfigurableResource):
            live = source._resolved(f"resource {self.key!r}")
            live.setup_for_execution(context)
            return ResourceHandle(live, lambda: live.teardown_after_execution(context))
        if isinstance(source, (EnvVar, IntEnvVar)):
            return ResourceHandle(resolve_env(source, f"resource {self.key!r}"), None)
        return ResourceHandle(source, None)

    def tear_down(self, handle: ResourceHandle) -> None:
        if handle.cleanup is not None:
            cleanup, handle.cleanup = handle.cleanup, None
            cleanup()


def _finish(generator: Iterator[Any]) -> None:
    for _ in generator:
        raise DagsterInvalidDefinitionError("Resource generator functions must yield exactly one item.")
