"""Sensors on materializations: of one asset, of several."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._automation.functions import as_list
from treadle._automation.instigation import declaring
from treadle._automation.multi_asset_context import MultiAssetSensorEvaluationContext
from treadle._automation.requests import RunRequest, SensorResult, SkipReason
from treadle._automation.sensors import DefaultSensorStatus, SensorDefinition, SensorType
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from treadle._assets.selection import AssetSelection
    from treadle._typing import UserFn


class AssetSensorDefinition(SensorDefinition):
    """Calls its function for the latest materialization of an asset, once for each that is new."""

    _type = SensorType.ASSET
    _most = 2
    _combines_resources = True

    def __init__(
        self,
        name: str,
        asset_key: AssetKey,
        job_name: str | None,
        asset_materialization_fn: UserFn,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        job: Any = None,
        jobs: Sequence[Any] | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        required_resource_keys: set[str] | None = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            name,
            evaluation_fn=asset_materialization_fn,
            job_name=job_name,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description,
            job=job,
            jobs=jobs,
            default_status=default_status,
            required_resource_keys=required_resource_keys,
            tags=tags,
            metadata=metadata,
        )
        self._asset_key = AssetKey.from_coercible(asset_key)

    @property
    def asset_key(self) -> AssetKey:
        return self._asset_key

    def _call(self, context: Any) -> Any:
        """Only the latest one counts; the cursor is its place in the record."""
        after = int(context.cursor) if (context.cursor or "").isdigit() else 0
        latest = context.instance.get_latest_materialization_event(self._asset_key)
        if latest is None or latest.storage_id <= after:
            return SkipReason(f"No new materialization events found for asset key {self._asset_key}")
        told = as_list(self._function.call(context, latest))
        if any(isinstance(t, SensorResult) and t.cursor for t in told):
            raise DagsterInvariantViolationError(
                f"Error in asset sensor {self.name}: Sensor returned a SensorResult with a cursor value. The"
                " cursor is managed by the asset sensor and should not be modified by a user."
            )
        context.update_cursor(str(latest.storage_id))
        return told


def asset_sensor(
    asset_key: AssetKey,
    *,
    job_name: str | None = None,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], AssetSensorDefinition]:
    """Declares a sensor called with each new materialization of an asset: `fn(context, asset_event)`."""
    return declaring(AssetSensorDefinition, "asset_materialization_fn", locals())


class MultiAssetSensorDefinition(SensorDefinition):
    """Calls its function with what is new of several assets."""

    _type = SensorType.MULTI_ASSET
    _context_class = MultiAssetSensorEvaluationContext
    _combines_resources = True

    def __init__(
        self,
        name: str,
        monitored_assets: Sequence[AssetKey] | AssetSelection,
        job_name: str | None,
        asset_materialization_fn: UserFn,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        job: Any = None,
        jobs: Sequence[Any] | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        request_assets: AssetSelection | None = None,
        required_resource_keys: set[str] | None = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            name,
            evaluation_fn=asset_materialization_fn,
            job_name=job_name,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description,
            job=job,
            jobs=jobs,
            default_status=default_status,
            asset_selection=request_assets,
            required_resource_keys=required_resource_keys,
            tags=tags,
            metadata=metadata,
        )
        self._monitored = monitored_assets

    @property
    def monitored_assets(self) -> Sequence[AssetKey] | AssetSelection:
        return self._monitored

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the decorated function, as tests do, and writes what it consumed to the context's cursor."""
        context = self._function.find_context(
            args,
            kwargs,
            self._context_class,
            "build_multi_asset_sensor_context",
            lambda: MultiAssetSensorEvaluationContext(None, []),
        )
        result = self._call(context)
        if hasattr(result, "__next__"):
            return _consuming(result, context)
        context.update_cursor_after_evaluation()
        return result

    def evaluate_tick(self, context: Any) -> Any:
        with MultiAssetSensorEvaluationContext(
            None,
            self._monitored,
            context.last_tick_completion_time,
            context.last_run_key,
            context.cursor,
            context.repository_name,
            instance=context._instance,
            resource_defs=context.resource_defs,
            definitions=context.repository_def,
            last_sensor_start_time=context.last_sensor_start_time,
            sensor_name=self.name,
        ) as own:
            told = as_list(self._call(own))
            self._check(told, own)
            own.update_cursor_after_evaluation()
            context.update_cursor(own.cursor)
            context._cursor_updated = own.cursor_updated
        return self._data(told, context)

    def _check(self, told: Sequence[Any], context: MultiAssetSensorEvaluationContext) -> None:
        """The cursor is the sensor's own, and what asks for runs must say what it has consumed."""
        results = [t for t in told if isinstance(t, SensorResult)]
        if any(r.cursor for r in results):
            raise DagsterInvariantViolationError(
                "Cannot set cursor in a multi_asset_sensor. Cursor is set automatically based on the latest"
                " materialization for each monitored asset."
            )
        asks = any(isinstance(t, RunRequest) for t in told) or any(r.run_requests for r in results)
        if asks and not context.cursor_updated:
            raise DagsterInvalidDefinitionError(
                "Asset materializations have been handled in this sensor, but the cursor was not updated."
                " This means the same materialization events will be handled in the next sensor tick. Use"
                " context.advance_cursor or context.advance_all_cursors to update the cursor."
            )


def _consuming(result: Iterator[Any], context: MultiAssetSensorEvaluationContext) -> Iterator[Any]:
    yield from result
    context.update_cursor_after_evaluation()


def multi_asset_sensor(
    monitored_assets: Sequence[AssetKey] | AssetSelection,
    *,
    job_name: str | None = None,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    request_assets: AssetSelection | None = None,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], MultiAssetSensorDefinition]:
    """Declares a sensor on several assets. The function says what it has consumed, with
    `context.advance_cursor` or `context.advance_all_cursors`.
    """
    options = locals()
    from treadle._assets.selection import AssetSelection

    if not isinstance(monitored_assets, AssetSelection) and (
        isinstance(monitored_assets, (str, AssetKey))
        or not all(isinstance(k, AssetKey) for k in monitored_assets)
    ):
        raise CheckError(
            "The value passed to monitored_assets param must be either an AssetSelection or a Sequence of"
            f" AssetKeys, but was a {type(monitored_assets)}"
        )
    return declaring(MultiAssetSensorDefinition, "asset_materialization_fn", options)
