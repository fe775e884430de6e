"""What schedules, sensors and conditions asked for, from the record."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    Write = Callable[[str, str], Path]

PIPELINE = """
import treadle as dg


days = dg.DailyPartitionsDefinition("2026-01-01")


@dg.asset(partitions_def=days, automation_condition=dg.AutomationCondition.missing())
def sales() -> None: ...


@dg.asset
def plain() -> None: ...


job = dg.define_asset_job("all", selection="plain")


@dg.sensor(job=job)
def files() -> dg.SkipReason:
    return dg.SkipReason("no new files")


nightly = dg.ScheduleDefinition(name="nightly", cron_schedule="0 3 * * *", job=job)
defs = dg.Definitions([sales, plain], jobs=[job], sensors=[files], schedules=[nightly])
"""


@pytest.fixture
def ticked(treadle: Cli, write: Write) -> Cli:
    write("pipeline.py", PIPELINE)
    treadle.env["TREADLE_PYTHON"] = sys.executable
    treadle.env["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
    treadle("automation", "tick", "-f", "pipeline.py", "--at", "2026-01-04T03:00")
    return treadle


def test_ticks_are_listed_newest_first(ticked: Cli) -> None:
    ticks = ticked.json("automation", "ticks")["ticks"]
    assert [tick["id"] for tick in ticks] == sorted((tick["id"] for tick in ticks), reverse=True)
    by_name = {tick["name"]: tick for tick in ticks}
    assert set(by_name) == {"sales", "files", "nightly"}
    assert by_name["files"]["status"] == "skipped"
    assert by_name["nightly"]["detail"]["requests"][0]["job"] == "all"
    assert by_name["sales"]["detail"]["true"]["partitions"] == "2026-01-01...2026-01-03"
    listed = ticked("automation", "ticks").out
    assert "no new files" in listed
    assert "2026-01-01...2026-01-03" in listed


def test_they_can_be_chosen(ticked: Cli) -> None:
    def names(*words: str) -> list[str]:
        return [tick["name"] for tick in ticked.json("automation", "ticks", *words)["ticks"]]

    assert names("files") == ["files"]
    assert names("--kind", "condition") == ["sales"]
    assert names("--status", "skipped") == ["files"]
    assert len(names("--limit", "2")) == 2
    assert names("nobody") == []


def test_one_is_shown_with_its_tree(ticked: Cli) -> None:
    (tick,) = ticked.json("automation", "ticks", "sales")["ticks"]
    shown = ticked("automation", "ticks", "--tick", str(tick["id"])).out
    assert shown.startswith("condition sales")
    assert "✓ missing  2026-01-01...2026-01-03" in shown
    assert "There is no tick 999" in ticked("automation", "ticks", "--tick", "999", code=4).err


def test_without_a_home_nothing_was_asked_for(treadle: Cli) -> None:
    assert treadle.json("automation", "ticks")["ticks"] == []
