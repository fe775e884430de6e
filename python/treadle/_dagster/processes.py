"""What tests take from `dagster._utils` about processes and where they find modules."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager


def added_to_path(to_add: Sequence[str], to_remove: Sequence[str]) -> AbstractContextManager[None]:
    """`sys.path` with and without these inside the block."""
    import sys
    from contextlib import contextmanager

    def changed() -> Iterator[None]:
        before = list(sys.path)
        sys.path[:] = [*to_add, *(p for p in before if p not in to_remove)]
        try:
            yield
        finally:
            sys.path[:] = before

    managed: AbstractContextManager[None] = contextmanager(changed)()
    return managed


def find_free_port() -> int:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])


def process_is_alive(pid: int) -> bool:
    import os

    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def segfault() -> None:
    """Ends this process as an invalid access to memory would."""
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)


def send_interrupt() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGINT)
