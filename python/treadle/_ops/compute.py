"""The `compute_fn` of ops. That of an `OpDefinition` that no decorator made gives events one by one:
`compute(context, inputs)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class DecoratedFunction:
    """The `compute_fn` of what a decorator made; `decorated_fn` is the function as it is written."""

    __slots__ = ("decorated_fn",)

    def __init__(self, decorated_fn: Callable[..., Any]) -> None:
        self.decorated_fn = decorated_fn

    @property
    def name(self) -> str:
        return self.decorated_fn.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.decorated_fn(*args, **kwargs)


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
