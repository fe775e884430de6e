"""What libraries for Dagster take from `dagster._utils` about dicts and iterators."""

from __future__ import annotations

import copy
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from treadle._dagster.check import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from concurrent.futures import Future, ThreadPoolExecutor
    from typing import Any

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
P = TypeVar("P")


def merge_dicts(*args: Mapping[Any, Any]) -> dict[Any, Any]:
    """All keys of all of them; the last that has a key says its value."""
    if not args:
        failed("Expected 1 or more args to merge_dicts, found 0")
    return {key: value for one in args for key, value in one.items()}


def deep_merge_dicts(onto_dict: Mapping[Any, Any], from_dict: Mapping[Any, Any]) -> dict[Any, Any]:
    """A copy of the first with what the second says; dicts under the same key are merged the same way."""
    merged = copy.deepcopy(dict(onto_dict))
    for key, value in from_dict.items():
        here = merged.get(key)
        both = isinstance(here, dict) and isinstance(value, dict)
        merged[key] = deep_merge_dicts(here, value) if both else value  # type: ignore[arg-type]
    return merged


def reverse_dict(d: Mapping[V, K]) -> dict[K, V]:
    return {value: key for key, value in d.items()}


def dict_without_keys(ddict: Mapping[K, V], *keys: K) -> dict[K, V]:
    return {key: value for key, value in ddict.items() if key not in keys}


def ensure_single_item(ddict: Mapping[K, V]) -> tuple[K, V]:
    if len(ddict) != 1:
        failed("Expected dict with single item")
    return next(iter(ddict.items()))


def ensure_gen(thing_or_gen: Any) -> Generator[Any, Any, Any]:
    """A generator as it is, another value as the only one of a generator."""
    import inspect

    if inspect.isgenerator(thing_or_gen):
        return thing_or_gen

    def only() -> Generator[Any, Any, Any]:
        yield thing_or_gen

    return only()


def exhaust_iterator_and_yield_results_with_exception(iterable: Iterator[T]) -> Iterator[T]:
    """Takes everything first; what the iterator raised is raised at its place."""
    results: list[T] = []
    raised = None
    try:
        results.extend(iterable)  # what came before the exception is kept
    except Exception as e:
        raised = e
    yield from results
    if raised:
        raise raised


def imap(executor: ThreadPoolExecutor, iterable: Iterator[T], func: Callable[[T], P]) -> Iterator[P]:
    """`executor.map` that yields the first results while the iterator still goes on."""
    import queue

    waiting: queue.SimpleQueue[Future[P] | None] = queue.SimpleQueue()

    def feed() -> None:
        try:
            for item in iterable:
                waiting.put(executor.submit(func, item))
        finally:
            waiting.put(None)

    feeding = executor.submit(feed)
    while (one := waiting.get()) is not None:
        yield one.result()
    feeding.result()


def list_pull(alist: Iterable[Any], key: str) -> list[Any]:
    return [getattr(element, key) for element in alist]


def is_enum_value(value: object) -> bool:
    return isinstance(value, Enum)
