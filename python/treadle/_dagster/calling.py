"""What libraries for Dagster take from `dagster._utils` about calling functions: again after an error, only
once.
"""

from __future__ import annotations

import asyncio
import time
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from typing import Any

T = TypeVar("T")
BACKOFF_MAX_RETRIES = 4
_CACHE = "_cached_method_cache__internal__"


def exponential_delay_generator(base_delay: float = 0.1, backoff_factor: float = 2.0) -> Iterator[float]:
    """Seconds: 0.1, 0.2, 0.4, ..."""
    delay = base_delay
    while True:
        yield delay
        delay *= backoff_factor


def backoff(
    fn: Callable[..., T],
    retry_on: tuple[type[BaseException], ...],
    args: Sequence[object] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    max_retries: int = BACKOFF_MAX_RETRIES,
    delay_generator: Iterator[float] | None = None,
) -> T:
    """Calls `fn`, and again after each of these errors, at most `max_retries` times."""
    delays = delay_generator or exponential_delay_generator()
    left = max_retries
    while True:
        try:
            return fn(*(args or ()), **(kwargs or {}))
        except retry_on:
            if left <= 0:
                raise
        left -= 1
        time.sleep(next(delays))


async def async_backoff(
    fn: Callable[..., Awaitable[T]],
    retry_on: Callable[[BaseException], bool],
    args: Sequence[object] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    max_retries: int = BACKOFF_MAX_RETRIES,
    delay_generator: Iterator[float] | None = None,
) -> T:
    """The same for a coroutine, after the errors that `retry_on` says yes to."""
    delays = delay_generator or exponential_delay_generator()
    left = max_retries
    while True:
        try:
            return await fn(*(args or ()), **(kwargs or {}))
        except BaseException as e:
            if left <= 0 or not retry_on(e):
                raise
        left -= 1
        await asyncio.sleep(next(delays))


def cached_method(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose result is kept with its object, one for each set of arguments, however given."""
    import inspect

    signature = inspect.signature(method)
    name = method.__name__

    def place(self: Any, args: Any, kwargs: Any) -> tuple[dict[Any, Any], Any]:
        if not hasattr(self, _CACHE):
            # The object may be one that refuses new attributes.
            object.__setattr__(self, _CACHE, {})
        bound = signature.bind(self, *args, **kwargs).arguments
        return getattr(self, _CACHE).setdefault(name, {}), tuple(bound.items())[1:]

    if inspect.iscoroutinefunction(method):

        @wraps(method)
        async def call_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            kept, key = place(self, args, kwargs)
            if key not in kept:
                kept[key] = await method(self, *args, **kwargs)
            return kept[key]

        return call_async

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        kept, key = place(self, args, kwargs)
        if key not in kept:
            kept[key] = method(self, *args, **kwargs)
        return kept[key]

    return call


def compose(*args: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`compose(f, g)(x)` is `f(g(x))`."""

    def call(value: Any) -> Any:
        for function in reversed(args):
            value = function(value)
        return value

    return call


def return_as_list(func: Callable[..., Any]) -> Callable[..., list[Any]]:
    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> list[Any]:
        return list(func(*args, **kwargs))

    return call
