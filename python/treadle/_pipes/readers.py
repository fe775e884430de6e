"""Where a program writes its reports, and how they are read: files, and stores of numbered chunks."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import ExitStack, contextmanager

from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._pipes.session import WRITERS_KEY, PipesMessageReader
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from treadle._pipes.session import PipesMessageHandler

_FILE_INTERVAL = 0.05  # seconds between looks at a file


class PipesFileMessageReader(PipesMessageReader):
    """In the file `path`, a JSON object on each line. It is removed when the session ends."""

    def __init__(self, path: str, include_stdio_in_messages: bool = False, cleanup_file: bool = True) -> None:
        if not isinstance(path, str):
            raise CheckError(f'Param "path" is not a str. Got {path!r} which is type {type(path)}.')
        self._path = path
        self._include_stdio_in_messages = include_stdio_in_messages
        self._cleanup_file = cleanup_file

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[Mapping[str, Any]]:
        ended = threading.Event()
        open(self._path, "w", encoding="utf-8").close()
        thread = threading.Thread(target=self._read, args=(handler, ended), daemon=True)
        thread.start()
        try:
            yield {"path": self._path, "include_stdio_in_messages": self._include_stdio_in_messages}
        finally:
            ended.set()
            thread.join()
            if self._cleanup_file and os.path.exists(self._path):
                os.remove(self._path)

    def _read(self, handler: PipesMessageHandler, ended: threading.Event) -> None:
        try:
            for line in _tail(self._path, ended):
                handler.handle_message(json.loads(line))
        except Exception:
            handler.report_pipes_framework_exception(f"{type(self).__name__} reader thread", sys.exc_info())

    def no_messages_debug_text(self) -> str:
        return f"Attempted to read messages from file {self._path}."


def _tail(path: str, ended: threading.Event) -> Iterator[str]:
    """Whole lines as they are written, until nothing more will come."""
    with open(path, encoding="utf-8") as stream:
        rest = ""
        while True:
            over = ended.is_set()  # asked before reading, so that nothing is left behind
            text = stream.read()
            if text:
                *lines, rest = (rest + text).split("\n")
                yield from (line for line in lines if line)
            elif over:
                if rest.strip():
                    yield rest
                return
            else:
                ended.wait(_FILE_INTERVAL)


class PipesTempFileMessageReader(PipesMessageReader):
    """In a temporary file."""

    def __init__(self, include_stdio_in_messages: bool = False) -> None:
        self._include_stdio_in_messages = include_stdio_in_messages

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[Mapping[str, Any]]:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            inner = PipesFileMessageReader(
                os.path.join(folder, "messages"), include_stdio_in_messages=self._include_stdio_in_messages
            )
            with inner.read_messages(handler) as params:
                yield params

    def no_messages_debug_text(self) -> str:
        return "Attempted to read messages from a local temporary file."


class PipesLogReader:
    """Reads logs of a program beside its messages, in a thread of its own."""

    def start(self, params: Mapping[str, Any], is_session_closed: threading.Event) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def is_running(self) -> bool:
        raise NotImplementedError

    def target_is_readable(self, params: Mapping[str, Any]) -> bool:
        raise NotImplementedError

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def debug_info(self) -> str | None:
        return None


class PipesBlobStoreMessageReader(PipesMessageReader):
    """In numbered chunks of a store, which a subclass downloads: `get_params` says where, and
    `download_messages_chunk` gives a chunk, or None while there is none.
    """

    counter: int

    def __init__(self, interval: float = 10, log_readers: Sequence[PipesLogReader] | None = None) -> None:
        self.interval = interval
        self.log_readers = dict(enumerate(log_readers or ()))
        self.counter = 1
        self.opened_payload: Mapping[str, Any] | None = None
        self.launched_payload: Mapping[str, Any] | None = None

    def get_params(self) -> Any:
        raise NotImplementedError

    def download_messages_chunk(self, index: int, params: Mapping[str, Any]) -> str | None:
        raise NotImplementedError

    def on_opened(self, opened_payload: Mapping[str, Any]) -> None:
        self.opened_payload = opened_payload

    def on_launched(self, launched_payload: Mapping[str, Any]) -> None:
        self.launched_payload = launched_payload

    def add_log_reader(self, log_reader: PipesLogReader) -> None:
        self.log_readers[len(self.log_readers)] = log_reader

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[Mapping[str, Any]]:
        with self.get_params() as params:
            ended = threading.Event()
            threads = [threading.Thread(target=self._read, args=(handler, params, ended), daemon=True)]
            threads[0].start()
            started: list[PipesLogReader] = []
            if self.log_readers:
                target = self._start_logs
                threads.append(threading.Thread(target=target, args=(params, ended, started), daemon=True))
                threads[1].start()
            try:
                yield params
            finally:
                ended.set()
                for thread in threads:
                    thread.join()
                for reader in started:
                    if reader.is_running():
                        reader.stop()

    def _read(self, handler: PipesMessageHandler, params: Mapping[str, Any], ended: threading.Event) -> None:
        try:
            index = 1
            while True:
                over = ended.is_set()
                chunk = self.download_messages_chunk(index, params)
                if chunk:
                    index += 1
                    self.counter = index
                    for line in chunk.splitlines():
                        if line.strip():
                            handler.handle_message(json.loads(line))
                elif over:
                    return
                else:
                    ended.wait(self.interval)
        except Exception:
            handler.report_pipes_framework_exception(f"{type(self).__name__} messages thread", sys.exc_info())

    def _start_logs(
        self, params: Mapping[str, Any], ended: threading.Event, started: list[PipesLogReader]
    ) -> None:
        waiting = list(self.log_readers.values())
        while waiting:
            where = {**params, **(self.opened_payload or {}), **(self.launched_payload or {})}
            for reader in list(waiting):
                if reader.target_is_readable(where):
                    reader.start(where, ended)
                    started.append(reader)
                    waiting.remove(reader)
            if ended.is_set():
                return
            ended.wait(self.interval)

    def no_messages_debug_text(self) -> str:
        return f"Attempted to read messages by {type(self).__name__}."


class _OneOfSeveral:
    """The handler as one of several readers sees it: it alone is told what its program says."""

    def __init__(self, handler: PipesMessageHandler, reader: PipesMessageReader) -> None:
        self._handler = handler
        self._reader = reader
        self.report_pipes_framework_exception: Callable[..., None] = handler.report_pipes_framework_exception

    def handle_message(self, message: Mapping[str, Any]) -> None:
        self._handler.handle_message(message)
        if message.get("method") == "opened":
            self._reader.on_opened(message.get("params") or {})


class PipesCompositeMessageReader(PipesMessageReader):
    """Several programs of one session, each with a reader of its own."""

    def __init__(self, readers: Sequence[PipesMessageReader]) -> None:
        if not readers:
            raise DagsterInvariantViolationError(
                "PipesCompositeMessageReader requires at least one underlying reader."
            )
        for reader in readers:
            if reader.expected_writer_count != 1:
                raise DagsterInvariantViolationError(
                    "PipesCompositeMessageReader only supports single-writer readers as children; got"
                    f" {type(reader).__name__} with expected_writer_count={reader.expected_writer_count}."
                )
        self._readers = tuple(readers)

    @property
    def expected_writer_count(self) -> int:
        return len(self._readers)

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[Mapping[str, Any]]:
        with ExitStack() as stack:
            each: list[Any] = []
            for reader in self._readers:
                one: Any = _OneOfSeveral(handler, reader)
                each.append(stack.enter_context(reader.read_messages(one)))
            yield {WRITERS_KEY: each}

    def on_launched(self, launched_payload: Mapping[str, Any]) -> None:
        for reader in self._readers:
            reader.on_launched(launched_payload)

    def no_messages_debug_text(self) -> str:
        told = enumerate(self._readers)
        return "\n".join(f"[writer {i}] {reader.no_messages_debug_text()}" for i, reader in told)
