"""Log lines of user code: `context.log`, and Python loggers from `get_dagster_logger`. Both become LOG events
of the run.
"""

from __future__ import annotations

import sys

from treadle._run.current import current
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from typing import Any

    from treadle import _core
    from treadle._run.instance import DagsterInstance
    from treadle._run.steps import RunState

_NAMES = {
    "DEBUG": 10,
    "INFO": 20,
    "WARNING": 30,
    "WARN": 30,
    "ERROR": 40,
    "CRITICAL": 50,
    "FATAL": 50,
    "NOTSET": 0,
}


class DagsterLogManager:
    """The methods of `logging.Logger`. Outside of a step, lines go to stderr. Tests put their own in place of
    its methods."""

    def __init__(self, step: _core.Step | None) -> None:
        self._step = step

    def log(self, level: int | str, msg: object, *args: Any, **kwargs: Any) -> None:
        number = _NAMES[level.upper()] if isinstance(level, str) else level
        text = str(msg)
        if args:
            text = text % (args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args)
        if kwargs.get("exc_info"):
            text += "\n" + _current_traceback(kwargs["exc_info"])
        _emit(self._step, number, text)

    def debug(self, msg: object, *args: Any, **kwargs: Any) -> None:
        self.log(10, msg, *args, **kwargs)

    def info(self, msg: object, *args: Any, **kwargs: Any) -> None:
        self.log(20, msg, *args, **kwargs)

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        self.log(30, msg, *args, **kwargs)

    warn = warning

    def error(self, msg: object, *args: Any, **kwargs: Any) -> None:
        self.log(40, msg, *args, **kwargs)

    def exception(self, msg: object, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("exc_info", True)
        self.log(40, msg, *args, **kwargs)

    def critical(self, msg: object, *args: Any, **kwargs: Any) -> None:
        self.log(50, msg, *args, **kwargs)

    fatal = critical

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 (the name is logging's)
        return True

    def getEffectiveLevel(self) -> int:  # noqa: N802
        return 10


def _emit(step: _core.Step | None, level: int, text: str) -> None:
    if step is None:
        sys.stderr.write(text + "\n")
        return
    from treadle._run import steps

    state = steps.states.get(step.run_id)
    if state is not None and level < state.log_level:
        return
    step.log(level, text)
    if state is not None and state.loggers:
        _tell(state.loggers, step, level, text)
        return
    # The command line shows log lines as part of its progress; a program that runs assets itself sees them
    # here.
    if level >= 20 and state is not None:
        from treadle._run.capture import tees

        stream = tees[1]._stream if tees is not None else sys.stderr
        stream.write(f"{step.step_key}: {text}\n")


def _tell(loggers: list[logging.Logger], step: _core.Step, level: int, text: str) -> None:
    """To the loggers of the run, as Dagster writes a line of user code."""
    meta = {
        "run_id": step.run_id,
        "job_name": step.job_name,
        "step_key": step.step_key,
        "orig_message": text,
    }
    line = f"{step.job_name} - {step.run_id} - {step.step_key} - {text}"
    for one in loggers:
        one.log(level, line, extra={"dagster_meta": meta})


def begin_run(
    state: RunState,
    instance: DagsterInstance,
    declared: Mapping[str, Any],
    run_config: Mapping[str, Any],
    job_def: Any,
    run_id: str,
) -> None:
    """Makes the loggers of a run, and captures the Python loggers that the instance names."""
    if declared or run_config.get("loggers"):
        from treadle._run.loggers import loggers_of_run

        state.loggers = loggers_of_run(declared, run_config, job_def, run_id)
    if instance.python_log_level is not None:
        from treadle._run.loggers import valid_level

        state.log_level = valid_level(instance.python_log_level)
    for name in instance.managed_python_loggers:
        import logging

        managed = logging.getLogger(None if name == "root" else name)
        managed.addHandler(_step_handler())
        state.managed.append((managed, managed.level))
        if state.log_level:
            managed.setLevel(state.log_level)


def end_run(state: RunState) -> None:
    for managed, level in state.managed:
        managed.removeHandler(_step_handler())
        managed.setLevel(level)
    state.managed.clear()


def _current_traceback(exc_info: Any) -> str:
    import traceback

    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    elif not isinstance(exc_info, tuple):
        exc_info = sys.exc_info()
    return "".join(traceback.format_exception(*exc_info)).rstrip("\n") if exc_info[0] is not None else ""


_handler: Any = None


def _step_handler() -> Any:
    """Hands lines of Python loggers to the step that this thread runs."""
    import logging

    global _handler
    if _handler is None:

        class StepHandler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if current.step is None and record.name.partition(".")[0] != "dagster":
                    return
                if getattr(record, "_of_step", False):
                    return  # it came by a logger further down, too
                record._of_step = True
                text = record.getMessage()
                if record.exc_info:
                    text += "\n" + _current_traceback(record.exc_info)
                _emit(current.step, record.levelno, text)

        _handler = StepHandler()
    return _handler


def get_dagster_logger(name: str | None = None) -> logging.Logger:
    """A Python logger whose lines, while a step runs, become LOG events of its run."""
    import logging

    handler = _step_handler()
    above = logging.getLogger("dagster.builtin")
    if handler not in above.handlers:
        above.addHandler(handler)
        above.setLevel(logging.DEBUG)
    return logging.getLogger(f"dagster.builtin.{name}") if name else above
