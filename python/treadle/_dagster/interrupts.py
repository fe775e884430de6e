"""`dagster._utils.interrupts`: signals that wait until the program looks."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_received_interrupt = {"received": False}


@contextlib.contextmanager
def capture_interrupts() -> Iterator[None]:
    """SIGINT and SIGTERM are remembered instead of ending what is inside. Only the main thread gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def remember(_signal: int, _frame: Any) -> None:
        _received_interrupt["received"] = True

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _received_interrupt["received"] = False


def check_captured_interrupt() -> bool:
    return _received_interrupt["received"]


def pop_captured_interrupt() -> bool:
    """Whether there was one since this was asked last."""
    received = _received_interrupt["received"]
    _received_interrupt["received"] = False
    return received


@contextlib.contextmanager
def raise_interrupts_as(error_cls: type[BaseException]) -> Iterator[None]:
    """One that is remembered, or comes while this is open, raises this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if pop_captured_interrupt():
        raise error_cls

    def raised(_signal: int, _frame: Any) -> None:
        raise error_cls

    before = {number: signal.signal(number, raised) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
