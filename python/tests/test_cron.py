"""Ticks of cron schedules against croniter, which knows no daylight saving here, and Python's zoneinfo, over
twenty years in zones with odd rules.
"""

from __future__ import annotations

import datetime
import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from treadle import _core

croniter: Any = pytest.importorskip("croniter").croniter
UTC = datetime.timezone.utc
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "America/Havana",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Chatham",
]
EXPRESSIONS = [
    "*/15 * * * *",
    "0 12 * * *",
    "30 4 * * mon-fri",
    "0 0,6,12,18 1,15 * *",
    "5 9 l * *",
    "0 8 * * tue#2",
    "0 20 * * l5",
    "15 10 29 2 *",
    "0 5-9/2 * jan-mar sun",
    "10 4 13 * fri",
    "@weekly",
    "@monthly",
    "0 22 31 * *",
    "20 14 * nov-feb 1,3",
]


def instants(local: datetime.datetime, zone: ZoneInfo) -> list[int]:
    """When a wall clock shows a time: never, once or twice."""
    found = []
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local:
            found.append(int(moment.timestamp()))
    return sorted(set(found))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_ticks_are_those_of_croniter_on_the_wall_clock(expression: str, zone: str) -> None:
    chance = random.Random(expression + zone)
    there = ZoneInfo(zone)
    cron = _core.Cron.parse(expression, zone)
    for _ in range(8):
        start = datetime.datetime(2006, 1, 1) + datetime.timedelta(minutes=chance.randrange(20 * 525_600))
        ticks = croniter(expression, start, ret_type=datetime.datetime)
        expected: list[int] = []
        while len(expected) < 10:
            local = ticks.get_next()
            found = instants(local, there)
            every_hour = expression.split()[1:2] == ["*"]
            # Times that the wall clock skips or repeats are for the C++ tests to say.
            if len(found) != 1 and not every_hour:
                break
            expected += found
        expected.sort()
        if not expected:
            continue
        at = cron.at_or_after(expected[0] * 1_000_000)
        got: list[int] = []
        while at is not None and len(got) < len(expected) - 4:
            got.append(at // 1_000_000)
            at = cron.next(at)
        assert got == expected[: len(got)], (expression, zone, start)
        for later, earlier in zip(reversed(got), list(reversed(got))[1:], strict=False):
            assert cron.previous(later * 1_000_000) == earlier * 1_000_000
        if len(got) > 1:
            assert cron.count(got[0] * 1_000_000, got[-1] * 1_000_000) == len(got) - 1
