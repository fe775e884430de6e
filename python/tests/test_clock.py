"""Tests of users stop the clock: what Treadle does then happens at that moment."""

from __future__ import annotations

import datetime
import time
from unittest import mock

import treadle as dg
from treadle import _clock

MOMENT = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.timezone.utc)
DAYS = dg.DailyPartitionsDefinition("2026-01-01")


@dg.asset(partitions_def=DAYS)
def daily() -> None: ...


def made_at(instance: dg.DagsterInstance) -> float:
    event = instance.get_latest_materialization_event(daily.key)
    assert event is not None
    return event.timestamp


def test_a_run_happens_when_the_clock_of_python_says() -> None:
    instance = dg.DagsterInstance.ephemeral()
    with mock.patch("time.time", return_value=MOMENT.timestamp()):
        dg.materialize([daily], partition_key="2026-01-02", instance=instance)
    assert made_at(instance) == MOMENT.timestamp()
    dg.materialize([daily], partition_key="2026-01-02", instance=instance)
    assert abs(made_at(instance) - time.time()) < 60


def test_partitions_are_those_of_the_moment_at_which_the_clock_was_stopped() -> None:
    with _clock.stopped_at(MOMENT):
        assert DAYS.get_last_partition_key() == "2026-01-04"
        with _clock.stopped_at(MOMENT.timestamp() + 86_400):
            assert DAYS.get_last_partition_key() == "2026-01-05"
        assert DAYS.get_last_partition_key() == "2026-01-04"
    assert DAYS.get_last_partition_key() != "2026-01-04"
