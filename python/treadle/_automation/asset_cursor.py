"""How far a multi-asset sensor has come with each of the assets that it monitors."""

from __future__ import annotations

from typing import NamedTuple

from treadle._errors import DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from treadle._assets.keys import AssetKey
    from treadle._run.instance import DagsterInstance
    from treadle._run.records import EventLogRecord

MOST_TRAILING = 25
_BATCH = 1000


class AssetCursor(NamedTuple):
    """The latest event that was consumed of an asset, and what trails behind it: of partitions whose latest
    event came before and was not consumed, its place in the record.
    """

    latest_consumed_event_partition: str | None = None
    latest_consumed_event_id: int | None = None
    trailing_unconsumed_partitioned_event_ids: Mapping[str, int] = {}


NOTHING_CONSUMED = AssetCursor()


def parse_cursor(text: str | None) -> dict[str, AssetCursor]:
    """What a sensor remembered, by asset. Cursors of other kinds of sensors are none: it starts anew."""
    import json

    try:
        told = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(told, dict) or not all(isinstance(v, list) and len(v) == 3 for v in told.values()):
        return {}
    return {key: AssetCursor(*value) for key, value in told.items()}


def cursor_text(cursors: Mapping[str, AssetCursor]) -> str:
    import json

    return json.dumps(cursors)


def cursor_at_latest(keys: Sequence[AssetKey], instance: DagsterInstance) -> str:
    """The cursor of a sensor that has consumed everything there is."""
    latest = {str(k): instance.fetch_materializations(k, limit=1).records for k in keys}
    return cursor_text({k: AssetCursor(r[0].partition_key, r[0].storage_id) for k, r in latest.items() if r})


def all_materializations(
    instance: DagsterInstance,
    key: AssetKey,
    after: int | None,
    before: int | None = None,
    partitions: Sequence[str] | None = None,
) -> Iterator[EventLogRecord]:
    """Oldest first."""
    from treadle._run.records import AssetRecordsFilter

    wanted = AssetRecordsFilter(
        asset_key=key, asset_partitions=partitions, after_storage_id=after, before_storage_id=before
    )
    place = None
    while True:
        page = instance.fetch_materializations(wanted, _BATCH, cursor=place, ascending=True)
        yield from page.records
        if not page.has_more:
            return
        place = page.cursor


def advanced(
    key: AssetKey,
    before: AssetCursor,
    consumed: Mapping[int, str | None],
    trailing: Sequence[EventLogRecord],
    instance: DagsterInstance,
) -> AssetCursor:
    """The cursor of an asset once these events (with their partitions) are consumed. What lies before the
    latest of them and is not consumed trails behind, by partition.
    """
    if not consumed:
        return before
    latest = max(consumed)
    start = before.latest_consumed_event_id or 0
    behind = dict(before.trailing_unconsumed_partitioned_event_ids)
    passed = all_materializations(instance, key, start, latest) if latest > start else ()
    for event in (*trailing, *passed):
        if event.partition_key is None:
            continue
        if event.storage_id not in consumed:
            behind[event.partition_key] = event.storage_id
        else:
            behind.pop(event.partition_key, None)
    partition = consumed[latest]
    if partition is not None:
        behind.pop(partition, None)
    if len(behind) >= MOST_TRAILING:
        raise DagsterInvariantViolationError(
            f"You have reached the maximum number of trailing unconsumed events ({MOST_TRAILING}) for asset"
            f" {key} and no more events can be added. You can access the unconsumed events by calling the"
            " `get_trailing_unconsumed_events` method on the sensor context, and mark events as consumed by"
            " passing them to `advance_cursor`. Otherwise, you can clear all unconsumed events and reset the"
            " cursor to the latest materialization for each asset by calling `advance_all_cursors`."
        )
    if latest > start:
        return AssetCursor(partition, latest, behind)
    return before._replace(trailing_unconsumed_partitioned_event_ids=behind)
