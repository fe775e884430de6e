"""What the functions of sensors are given."""

from __future__ import annotations

from treadle._automation.instigation import EvaluationContext
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._run.instance import DagsterInstance


class SensorEvaluationContext(EvaluationContext):
    """What the function of a sensor is given. Its cursor is what the sensor wants to remember."""

    def __init__(
        self,
        instance_ref: object | None = None,
        last_tick_completion_time: float | None = None,
        last_run_key: str | None = None,
        cursor: str | None = None,
        log_key: Sequence[str] | None = None,
        repository_name: str | None = None,
        repository_def: Any = None,
        instance: DagsterInstance | None = None,
        sensor_name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        definitions: Any = None,
        last_sensor_start_time: float | None = None,
        code_location_origin: object | None = None,
        last_completion_time: float | None = None,
    ) -> None:
        where = definitions_given(definitions, repository_def)
        super().__init__(instance, resources, where, "build_sensor_context")
        self._last_tick_completion_time = (
            last_tick_completion_time if last_tick_completion_time is not None else last_completion_time
        )
        self._last_run_key = last_run_key
        self._cursor = checked_cursor(cursor)
        self._cursor_updated = False
        self._repository_name = repository_name
        self._sensor_name = sensor_name
        self._last_sensor_start_time = last_sensor_start_time

    @property
    def cursor(self) -> str | None:
        return self._cursor

    @property
    def cursor_updated(self) -> bool:
        return self._cursor_updated

    def update_cursor(self, cursor: str | None) -> None:
        """What the next tick will find as `cursor`."""
        self._cursor = checked_cursor(cursor)
        self._cursor_updated = True

    @property
    def sensor_name(self) -> str:
        if self._sensor_name is None:
            raise CheckError("This context belongs to no sensor: give build_sensor_context(sensor_name=...).")
        return self._sensor_name

    @property
    def last_tick_completion_time(self) -> float | None:
        return self._last_tick_completion_time

    last_completion_time = last_tick_completion_time

    @property
    def last_run_key(self) -> str | None:
        return self._last_run_key

    @property
    def last_sensor_start_time(self) -> float | None:
        return self._last_sensor_start_time

    @property
    def is_first_tick_since_sensor_start(self) -> bool:
        last, start = self._last_tick_completion_time, self._last_sensor_start_time
        return not last or (start is not None and start > last)

    @property
    def repository_name(self) -> str | None:
        return self._repository_name


def checked_cursor(cursor: object) -> str | None:
    if cursor is not None and not isinstance(cursor, str):
        raise CheckError(f"A sensor's cursor is a string, not {cursor!r}.")
    return cursor


def definitions_given(definitions: Any, repository_def: Any) -> Any:
    """Where a sensor lives: Definitions, or a repository. One of the two."""
    if definitions is not None and repository_def is not None:
        raise CheckError("Exactly one of `definitions` or `repository_def` must be provided.")
    return definitions if definitions is not None else repository_def


def build_sensor_context(
    instance: DagsterInstance | None = None,
    cursor: str | None = None,
    repository_name: str | None = None,
    repository_def: object | None = None,
    sensor_name: str | None = None,
    resources: Mapping[str, object] | None = None,
    definitions: object | None = None,
    instance_ref: object | None = None,
    last_sensor_start_time: float | None = None,
) -> SensorEvaluationContext:
    """A context for calling sensors in tests. `resources` take the place of those of the definitions."""
    return SensorEvaluationContext(
        instance_ref,
        cursor=cursor,
        repository_name=repository_name,
        repository_def=repository_def,
        instance=instance,
        sensor_name=sensor_name,
        resources=resources,
        definitions=definitions,
        last_sensor_start_time=last_sensor_start_time,
    )
