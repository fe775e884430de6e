"""Events that no run reported, as tests of sensors make them; and what type checks are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import treadle as dg
from treadle._errors import CheckError


def test_an_event_made_by_hand_is_what_it_says() -> None:
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.PIPELINE_FAILURE.value, job_name="job", message="failed", pid=7
    )
    assert event.event_type is dg.DagsterEventType.RUN_FAILURE
    assert (event.job_name, event.message, event.pid, event.step_key) == ("job", "failed", 7, None)
    assert dg.DagsterEvent("STEP_START", "job", step_key="a.b").node_name == "b"
    with pytest.raises(CheckError, match="DagsterEventType"):
        dg.DagsterEvent("NOTHING", "job")


def test_events_of_a_run_know_its_job() -> None:
    @dg.op
    def one() -> int:
        return 1

    @dg.job
    def numbers() -> None:
        one()

    assert {e.job_name for e in numbers.execute_in_process().all_events} == {"numbers"}


def test_a_type_check_is_told_of_its_run() -> None:
    told = []

    def check(context: dg.TypeCheckContext, value: Any) -> bool:
        assert isinstance(context, dg.TypeCheckContext)
        told.append((context.run_id, hasattr(context.log, "info")))
        return isinstance(value, int)

    number = dg.DagsterType(check, "Number")

    @dg.op(out=dg.Out(number))
    def one() -> Any:
        return 1

    @dg.job
    def job() -> None:
        one()

    result = job.execute_in_process()
    assert told == [(result.run_id, True)]


def test_what_is_planned_says_its_asset(tmp_path: Path) -> None:
    @dg.asset
    def planned() -> int:
        return 1

    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    dg.materialize([planned], instance=instance)
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    records = instance.get_event_records(dg.EventRecordsFilter(kind))
    told = [r.event_log_entry.dagster_event.event_specific_data for r in records]  # type: ignore[union-attr]
    assert [(t.asset_key, t.partition) for t in told] == [(dg.AssetKey("planned"), None)]


def test_a_result_says_which_job_ran() -> None:
    @dg.asset
    def one() -> int:
        return 1

    definitions = dg.Definitions([one], jobs=[dg.define_asset_job("numbers")])
    assert definitions.resolve_job_def("numbers").execute_in_process().job_def.name == "numbers"
    assert dg.materialize([one]).job_def.execute_in_process().success
