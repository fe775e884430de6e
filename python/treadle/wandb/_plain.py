"""Values as JSON has them: arrays and scalars of NumPy, PyTorch, JAX and TensorFlow among them, without
importing any of these.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_LONGEST_ARRAY = 32  # elements; a longer one is told as its histogram


def plain(value: Any) -> Any:
    """The value as JSON. What is no data is told by its name."""
    cls = type(value)
    if value is None or cls in (bool, int, float, str):
        return value
    if isinstance(value, dict) or hasattr(value, "keys"):
        return {str(k): plain(value[k]) for k in value}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, int, float, str)):  # a subclass: an enum of ints, numpy.float64
        return next(kind(value) for kind in (bool, int, float, str) if isinstance(value, kind))
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    array = as_array(value)
    if array is not None:
        return plain(array.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item") and callable(value.item):
        return plain(value.item())
    return getattr(value, "__name__", None) or str(value)


def logged_array(value: Any) -> Any:
    """An array as history has it: a number, a short list, or a histogram."""
    array = as_array(value)
    if array is None or array.ndim == 0 or array.size <= _LONGEST_ARRAY or array.dtype.kind not in "fiub":
        return plain(value)
    from treadle.wandb._histogram import Histogram

    return Histogram(array, num_bins=32)._to_history()


def as_array(value: Any) -> Any:
    """A NumPy array of a tensor; None for what is none."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        if hasattr(value, "detach"):  # PyTorch
            value = value.detach()
            value = (value.float() if "bfloat16" in str(value.dtype) else value).cpu()
        if hasattr(value, "numpy") and callable(value.numpy):
            return value.numpy()
        if hasattr(value, "tolist") and hasattr(value, "ndim") and hasattr(value, "size"):
            from importlib import import_module

            return import_module("numpy").asarray(value)
    return None
