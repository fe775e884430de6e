"""The names of `dagster._time`: moments with a zone."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo
    from typing import Any


def get_timezone(timezone_name: str) -> tzinfo:
    from datetime import timezone
    from zoneinfo import ZoneInfo

    return timezone.utc if timezone_name in ("UTC", "utc") else ZoneInfo(timezone_name)


def get_current_datetime(tz: str = "UTC") -> datetime:
    from treadle import _clock

    return _clock.utc_now().astimezone(get_timezone(tz))


def get_current_timestamp() -> float:
    from treadle import _clock

    return _clock.timestamp()


def create_datetime(year: int, month: int, day: int, *args: Any, **kwargs: Any) -> datetime:
    """As datetime(), in UTC unless `tz` names another zone."""
    from datetime import datetime

    tz = kwargs.pop("tz", "UTC")
    kwargs["tzinfo"] = get_timezone(tz) if isinstance(tz, str) else tz
    return datetime(year, month, day, *args, **kwargs)


def datetime_from_timestamp(timestamp: float, tz: str | tzinfo = "UTC") -> datetime:
    from datetime import datetime

    return datetime.fromtimestamp(timestamp, get_timezone(tz) if isinstance(tz, str) else tz)


def parse_time_string(datetime_str: str) -> datetime:
    """An ISO 8601 moment; one without a zone is in UTC."""
    from datetime import datetime, timezone

    moment = datetime.fromisoformat(datetime_str.replace("Z", "+00:00"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
