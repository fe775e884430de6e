"""Where a program finds the context of its run: in a file, or in its environment."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

from treadle._errors import CheckError
from treadle._pipes.session import PipesContextInjector
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class PipesFileContextInjector(PipesContextInjector):
    """In the file `path`, which is removed when the session ends."""

    def __init__(self, path: str) -> None:
        if not isinstance(path, str):
            raise CheckError(f'Param "path" is not a str. Got {path!r} which is type {type(path)}.')
        self._path = path

    @contextmanager
    def inject_context(self, context_data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        with open(self._path, "w", encoding="utf-8") as stream:
            json.dump(context_data, stream)
        try:
            yield {"path": self._path}
        finally:
            if os.path.exists(self._path):
                os.remove(self._path)

    def no_messages_debug_text(self) -> str:
        return f"Attempted to inject context via file {self._path}"


class PipesTempFileContextInjector(PipesContextInjector):
    """In a temporary file."""

    @contextmanager
    def inject_context(self, context_data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            inner = PipesFileContextInjector(os.path.join(folder, "context"))
            with inner.inject_context(context_data) as params:
                yield params

    def no_messages_debug_text(self) -> str:
        return "Attempted to inject context via a temporary file."


class PipesEnvContextInjector(PipesContextInjector):
    """In the environment variable itself."""

    @contextmanager
    def inject_context(self, context_data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield {"data": dict(context_data)}

    def no_messages_debug_text(self) -> str:
        return "Attempted to inject context directly, typically as an environment variable."
