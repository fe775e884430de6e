"""FreshnessPolicy: how new an asset must be."""

from __future__ import annotations

from enum import Enum

from treadle._automation.cron import parse_cron
from treadle._errors import CheckError, ParameterCheckError, TreadleError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from typing import Any


class FreshnessState(str, Enum):
    """How an asset stands to its policy; UNKNOWN before its first materialization."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class FreshnessPolicy(Record):
    """By when an asset must have been materialized. Make one with `time_window` or `cron`."""

    __slots__ = ()

    def _to_core(self) -> tuple[int, int, str, int, str]:
        raise NotImplementedError

    @staticmethod
    def time_window(
        fail_window: datetime.timedelta, warn_window: datetime.timedelta | None = None
    ) -> TimeWindowFreshnessPolicy:
        """Fails when the latest materialization is older than `fail_window`, warns when it is older than
        `warn_window`.
        """
        return TimeWindowFreshnessPolicy(fail_window, warn_window)

    @staticmethod
    def cron(
        deadline_cron: str, lower_bound_delta: datetime.timedelta, timezone: str = "UTC"
    ) -> CronFreshnessPolicy:
        """At each tick of `deadline_cron` the asset must have been materialized within `lower_bound_delta`
        before it. It fails from then on until it is.
        """
        return CronFreshnessPolicy(deadline_cron, lower_bound_delta, timezone)


class TimeWindowFreshnessPolicy(FreshnessPolicy):
    __slots__ = _fields = ("fail_window", "warn_window")
    fail_window: datetime.timedelta
    warn_window: datetime.timedelta | None

    def __init__(
        self, fail_window: datetime.timedelta, warn_window: datetime.timedelta | None = None
    ) -> None:
        self.fail_window = fail_window
        self.warn_window = warn_window
        check_policy(self._to_core())

    @staticmethod
    def from_timedeltas(
        fail_window: datetime.timedelta, warn_window: datetime.timedelta | None = None
    ) -> TimeWindowFreshnessPolicy:
        return TimeWindowFreshnessPolicy(fail_window, warn_window)

    def _to_core(self) -> tuple[int, int, str, int, str]:
        warn = 0 if self.warn_window is None else micros_of(self.warn_window)
        return (micros_of(self.fail_window), warn, "", 0, "UTC")


class CronFreshnessPolicy(FreshnessPolicy):
    __slots__ = _fields = ("deadline_cron", "lower_bound_delta", "timezone")
    deadline_cron: str
    lower_bound_delta: datetime.timedelta
    timezone: str

    def __init__(
        self, deadline_cron: str, lower_bound_delta: datetime.timedelta, timezone: str = "UTC"
    ) -> None:
        parse_cron("@daily", timezone, lambda why: CheckError(f"Invalid IANA timezone: {timezone}. {why}"))
        parse_cron(deadline_cron, timezone, lambda why: CheckError(f"Invalid cron string: {why}"))
        self.deadline_cron = deadline_cron
        self.lower_bound_delta = lower_bound_delta
        self.timezone = timezone
        check_policy(self._to_core())

    def _to_core(self) -> tuple[int, int, str, int, str]:
        return (0, 0, self.deadline_cron, micros_of(self.lower_bound_delta), self.timezone)


def micros_of(span: datetime.timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def check_policy(policy: tuple[int, int, str, int, str]) -> None:
    from treadle import _core

    try:
        _core.check_freshness_policy(policy)
    except TreadleError as error:
        raise CheckError(str(error)) from None


def apply_freshness_policy(spec: Any, policy: FreshnessPolicy, overwrite_existing: bool = True) -> Any:
    """The spec (or asset) with the policy; one that has its own keeps it unless it may be overwritten."""
    if not isinstance(policy, FreshnessPolicy):
        raise ParameterCheckError(f"policy of apply_freshness_policy is no FreshnessPolicy: {policy!r}.")
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import AssetSpec

    def applied(one: AssetSpec) -> AssetSpec:
        if one.freshness_policy is not None and not overwrite_existing:
            return one
        return one._replace(freshness_policy=policy)

    if isinstance(spec, AssetsDefinition):
        return spec.map_asset_specs(applied)
    return applied(spec)
