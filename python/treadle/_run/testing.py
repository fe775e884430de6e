"""`instance_for_test`: a home for the length of a test."""

from __future__ import annotations

import os
from contextlib import contextmanager

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from treadle._run.instance import DagsterInstance


@contextmanager
def instance_for_test(
    overrides: Mapping[str, Any] | None = None,
    set_dagster_home: bool = True,
    temp_dir: str | None = None,
    synchronous_run_coordinator: bool = False,
    synchronous_run_launcher: bool = False,
) -> Iterator[DagsterInstance]:
    """A home in a temporary folder that is gone afterwards (or in `temp_dir`, which stays). Meanwhile
    `DagsterInstance.get()` means it.
    """
    import tempfile
    from contextlib import ExitStack

    from treadle._run.instance import DagsterInstance

    with ExitStack() as stack:
        if temp_dir is None:
            temp_dir = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        if set_dagster_home:
            stack.enter_context(environ({"DAGSTER_HOME": temp_dir, "TREADLE_HOME": temp_dir}))
        instance = DagsterInstance.from_home(temp_dir, durability="off")
        instance._set_overrides(overrides or {})
        stack.callback(instance.dispose)
        yield instance


@contextmanager
def environ(env: Mapping[str, str | None]) -> Iterator[None]:
    """Environment variables set (or with None removed) for a while."""
    before = {k: os.environ.get(k) for k in env}

    def put(values: Mapping[str, str | None]) -> None:
        for key, value in values.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value

    put(env)
    try:
        yield
    finally:
        put(before)
