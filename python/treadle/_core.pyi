"""The compiled part: the engine, the record and the store, as the package uses them. Not for users."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Event = tuple[int, str, str, int, int, str, str, str, str, str]

class StopStep(BaseException):
    """The engine ends the step; it knows why."""

class Step:
    """What the engine offers the step that runs; dead when the step is over."""

    @property
    def run_id(self) -> str: ...
    @property
    def job_name(self) -> str: ...
    @property
    def step_key(self) -> str: ...
    @property
    def retry_number(self) -> int: ...
    @property
    def cancelled(self) -> bool: ...
    def output_selected(self, index: int) -> bool: ...
    def check_selected(self, index: int) -> bool: ...
    def load_input(self, index: int) -> Any: ...
    def handle_output(
        self,
        index: int,
        value: Any,
        has_value: bool,
        type_name: str,
        metadata: Sequence[tuple[str, str, object]] | None,
        data_version: str | None,
        tags: Sequence[tuple[str, str]] | None,
    ) -> None: ...
    def report_check(
        self,
        index: int,
        passed: bool,
        error_severity: bool,
        description: str,
        metadata: Sequence[tuple[str, str, object]] | None,
    ) -> None: ...
    def report_event(
        self,
        kind: str,
        asset: str,
        partition: str,
        message: str,
        metadata: Sequence[tuple[str, str, object]],
        rest: str,
    ) -> None: ...
    def log(self, level: int, message: str) -> None: ...
    def logs_captured(self, out: str, err: str) -> None: ...
    def resource(self, key: str) -> Any: ...

class Stored:
    """What a value is read back from; dead when `decode` returns."""

    @property
    def format(self) -> str: ...
    @property
    def file_name(self) -> str: ...
    def bytes(self) -> bytes: ...
    def local_path(self) -> str: ...

class Home:
    def __init__(
        self, path: str, durability: str = "normal", read_only: bool = False, temporary: bool = False
    ) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def logs_folder(self) -> str: ...
    def find_run(self, run_id: str) -> tuple[Any, ...] | None: ...
    def runs(
        self, job_name: str, statuses: Sequence[str], tags: Mapping[str, str], limit: int
    ) -> list[tuple[Any, ...]]: ...
    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None: ...
    def events(
        self, run_id: str, asset: str, types: Sequence[str], after_id: int, limit: int, newest_first: bool
    ) -> list[Event]: ...
    def latest_materializations(
        self, asset: str
    ) -> list[tuple[str, str, str, int, str, str, list[tuple[str, str]], str]]: ...
    def asset_keys(self) -> list[str]: ...
    def load_asset_value(self, asset: str, run_id: str) -> Any: ...
    def report_event(
        self,
        kind: str,
        asset: str,
        partition: str,
        message: str,
        metadata: Sequence[tuple[str, str, object]],
        rest: str,
    ) -> None: ...

class Definitions:
    def __init__(
        self,
        steps: Sequence[tuple[Any, ...]],
        sources: Sequence[tuple[Any, ...]],
        jobs: Sequence[tuple[Any, ...]],
        resources: Sequence[tuple[str, object, Sequence[str]]],
        io_managers: Sequence[tuple[str, object, Sequence[str]]],
    ) -> None: ...
    def select(self, selection: str) -> list[str]: ...
    def materialize(
        self,
        home: Home,
        selection: str,
        check_steps: Sequence[str] | None,
        in_memory: bool,
        run_id: str,
        job_name: str,
        tags: Mapping[str, str],
        run_config: str,
        retry_policy: tuple[int, float, int, int] | None,
        with_checks: bool,
    ) -> tuple[str, list[str], tuple[str, str, str, BaseException | None] | None]: ...
    def close_io_managers(self) -> None: ...

def sha256_hex(data: bytes) -> str: ...
def cli_main(argv: Sequence[str], load: Callable[[str, str, str], tuple[Definitions, str]]) -> int: ...
