"""The side of Pipes that starts a program: what it is told, and what it reports."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from treadle._assets.keys import AssetKey
from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterInvariantViolationError,
    DagsterPipesExecutionError,
)
from treadle._events.events import AssetCheckResult, DataVersion, MaterializeResult
from treadle._events.metadata import normalize_metadata
from treadle._pipes.metadata import from_external
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    PipesExecutionResult = MaterializeResult[Any] | AssetCheckResult
    PipesLaunchedData = Mapping[str, Any]
else:
    PipesExecutionResult = (MaterializeResult, AssetCheckResult)
    PipesLaunchedData = dict

CONTEXT_VARIABLE = "DAGSTER_PIPES_CONTEXT"
MESSAGES_VARIABLE = "DAGSTER_PIPES_MESSAGES"
WRITERS_KEY = "dagster_pipes_composite_writers"


class DagsterPipesError(DagsterError):
    """What a program reported is not what was asked for."""


class PipesContextInjector:
    """How a program is told about its run: a context manager that makes the context available and yields what
    says where it is.
    """

    def inject_context(self, context_data: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def no_messages_debug_text(self) -> str:
        raise NotImplementedError


class PipesMessageReader:
    """How reports come back: a context manager that yields what says where messages are written, and hands
    them to the handler.
    """

    def read_messages(self, handler: PipesMessageHandler) -> Any:
        raise NotImplementedError

    def on_opened(self, opened_payload: Mapping[str, Any]) -> None:
        """The program has begun to speak."""

    def on_launched(self, launched_payload: PipesLaunchedData) -> None:
        """The program was started, with particulars of it."""

    @property
    def expected_writer_count(self) -> int:
        return 1

    def no_messages_debug_text(self) -> str:
        raise NotImplementedError


class PipesMessageHandler:
    """Understands the messages of a program. Called from the reader's thread."""

    def __init__(self, context: Any, message_reader: PipesMessageReader) -> None:
        self._context = context
        self._message_reader = message_reader
        self._results: list[Any] = []
        self._custom: list[Any] = []
        self._expected_writers = message_reader.expected_writer_count
        self._opened = 0
        self._closed = 0

    @contextmanager
    def handle_messages(self) -> Iterator[Mapping[str, Any]]:
        with self._message_reader.read_messages(self) as params:
            yield params

    def get_reported_results(self) -> Sequence[Any]:
        return tuple(self._results)

    def get_custom_messages(self) -> Sequence[Any]:
        return tuple(self._custom)

    @property
    def received_opened_message(self) -> bool:
        return self._opened >= 1

    @property
    def received_closed_message(self) -> bool:
        return self._closed >= self._expected_writers

    def handle_message(self, message: Mapping[str, Any]) -> None:
        if self.received_closed_message:
            self._context.log.warning(f"[pipes] unexpected message received after closed: `{message}`")
        method, params = message["method"], message.get("params") or {}
        if method == "opened":
            self._opened += 1
            if self._opened == 1:
                self._context.log.info("[pipes] external process successfully opened dagster pipes.")
            self._message_reader.on_opened(params)
        elif method == "closed":
            self._handle_closed(params)
        elif method == "report_asset_materialization":
            self._handle_materialization(**params)
        elif method == "report_asset_check":
            self._handle_check(**params)
        elif method == "log":
            self._context.log.log(params.get("level", "info"), params["message"])
        elif method == "log_external_stream":
            self._handle_stream(**params)
        elif method == "report_custom_message":
            self._custom.append(params["payload"])
        else:
            raise DagsterPipesExecutionError(f"Unknown message method: {method}")

    def _handle_closed(self, params: Mapping[str, Any]) -> None:
        self._closed += 1
        exception = params.get("exception")
        if exception:
            stack = "".join(exception.get("stack") or ())
            self._context.log.error(
                "[pipes] external process pipes closed with exception\n"
                f"{exception.get('name')}: {exception.get('message')}\n{stack}".rstrip()
            )

    def _handle_materialization(
        self,
        asset_key: str,
        metadata: Mapping[str, Any] | None = None,
        data_version: str | None = None,
    ) -> None:
        self._results.append(
            MaterializeResult(
                AssetKey.from_escaped_user_string(asset_key),
                from_external(metadata),
                data_version=None if data_version is None else DataVersion(data_version),
            )
        )

    def _handle_check(
        self,
        asset_key: str,
        check_name: str,
        passed: bool,
        severity: str = "ERROR",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        from treadle._assets.specs import AssetCheckSeverity

        self._results.append(
            AssetCheckResult(
                passed=passed,
                asset_key=AssetKey.from_escaped_user_string(asset_key),
                check_name=check_name,
                metadata=from_external(metadata),
                severity=AssetCheckSeverity(severity),
            )
        )

    def _handle_stream(self, stream: str, text: str, extras: Mapping[str, Any] | None = None) -> None:
        if stream not in ("stdout", "stderr"):
            raise DagsterInvariantViolationError(f"Unexpected stream: {stream}")
        (sys.stdout if stream == "stdout" else sys.stderr).write(text)

    def report_pipes_framework_exception(self, origin: str, exc_info: Any) -> None:
        import traceback

        told = "".join(traceback.format_exception(*exc_info)).rstrip()
        self._context.log.error(f"[pipes] framework exception occurred in {origin}\n{told}")

    def on_launched(self, launched_payload: PipesLaunchedData) -> None:
        self._context.log.info("[pipes] additional launch_payload reported")
        self._message_reader.on_launched(launched_payload)


class PipesSession:
    """A program that is running, or has run: what it is started with, and what it reported."""

    def __init__(
        self,
        context_data: Mapping[str, Any],
        message_handler: PipesMessageHandler,
        context_injector_params: Mapping[str, Any],
        message_reader_params: Mapping[str, Any],
        context: Any,
        created_at: datetime | None = None,
    ) -> None:
        from datetime import datetime

        self.context_data = context_data
        self.message_handler = message_handler
        self.context_injector_params = context_injector_params
        self.message_reader_params = message_reader_params
        self.context = context
        self.created_at = created_at or datetime.now()

    # --- for the program

    def get_bootstrap_params(self) -> Mapping[str, Any]:
        """What the program needs: by environment variable, not encoded."""
        return {
            CONTEXT_VARIABLE: self.context_injector_params,
            MESSAGES_VARIABLE: self.message_reader_params,
        }

    def get_bootstrap_env_vars(self) -> Mapping[str, str]:
        """The environment variables to start the program with."""
        return {name: encode_param(value) for name, value in self.get_bootstrap_params().items()}

    def get_bootstrap_cli_arguments(self) -> Mapping[str, str]:
        """The same as arguments: `--dagster-pipes-context`, `--dagster-pipes-messages`."""
        return {_argument(name): value for name, value in self.get_bootstrap_env_vars().items()}

    def get_per_writer_bootstrap_env_vars(self) -> Sequence[Mapping[str, str]]:
        """For each of several programs of one session its variables."""
        writers = self.message_reader_params.get(WRITERS_KEY, [self.message_reader_params])
        return [
            {
                CONTEXT_VARIABLE: encode_param(self.context_injector_params),
                MESSAGES_VARIABLE: encode_param(writer),
            }
            for writer in writers
        ]

    def get_per_writer_bootstrap_cli_arguments(self) -> Sequence[Mapping[str, str]]:
        each = self.get_per_writer_bootstrap_env_vars()
        return [{_argument(name): value for name, value in one.items()} for one in each]

    @property
    def default_remote_invocation_info(self) -> dict[str, str]:
        run = self.context.dagster_run
        return {"dagster/run-id": run.run_id, "dagster/job": run.job_name}

    def report_launched(self, launched_payload: PipesLaunchedData) -> None:
        self.message_handler.on_launched(launched_payload)

    # --- from the program

    def get_reported_results(self) -> Sequence[Any]:
        return self.message_handler.get_reported_results()

    def get_custom_messages(self) -> Sequence[Any]:
        return self.message_handler.get_custom_messages()

    def get_results(
        self, *, implicit_materializations: bool = True, metadata: Mapping[str, Any] | None = None
    ) -> Sequence[Any]:
        """What was reported, and a result for each asset of the step that nothing was reported of."""
        results = list(self.get_reported_results())
        if implicit_materializations and getattr(self.context, "has_assets_def", False):
            known = {r.asset_key for r in results if isinstance(r, MaterializeResult)}
            results += [
                MaterializeResult(asset_key=key)
                for key in sorted(self.context.selected_asset_keys, key=lambda k: k.parts)
                if key not in known
            ]
        if not metadata:
            return tuple(results)
        added = normalize_metadata(metadata)
        return tuple(_with_metadata(r, {**r.metadata, **added}) for r in results)


def _with_metadata(result: Any, metadata: Mapping[str, Any]) -> Any:
    return result._replace(metadata=metadata)


def _argument(variable: str) -> str:
    return "--" + variable.lower().replace("_", "-")


def encode_param(value: Any) -> str:
    """JSON, compressed, in base64."""
    import base64
    import json
    import zlib

    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


def context_data_of(context: Any, extras: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a program is told about its run."""
    has_assets = bool(getattr(context, "has_assets_def", False))
    keys = sorted(context.selected_asset_keys, key=lambda k: k.parts) if has_assets else []
    has_partition = bool(context.has_partition_key)
    key_range = context.partition_key_range if getattr(context, "has_partition_key_range", False) else None
    window = None
    if has_partition:
        try:
            window = context.partition_time_window
        except Exception:  # no window: the partitions are not of time
            window = None
    return {
        "asset_keys": [k.to_escaped_user_string() for k in keys] if has_assets else None,
        "code_version_by_asset_key": {
            k.to_escaped_user_string(): context.assets_def.code_versions_by_key.get(k) for k in keys
        }
        if has_assets
        else None,
        "provenance_by_asset_key": {
            k.to_escaped_user_string(): _provenance(context.get_asset_provenance(k)) for k in keys
        }
        if has_assets
        else None,
        "partition_key": context.partition_key if has_partition else None,
        "partition_key_range": {"start": key_range.start, "end": key_range.end} if key_range else None,
        "partition_time_window": {"start": window.start.isoformat(), "end": window.end.isoformat()}
        if window
        else None,
        "run_id": context.run_id,
        "job_name": context.job_name,
        "retry_number": context.retry_number,
        "extras": dict(extras or {}),
    }


def _provenance(provenance: Any) -> dict[str, Any] | None:
    if provenance is None:
        return None
    return {
        "code_version": provenance.code_version,
        "input_data_versions": {
            k.to_escaped_user_string(): v.value for k, v in provenance.input_data_versions.items()
        },
        "is_user_provided": provenance.is_user_provided,
    }


@contextmanager
def open_pipes_session(
    context: Any,
    context_injector: PipesContextInjector,
    message_reader: PipesMessageReader,
    extras: Mapping[str, Any] | None = None,
) -> Iterator[PipesSession]:
    """Makes the context available, and listens to what the program that is started within reports."""
    if not isinstance(context_injector, PipesContextInjector):
        raise CheckError(f'Param "context_injector" is not a PipesContextInjector. Got {context_injector!r}')
    data = context_data_of(context, extras)
    handler = PipesMessageHandler(context, message_reader)
    try:
        with context_injector.inject_context(data) as context_params, handler.handle_messages() as params:
            yield PipesSession(data, handler, context_params, params, context)
    finally:
        if not handler.received_opened_message:
            context.log.warning(
                "[pipes] did not receive any messages from external process. Check stdout / stderr logs from"
                " the external process if"
                f" possible.\n{type(context_injector).__name__}:"
                f" {context_injector.no_messages_debug_text()}\n{type(message_reader).__name__}:"
                f" {message_reader.no_messages_debug_text()}\n"
            )
        elif not handler.received_closed_message:
            context.log.warning(
                "[pipes] did not receive closed message from external process. Buffered messages may have"
                " been discarded without being delivered. Use `open_dagster_pipes` as a context manager (a"
                " with block) to ensure that cleanup is successfully completed. If that is not possible,"
                " manually call `PipesContext.close()` before process exit."
            )
