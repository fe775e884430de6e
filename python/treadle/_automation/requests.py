"""What schedules and sensors ask for: runs, or a reason for none; dynamic partitions to add or remove."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.tags import normalize_tags
from treadle._errors import CheckError, DagsterInvalidDefinitionError, wrong_type
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._typing import CoercibleToAssetKey

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
RUN_KEY_TAG = "dagster/run_key"
SCHEDULE_TAG = "dagster/schedule_name"
SENSOR_TAG = "dagster/sensor_name"


class SkipReason(Record):
    """No run, and why."""

    __slots__ = _fields = ("skip_message",)
    skip_message: str | None

    def __init__(self, skip_message: str | None = None) -> None:
        if skip_message is not None and not isinstance(skip_message, str):
            raise CheckError(f"skip_message of a SkipReason is a string, not {skip_message!r}.")
        self.skip_message = skip_message


class RunRequest(Record):
    """One run. Two requests with the same `run_key` make one run."""

    __slots__ = _fields = (
        "run_key",
        "run_config",
        "tags",
        "job_name",
        "asset_selection",
        "stale_assets_only",
        "partition_key",
        "asset_check_keys",
        "partition_key_range",
    )
    run_key: str | None
    run_config: Mapping[str, Any]
    tags: Mapping[str, str]
    job_name: str | None
    asset_selection: Sequence[AssetKey] | None
    stale_assets_only: bool
    partition_key: str | None
    asset_check_keys: Sequence[AssetCheckKey] | None
    partition_key_range: Any

    def __init__(
        self,
        run_key: str | None = None,
        run_config: Any = None,
        tags: Mapping[str, Any] | None = None,
        job_name: str | None = None,
        asset_selection: Sequence[CoercibleToAssetKey] | None = None,
        stale_assets_only: bool = False,
        partition_key: str | None = None,
        asset_check_keys: Sequence[AssetCheckKey] | None = None,
        partition_key_range: Any = None,
    ) -> None:
        from treadle._config.run_config import RunConfig

        if (
            run_config is not None
            and not isinstance(run_config, RunConfig)
            and not hasattr(run_config, "keys")
        ):
            raise wrong_type("run_config", "one of ['Mapping']", run_config)
        if run_key is not None and not isinstance(run_key, str):
            raise CheckError(f"run_key of a RunRequest is a string, not {run_key!r}.")
        if partition_key is not None and partition_key_range is not None:
            raise CheckError("Cannot provide both partition_key and partition_key_range to a RunRequest.")
        if tags and (RANGE_START_TAG in tags or RANGE_END_TAG in tags):
            raise DagsterInvalidDefinitionError(
                "Cannot submit a RunRequest with asset_partition_range tags. Use the `partition_key_range`"
                " argument instead."
            )
        self.run_key = run_key
        self.run_config = (
            run_config.to_config_dict() if isinstance(run_config, RunConfig) else run_config or {}
        )
        self.tags = normalize_tags(tags) if tags else {}
        self.job_name = job_name
        self.asset_selection = (
            None if asset_selection is None else [AssetKey.from_coercible(k) for k in asset_selection]
        )
        self.stale_assets_only = stale_assets_only
        self.partition_key = partition_key
        self.asset_check_keys = None if asset_check_keys is None else list(asset_check_keys)
        self.partition_key_range = partition_key_range

    def with_replaced_attrs(self, **attributes: Any) -> RunRequest:
        return self._replace(**attributes)

    def with_resolved_tags_and_config(
        self,
        target_definition: Any,
        dynamic_partitions_requests: Sequence[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest],
        dynamic_partitions_store: Any,
    ) -> RunRequest:
        """For one partition of a job, checked against the keys there are once the requests to add and delete
        dynamic ones are carried out: with its tags, and the run config that the job gives it.
        """
        from treadle._automation.resolving import KeysAfter, of_partition

        store = KeysAfter(dynamic_partitions_store, dynamic_partitions_requests)
        partitions = target_definition.partitions_def
        if partitions is None:
            raise CheckError(f"Job '{target_definition.name}' has no partitions: leave partition_key out.")
        return of_partition(self, partitions, target_definition, store)

    @property
    def entity_keys(self) -> Sequence[AssetKey | AssetCheckKey]:
        """The assets and checks that it names."""
        return [*(self.asset_selection or ()), *(self.asset_check_keys or ())]

    def has_resolved_partition(self) -> bool:
        return any(t == PARTITION_TAG or t.startswith(PARTITION_TAG + "/") for t in self.tags)

    def _resolved(self, tags: Mapping[str, str]) -> RunRequest:
        """With the tags that say its partition, and those of what asked for it."""
        own: dict[str, str] = {}
        if self.partition_key is not None:
            own[PARTITION_TAG] = str(self.partition_key)
            for name, key in getattr(self.partition_key, "keys_by_dimension", {}).items():
                own[f"{PARTITION_TAG}/{name}"] = key
        if self.partition_key_range is not None:
            own[RANGE_START_TAG] = str(self.partition_key_range.start)
            own[RANGE_END_TAG] = str(self.partition_key_range.end)
        return self._replace(tags={**own, **self.tags, **tags})


class AddDynamicPartitionsRequest(Record):
    """Keys to add to dynamic partitions."""

    __slots__ = _fields = ("partitions_def_name", "partition_keys")
    partitions_def_name: str
    partition_keys: Sequence[str]

    def __init__(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        self.partitions_def_name = partitions_def_name
        self.partition_keys = _partition_keys(partition_keys)


class DeleteDynamicPartitionsRequest(Record):
    """Keys to remove from dynamic partitions."""

    __slots__ = _fields = ("partitions_def_name", "partition_keys")
    partitions_def_name: str
    partition_keys: Sequence[str]

    def __init__(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        self.partitions_def_name = partitions_def_name
        self.partition_keys = _partition_keys(partition_keys)


def _partition_keys(keys: Sequence[str]) -> list[str]:
    if isinstance(keys, str) or not all(isinstance(k, str) for k in keys):
        raise CheckError(f"partition_keys is a list of strings, not {keys!r}.")
    return list(keys)


class SensorResult(Record):
    """All that a sensor may ask for in one tick."""

    __slots__ = _fields = (
        "run_requests",
        "skip_reason",
        "cursor",
        "dynamic_partitions_requests",
        "asset_events",
    )
    run_requests: Sequence[RunRequest] | None
    skip_reason: SkipReason | None
    cursor: str | None
    dynamic_partitions_requests: Sequence[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest] | None
    asset_events: Sequence[Any]

    def __init__(
        self,
        run_requests: Sequence[RunRequest] | None = None,
        skip_reason: SkipReason | str | None = None,
        cursor: str | None = None,
        dynamic_partitions_requests: (
            Sequence[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest] | None
        ) = None,
        asset_events: Sequence[Any] | None = None,
    ) -> None:
        if skip_reason and run_requests:
            raise CheckError(
                "Expected a single skip reason or one or more run requests: received values for both"
                " run_requests and skip_reason"
            )
        if cursor is not None and not isinstance(cursor, str):
            raise CheckError(f"cursor of a SensorResult is a string, not {cursor!r}.")
        for request in run_requests or ():
            if not isinstance(request, RunRequest):
                raise CheckError(f"run_requests of a SensorResult holds {request!r}, which is no RunRequest.")
        self.run_requests = None if run_requests is None else list(run_requests)
        self.skip_reason = SkipReason(skip_reason) if isinstance(skip_reason, str) else skip_reason
        self.cursor = cursor
        self.dynamic_partitions_requests = dynamic_partitions_requests
        self.asset_events = list(asset_events or ())
