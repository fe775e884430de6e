"""Histogram: how many values lie between which edges."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._values import WBValue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Histogram(WBValue):
    """Of a sequence of numbers in `num_bins` bins, or as numpy.histogram gives it: `(counts, edges)`."""

    MAX_LENGTH = 512
    _log_type = "histogram"

    def __init__(
        self, sequence: Sequence[Any] | None = None, np_histogram: Any = None, num_bins: int = 64
    ) -> None:
        if np_histogram is not None:
            if len(np_histogram) != 2:
                raise ValueError(
                    "Expected np_histogram to be a tuple of (values, bin_edges) or sequence to be specified"
                )
            counts, edges = np_histogram
        else:
            counts, edges = _histogram_of(sequence, num_bins)
        self.histogram: list[Any] = _list(counts)
        self.bins: list[Any] = _list(edges)
        if len(self.histogram) > self.MAX_LENGTH:
            raise ValueError(f"The maximum length of a histogram is {self.MAX_LENGTH}")
        if len(self.histogram) + 1 != len(self.bins):
            raise ValueError("len(bins) must be len(histogram) + 1")

    def _to_history(self) -> dict[str, Any]:
        return {"_type": "histogram", "values": self.histogram, "bins": self.bins}

    def _to_json(self, add: Any) -> dict[str, Any]:
        return self._to_history()

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: Any) -> Histogram:
        return cls(np_histogram=(document["values"], document["bins"]))


def _list(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _histogram_of(sequence: Any, bins: int) -> tuple[list[int], list[float]]:
    """As numpy.histogram: equal bins from the least to the greatest, the last one closed."""
    from treadle.wandb._plain import as_array

    array = as_array(sequence)
    if array is not None:
        from importlib import import_module

        counts, edges = import_module("numpy").histogram(array, bins=bins)
        return counts.tolist(), edges.tolist()
    values = [float(v) for v in sequence or ()]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = [low + (high - low) * i / bins for i in range(bins + 1)]
    counts = [0] * bins
    for value in values:
        counts[min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    return counts, edges
