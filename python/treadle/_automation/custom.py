"""Called by the core to evaluate a condition of the user's own."""

from __future__ import annotations

from treadle._automation.context import AutomationContext, AutomationResult
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle import _core
    from treadle._automation.conditions import AutomationCondition


def evaluate(
    condition: AutomationCondition, context: _core.ConditionContext
) -> tuple[_core.Subset, str | None]:
    """The subset where it holds, and its cursor."""
    import inspect

    result = condition.evaluate(AutomationContext(condition, context))
    if inspect.iscoroutine(result):
        import asyncio

        result = asyncio.run(result)
    if not isinstance(result, AutomationResult):
        raise CheckError(
            f"evaluate of {type(condition).__name__} returned {result!r}. Return"
            " AutomationResult(context, true_subset=...)."
        )
    return result.true_subset._core, result.cursor
