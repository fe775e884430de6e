"""The function of an `OpDefinition` that no decorator made: `compute(context, inputs)` gives events one by
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def of_plain(compute: Callable[[Any, dict[str, Any]], Any]) -> Callable[..., Any]:
    """The same as a function of a context and inputs by name."""
    from functools import partial
    from inspect import isasyncgen, iscoroutine

    def call(context, **inputs):  # type: ignore[no-untyped-def]
        made = compute(context, inputs)
        return made if isasyncgen(made) or iscoroutine(made) else _each(made)

    said = getattr(compute, "__annotations__", {})
    code = getattr(compute.func if isinstance(compute, partial) else compute, "__code__", None)
    first = code.co_varnames[0] if code is not None and code.co_argcount else ""
    call.__annotations__ = {"context": said[first]} if first in said else {}
    call.__name__ = getattr(compute, "__name__", "compute")
    call.__doc__ = None
    return call


def _each(made: Any) -> Any:
    yield from made
