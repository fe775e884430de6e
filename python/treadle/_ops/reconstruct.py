"""Jobs as something that another process could make again: what `execute_job` takes. Treadle forks the
process in which the job is declared, so that a reconstructable job only says where the job comes from."""

from __future__ import annotations

from treadle._errors import DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.jobs import JobDefinition


class ReconstructableJob:
    """A job and the function that makes it."""

    def __init__(self, make: Callable[[], JobDefinition], job_name: str, describe: str = "") -> None:
        self._make = make
        self._describe = describe
        self._made: JobDefinition | None = None
        self.job_name = job_name

    def __repr__(self) -> str:
        return f"<ReconstructableJob {self.describe()}>"

    def describe(self) -> str:
        return f'"{self.job_name}" in repository ({self._describe})'

    def get_definition(self) -> JobDefinition:
        """The job, made once."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def op_selection(self) -> AbstractSet[str] | None:
        return getattr(self.get_definition(), "op_selection", None)

    def get_subset(
        self, *, op_selection: Iterable[str] | None = None, asset_selection: AbstractSet[Any] | None = None
    ) -> ReconstructableJob:
        job: Any = self.get_definition()
        subset = job.get_subset(op_selection=op_selection, asset_selection=asset_selection)
        return ReconstructableJob(lambda: subset, self.job_name, self._describe)

    @staticmethod
    def for_file(python_file: str, fn_name: str) -> ReconstructableJob:
        """The job, or the function that returns it, of that name in a file."""
        import os

        from treadle._definitions.loader import load_file

        module = load_file(python_file, os.getcwd())
        return _from(getattr(module, fn_name), f"{python_file}::{fn_name}")

    @staticmethod
    def for_module(module: str, fn_name: str) -> ReconstructableJob:
        from importlib import import_module

        return _from(getattr(import_module(module), fn_name), f"{module}.{fn_name}")


def _job_of(made: Any, source: str) -> JobDefinition:
    from treadle._assets.jobs import JobDefinition
    from treadle._ops.graphs import GraphDefinition

    if isinstance(made, GraphDefinition):
        made = made.to_job()
    if not isinstance(made, JobDefinition):
        raise DagsterInvariantViolationError(
            "Loadable attributes must be either a JobDefinition, GraphDefinition, or RepositoryDefinition."
            f" Got {made!r} from {source}."
        )
    return made


def _from(target: Any, source: str) -> ReconstructableJob:
    job = _job_of(target() if _is_function(target) else target, source)
    return ReconstructableJob(lambda: job, job.name, source)


def _is_function(target: object) -> bool:
    return type(target) is type(_is_function)


def reconstructable(target: Any) -> ReconstructableJob:
    """For `execute_job`: of a job declared at the top of a module, or a function there that returns one."""
    from treadle._assets.jobs import JobDefinition

    if not _is_function(target) and not hasattr(target, "__qualname__"):
        if isinstance(target, JobDefinition):
            raise DagsterInvariantViolationError(
                "Reconstructable target was not a function returning a job definition, or a job definition"
                " produced by a decorated function. If your job was constructed using"
                " ``GraphDefinition.to_job``, you must wrap the ``to_job`` call in a function at module"
                " scope, ie not within any other functions. To learn more, check out the docs on"
                " ``reconstructable``: https://docs.dagster.io/api/dagster/execution#dagster.reconstructable"
            )
        raise DagsterInvariantViolationError(
            "Reconstructable target should be a function or definition produced by a decorated function, got"
            f" {type(target)}."
        )
    if _is_function(target) and target.__name__ == "<lambda>":
        raise DagsterInvariantViolationError(
            "Reconstructable target can not be a lambda. Use a function or decorated function defined at"
            " module scope instead, or use build_reconstructable_job."
        )
    if target.__qualname__ != target.__name__:
        raise DagsterInvariantViolationError(
            f'Reconstructable target "{target.__name__}" has a different __qualname__'
            f' "{target.__qualname__}" indicating it is not defined at module scope. Use a function or'
            " decorated function defined at module scope instead, or use build_reconstructable_job."
        )
    return _from(target, f"{target.__module__}.{target.__name__}")


def build_reconstructable_job(
    reconstructor_module_name: str,
    reconstructor_function_name: str,
    reconstructable_args: tuple[object, ...] | None = None,
    reconstructable_kwargs: Mapping[str, object] | None = None,
    reconstructor_working_directory: str | None = None,
) -> ReconstructableJob:
    """A job that a function of a module returns when it is called with these arguments."""
    from importlib import import_module

    if reconstructor_working_directory is not None:
        import sys

        if reconstructor_working_directory not in sys.path:
            sys.path.insert(0, reconstructor_working_directory)
    make = getattr(import_module(reconstructor_module_name), reconstructor_function_name)
    source = f"{reconstructor_module_name}.{reconstructor_function_name}"
    job = _job_of(make(*(reconstructable_args or ()), **(reconstructable_kwargs or {})), source)
    return ReconstructableJob(lambda: job, job.name, source)
