"""Loggers of a job: Python loggers that receive what user code logs, made anew for each run."""

from __future__ import annotations

from treadle._config.definition import ConfiguredSchema, IDefinitionConfigSchema, resolved, schema_of
from treadle._errors import CheckError, DagsterInvalidInvocationError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._run.instance import DagsterInstance


class InitLoggerContext(Record):
    """What a logger is made from."""

    __slots__ = _fields = ("logger_config", "logger_def", "job_def", "run_id")

    def __init__(
        self,
        logger_config: Any,
        logger_def: LoggerDefinition | None = None,
        job_def: Any = None,
        run_id: str | None = None,
    ) -> None:
        self.logger_config = logger_config
        self.logger_def = logger_def
        self.job_def = job_def
        self.run_id = run_id


def build_init_logger_context(logger_config: Any = None, job_def: Any = None) -> InitLoggerContext:
    """What a logger is made from, for calling its definition directly."""
    return InitLoggerContext(logger_config, None, job_def)


class LoggerDefinition:
    """A function that makes a Python logger, with the schema of its configuration."""

    def __init__(
        self,
        logger_fn: Callable[[InitLoggerContext], logging.Logger],
        config_schema: Any = None,
        description: str | None = None,
    ) -> None:
        if not callable(logger_fn):
            raise CheckError(f'Param "logger_fn" is not callable. Got {logger_fn!r}.')
        self._logger_fn = logger_fn
        self._declared = config_schema
        self._schema: IDefinitionConfigSchema | None = None
        self._description = description

    def __repr__(self) -> str:
        return f"<LoggerDefinition {getattr(self._logger_fn, '__name__', '')}>"

    @property
    def logger_fn(self) -> Callable[[InitLoggerContext], logging.Logger]:
        return self._logger_fn

    @property
    def config_schema(self) -> Any:
        if self._schema is None:
            self._schema = (
                self._declared
                if isinstance(self._declared, IDefinitionConfigSchema)
                else schema_of(self._declared)
            )
        return self._schema

    @property
    def description(self) -> str | None:
        return self._description

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> LoggerDefinition:
        """The same with its configuration given, or computed from another."""
        own = schema_of({} if config_schema is None and not callable(config_or_config_fn) else config_schema)
        schema = ConfiguredSchema(self.config_schema, own, config_or_config_fn)
        return LoggerDefinition(self._logger_fn, schema, description or self._description)

    def make(self, config: Any, name: str, job_def: Any = None, run_id: str | None = None) -> logging.Logger:
        """The logger for one run."""
        from treadle._config.process import processed

        owner = f"logger '{name}'"
        schema = self.config_schema
        given = {} if config is None else {"config": config}
        checked = processed({"config": schema.as_field()}, given, f"Error in config for {owner}")
        complete = resolved(schema, checked.get("config"), owner)
        return self._logger_fn(InitLoggerContext(complete, self, job_def, run_id))

    def __call__(self, *args: Any, **kwargs: Any) -> logging.Logger:
        if not args and not kwargs:
            raise DagsterInvalidInvocationError(
                "Logger initialization function has context argument, but no context argument was provided"
                " when invoking."
            )
        if len(args) + len(kwargs) > 1:
            raise DagsterInvalidInvocationError(
                "Initialization of logger received multiple arguments. Only a first positional context"
                " parameter should be provided when invoking."
            )
        parameter = self._logger_fn.__code__.co_varnames[0]
        if not args and parameter not in kwargs:
            raise DagsterInvalidInvocationError(f"Logger initialization expected argument '{parameter}'.")
        given = args[0] if args else kwargs[parameter]
        context = given if given is not None else InitLoggerContext(None)
        if not isinstance(context, InitLoggerContext):
            raise CheckError(f'Param "{parameter}" is not an InitLoggerContext. Got {context!r}')
        return self.make(context.logger_config, "", context.job_def, context.run_id)


@overload
def logger(config_schema: Callable[[InitLoggerContext], logging.Logger], /) -> LoggerDefinition: ...
@overload
def logger(
    config_schema: Any = None, description: str | None = None
) -> Callable[[Callable[[InitLoggerContext], logging.Logger]], LoggerDefinition]: ...


def logger(config_schema: Any = None, description: str | None = None) -> Any:
    """Declares a logger by a function that makes it from an InitLoggerContext."""
    if callable(config_schema) and not isinstance(config_schema, type):
        return LoggerDefinition(config_schema)

    def decorate(fn: Callable[[InitLoggerContext], logging.Logger]) -> LoggerDefinition:
        return LoggerDefinition(fn, config_schema, description)

    return decorate


def _console_schema(description: str) -> Any:
    from treadle._config.fields import Field

    return Field(
        {
            "log_level": Field(
                str, is_required=False, default_value="INFO", description="The logger's threshold."
            ),
            "name": Field(
                str, is_required=False, default_value="dagster", description="The name of your logger."
            ),
        },
        description=description,
    )


def _console(config: Mapping[str, Any], formatter: logging.Formatter) -> logging.Logger:
    import logging

    made = logging.getLoggerClass()(config["name"], level=valid_level(config["log_level"]))
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    made.addHandler(handler)
    return made


def _colored(init_context: InitLoggerContext) -> logging.Logger:
    from treadle._run.log_format import ColoredFormatter

    return _console(init_context.logger_config, ColoredFormatter())


def _json(init_context: InitLoggerContext) -> logging.Logger:
    from treadle._run.log_format import JsonLogFormatter

    return _console(init_context.logger_config, JsonLogFormatter())


def valid_level(level: str | int) -> int:
    """A level as a number; the error lists those there are."""
    levels = {"INFO": 20, "WARNING": 30, "WARN": 30, "DEBUG": 10, "CRITICAL": 50, "FATAL": 50, "ERROR": 40}
    if isinstance(level, int):
        return level
    if str(level).upper() not in levels:
        raise CheckError(
            f"Invariant failed. Description: Bad value for log level {level}: permissible values are"
            f" {', '.join(map(repr, levels))}."
        )
    return levels[level.upper()]


_COLORED = "The default colored console logger."
_JSON = "A JSON-formatted console logger."
colored_console_logger = LoggerDefinition(_colored, _console_schema(_COLORED), _COLORED)
json_console_logger = LoggerDefinition(_json, _console_schema(_JSON), _JSON)


def default_loggers() -> Mapping[str, LoggerDefinition]:
    return {"console": colored_console_logger}


def default_system_loggers(
    instance: DagsterInstance | None,
) -> Sequence[tuple[LoggerDefinition, Mapping[str, object]]]:
    """The loggers of runs whose configuration names none, each with its configuration."""
    level = (instance.python_log_level if instance is not None else None) or "DEBUG"
    return [(colored_console_logger, {"name": "dagster", "log_level": level})]


def loggers_of_run(
    declared: Mapping[str, Any], run_config: Mapping[str, Any], job_def: Any, run_id: str
) -> list[logging.Logger]:
    """The loggers that a run's configuration names, made. Without any, lines go to the terminal."""
    given = run_config.get("loggers") or {}
    return [
        definition.make((given[key] or {}).get("config"), key, job_def, run_id)
        for key, definition in (declared or default_loggers()).items()
        if key in given
    ]
