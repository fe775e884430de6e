"""Cron schedules, as the core reads them."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvalidDefinitionError, TreadleError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from treadle import _core


def parse_cron(
    expression: str | Sequence[str], timezone: str, error: Callable[[str], Exception] = CheckError
) -> _core.Cron:
    """The ticks of one expression, or of several together."""
    from treadle import _core

    try:
        return _core.Cron.parse(
            expression if isinstance(expression, str) else list(expression), timezone or "UTC"
        )
    except TreadleError as cause:
        raise error(str(cause)) from None


def check_schedule(expression: str | Sequence[str], timezone: str | None, name: str) -> _core.Cron:
    """As a schedule's: refused with the schedule's name."""
    parse_cron("0 0 * * *", timezone or "UTC", _refused(f"Invalid execution timezone {timezone} for {name}"))
    wrong = _refused(f"Found invalid cron schedule '{expression}' for schedule '{name}'")
    ticks = parse_cron(expression, timezone or "UTC", wrong)
    if wide := next(
        (e for e in ([expression] if isinstance(expression, str) else expression) if _wide(e)), ""
    ):
        import warnings

        warnings.warn(
            f"Found a cron schedule with an interval greater than the expected range for schedule '{name}':"
            f" '{wide}' ticks once in every turn of that field, not at the interval it names. Give several"
            " cron strings instead.",
            stacklevel=4,
        )
    return ticks


def _wide(expression: str) -> bool:
    """Whether a field has a step that is longer than the field: */90 minutes are every hour."""
    for field, highest in zip(expression.split(), (59, 23, 31, 12, 7)):
        for part in field.split(","):
            _, slash, step = part.partition("/")
            if slash and step.isdigit() and int(step) > highest:
                return True
    return False


def _refused(what: str) -> Callable[[str], Exception]:
    return lambda why: DagsterInvalidDefinitionError(f"{what}. {why}")
