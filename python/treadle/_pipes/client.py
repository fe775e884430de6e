"""Clients start programs: `PipesSubprocessClient().run(context=context, command=[...]).get_results()`."""

from __future__ import annotations

import os

from treadle._errors import DagsterExecutionInterruptedError, DagsterPipesExecutionError
from treadle._events.events import AssetCheckResult, MaterializeResult
from treadle._events.metadata import normalize_metadata
from treadle._pipes.injectors import PipesTempFileContextInjector
from treadle._pipes.readers import PipesTempFileMessageReader
from treadle._pipes.session import DagsterPipesError, open_pipes_session
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._pipes.session import PipesContextInjector, PipesMessageReader, PipesSession


class PipesClientCompletedInvocation:
    """What a program that has ended reported."""

    def __init__(self, session: PipesSession, metadata: Mapping[str, Any] | None = None) -> None:
        self._session = session
        self._metadata = normalize_metadata(metadata)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self._metadata

    def get_results(self, *, implicit_materializations: bool = True) -> Sequence[Any]:
        """All of it, and a result for each asset of the step that nothing was reported of."""
        return self._session.get_results(
            implicit_materializations=implicit_materializations, metadata=self._metadata
        )

    def get_materialize_result(self, implicit_materialization: bool = True) -> MaterializeResult[Any]:
        """The one asset that was materialized, with the results of its checks."""
        results = self.get_results(implicit_materializations=implicit_materialization)
        made = [r for r in results if isinstance(r, MaterializeResult)]
        checks = [r for r in results if isinstance(r, AssetCheckResult)]
        if not made:
            raise DagsterPipesError("No materialization results received from external process.")
        if len(made) > 1:
            keys = sorted(r.asset_key.to_user_string() for r in made if r.asset_key is not None)
            raise DagsterPipesError(
                f"Multiple materialize results returned with asset keys {keys}. If you are materializing"
                " multiple assets in a pipes invocation, use get_results() instead."
            )
        if any(c.asset_key != made[0].asset_key for c in checks):
            raise DagsterPipesError(
                "Check result specified an asset key that is not part of the returned materialization. If"
                " this was deliberate, use get_results() instead."
            )
        if not checks:
            return made[0]
        return MaterializeResult(
            made[0].asset_key,
            dict(made[0].metadata or {}),
            [*made[0].check_results, *checks],
            made[0].data_version,
            made[0].tags,
            made[0].value,
        )

    def get_asset_check_result(self) -> AssetCheckResult:
        """The one result of a check."""
        results = self.get_results(implicit_materializations=False)
        made = [r for r in results if isinstance(r, MaterializeResult)]
        checks = [r for r in results if isinstance(r, AssetCheckResult)]
        if len(checks) == 1 and not made:
            return checks[0]
        raise DagsterPipesError(
            f"Did not find singular AssetCheckResult, got {len(made)} MaterializeResults and"
            f" {len(checks)} AssetCheckResults. Correct the reported results or use get_results() instead."
        )

    def get_custom_messages(self) -> Sequence[Any]:
        return self._session.get_custom_messages()


class PipesClient:
    """Starts programs somewhere. Subclasses give `run`. May be given as a resource as it is."""

    # A parameter annotated with it receives the resource of its name.
    _treadle_resource = True

    def run(self, *, context: Any, extras: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        raise NotImplementedError


class PipesSubprocessClient(PipesClient):
    """Starts a command on this machine. By default it finds its context in a temporary file, and reports to
    another.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        context_injector: PipesContextInjector | None = None,
        message_reader: PipesMessageReader | None = None,
        forward_termination: bool = True,
        forward_stdio: bool = True,
        termination_timeout_seconds: float = 20,
    ) -> None:
        self.env = dict(env or {})
        self.cwd = cwd
        self.context_injector = context_injector or PipesTempFileContextInjector()
        self.message_reader = message_reader or PipesTempFileMessageReader()
        self.forward_termination = forward_termination
        self.forward_stdio = forward_stdio
        self.termination_timeout_seconds = termination_timeout_seconds

    def run(
        self,
        *,
        context: Any,
        extras: Mapping[str, Any] | None = None,
        command: str | Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        **kwargs: Any,
    ) -> PipesClientCompletedInvocation:
        """Runs the command to its end."""
        import signal
        import subprocess

        context = getattr(context, "op_execution_context", context)
        with open_pipes_session(context, self.context_injector, self.message_reader, extras) as session:
            pipe = None if self.forward_stdio else subprocess.DEVNULL
            process = subprocess.Popen(
                command,
                cwd=cwd or self.cwd,
                env={**os.environ, **self.env, **(env or {}), **session.get_bootstrap_env_vars()},
                stdout=pipe,
                stderr=pipe,
            )
            try:
                process.wait()
            except (DagsterExecutionInterruptedError, KeyboardInterrupt):
                if self.forward_termination:
                    context.log.info("[pipes] execution interrupted, sending SIGINT to subprocess.")
                    process.send_signal(signal.SIGINT)
                    process.wait(timeout=self.termination_timeout_seconds)
                raise
            if process.returncode != 0:
                raise DagsterPipesExecutionError(
                    f"External execution process failed with code {process.returncode}"
                )
        return PipesClientCompletedInvocation(session)
