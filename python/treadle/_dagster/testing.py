"""What test suites of Dagster projects take from `dagster._core.test_utils`."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any


def _manager(function: Any) -> Any:
    from contextlib import contextmanager

    return contextmanager(function)


def environ(env: Mapping[str, str | None]) -> AbstractContextManager[None]:
    """These environment variables inside the block; a value of None takes one away."""
    import os

    def changed() -> Iterator[None]:
        before = {name: os.environ.get(name) for name in env}
        try:
            _set(env)
            yield
        finally:
            _set(before)

    def _set(values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    managed: AbstractContextManager[None] = _manager(changed)()
    return managed


def new_cwd(path: str) -> AbstractContextManager[None]:
    """The working directory `path` inside the block."""
    import os

    def changed() -> Iterator[None]:
        before = os.getcwd()
        try:
            os.chdir(path)
            yield
        finally:
            os.chdir(before)

    managed: AbstractContextManager[None] = _manager(changed)()
    return managed


def ignore_warning(message_substr: str) -> Any:
    """A decorator of a test: warnings with this text in them are not told."""

    def decorate(function: Any) -> Any:
        from functools import wraps
        from re import escape
        from warnings import catch_warnings, filterwarnings

        @wraps(function)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with catch_warnings():
                filterwarnings("ignore", message=f".*{escape(message_substr)}.*")
                return function(*args, **kwargs)

        return quiet

    return decorate


def raise_exception_on_warnings() -> None:
    """From here on deprecation and preview warnings are errors, as long as the test runner lets them be."""
    import warnings

    warnings.resetwarnings()
    warnings.filterwarnings("error")
