"""A metric that `define_metric` defined."""

from __future__ import annotations


class Metric:
    """What define_metric defined."""

    __slots__ = ("goal", "hidden", "name", "step_metric", "step_sync", "summary")

    def __init__(
        self,
        name: str,
        step_metric: str | None,
        step_sync: bool | None,
        hidden: bool | None,
        summary: tuple[str, ...],
        goal: str | None,
    ) -> None:
        self.name = name
        self.step_metric = step_metric
        self.step_sync = step_sync
        self.hidden = hidden
        self.summary = summary
        self.goal = goal
