"""What schedules and sensors share: what they run, their contexts' resources, logs."""

from __future__ import annotations

from treadle._assets.tags import normalize_tags
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from typing_extensions import Self

    from treadle._resources.building import ResourceScope
    from treadle._run.instance import DagsterInstance
    from treadle._typing import UserFn

    _Declared = TypeVar("_Declared")


def jobs_of(name: str, job_name: str | None, job: Any, jobs: Sequence[Any] | None, target: Any) -> list[Any]:
    """The jobs a schedule or sensor may run. Assets as target become a job of their own."""
    given = [
        n
        for n, v in (("job_name", job_name), ("job", job), ("jobs", jobs), ("target", target))
        if v is not None
    ]
    if len(given) > 1:
        raise DagsterInvalidDefinitionError(
            f"'{name}' was given {' and '.join(given)}: only one of them says what it runs."
        )
    if job is not None:
        return [_job(job, name)]
    if jobs is not None:
        if len(jobs) == 0:
            raise CheckError(f"jobs of '{name}' is an empty list: name at least one.")
        return [_job(j, name) for j in jobs]
    if target is not None:
        return [_target(target, name)]
    return [job_name] if job_name is not None else []


class AutomationTarget:
    """What a schedule or sensor runs: a job, or the name of one; assets that were given as target."""

    __slots__ = ("assets_defs", "op_selection", "resolvable_to_job")

    def __init__(
        self,
        resolvable_to_job: Any,
        op_selection: Sequence[str] | None = None,
        assets_defs: Sequence[Any] = (),
    ) -> None:
        self.resolvable_to_job = resolvable_to_job
        self.op_selection = op_selection
        self.assets_defs = list(assets_defs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AutomationTarget):
            return NotImplemented
        mine = (self.resolvable_to_job, self.op_selection, self.assets_defs)
        return mine == (other.resolvable_to_job, other.op_selection, other.assets_defs)

    __hash__ = None  # type: ignore[assignment]

    @property
    def job_name(self) -> str:
        job = self.resolvable_to_job
        return job if isinstance(job, str) else str(job.name)

    @property
    def has_job_def(self) -> bool:
        return not isinstance(self.resolvable_to_job, str)

    @property
    def job_def(self) -> Any:
        if not self.has_job_def:
            raise CheckError(f"Only the name of job '{self.job_name}' is known here: it has no job_def.")
        return self.resolvable_to_job


def assets_in(target: Any) -> list[Any]:
    """The definitions of assets in what was given as target."""
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import SourceAsset

    given = target if isinstance(target, (list, tuple)) else [target]
    return [one for one in given if isinstance(one, (AssetsDefinition, SourceAsset))]


def _job(job: Any, name: str) -> Any:
    from treadle._ops.graphs import GraphDefinition

    if isinstance(job, GraphDefinition):
        import warnings

        warnings.warn(
            f"Passing GraphDefinition to a job argument is deprecated: give graph.to_job() to '{name}'.",
            DeprecationWarning,
            stacklevel=2,
        )
        return job.to_job()
    if not hasattr(job, "_to_core") or not hasattr(job, "resolve"):
        raise CheckError(f"'{name}' was given {job!r} as a job, which is none.")
    return job


def _target(target: Any, name: str) -> Any:
    if hasattr(target, "_to_core") and hasattr(target, "resolve"):
        return target
    from treadle._assets.jobs import define_asset_job
    from treadle._assets.selection import AssetSelection

    if not isinstance(target, (str, AssetSelection, list, tuple)):
        target = [target]
    return define_asset_job(f"__anonymous_asset_job_{name}", AssetSelection.from_coercible(target))


def declaring(
    definition: Callable[..., _Declared], fn_parameter: str, options: Mapping[str, Any]
) -> Callable[[UserFn], _Declared]:
    """What a decorator returns: it makes the definition of a function. The decorator's own parameters, which
    `options` holds, are those of the definition without the function; the name and the description are the
    function's unless they are given.
    """

    def decorate(fn: UserFn) -> _Declared:
        from functools import update_wrapper

        from treadle._assets.rules import clean_doc

        if not callable(fn):
            raise CheckError(f"The decorator is for a function, not for {fn!r}.")
        own = {**options, fn_parameter: fn}
        own["name"] = own["name"] or fn.__name__
        if own["description"] is None:
            own["description"] = clean_doc(fn.__doc__)
        return update_wrapper(definition(**own), fn)  # type: ignore[arg-type, return-value]

    return decorate


class Instigator:
    """A schedule or a sensor: its name, what it runs, and what people should know about it."""

    _kind = "sensor"
    _may_set_system_tags = True

    def __init__(
        self,
        name: str,
        jobs: list[Any],
        description: str | None,
        tags: Mapping[str, str] | None,
        metadata: Mapping[str, Any] | None,
        required_resource_keys: Any,
        owners: Sequence[str] | None,
    ) -> None:
        from treadle._assets.rules import check_owners
        from treadle._events.metadata import normalize_metadata

        self._name = name
        self._jobs = jobs
        self._target_assets: list[Any] = []  # definitions that were given as what to run
        self._description = description
        self._tags = normalize_tags(tags, allow_private_system_tags=self._may_set_system_tags)
        self._metadata = normalize_metadata(metadata or {})
        self._required_resource_keys = frozenset(required_resource_keys or ())
        self._owners = check_owners(owners, name, self._kind)

    def _targets(self) -> list[AutomationTarget]:
        return [AutomationTarget(job, assets_defs=self._target_assets) for job in self._jobs]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def tags(self) -> Mapping[str, str]:
        return dict(self._tags)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return dict(self._metadata)

    @property
    def owners(self) -> Sequence[str]:
        return list(self._owners)

    @property
    def required_resource_keys(self) -> set[str]:
        return set(self._required_resource_keys)

    @property
    def has_anonymous_job(self) -> bool:
        return any(j.name.startswith("__anonymous_asset_job_") for j in self._jobs if not isinstance(j, str))

    @property
    def job(self) -> Any:
        if len(self._jobs) > 1:
            raise DagsterInvalidDefinitionError(
                f"Job property not available when {type(self).__name__} has multiple jobs. {self._having()}"
            )
        if not self._jobs or isinstance(self._jobs[0], str):
            raise DagsterInvalidDefinitionError(
                f"No job was provided to {type(self).__name__}. {self._having()}"
            )
        return self._jobs[0]

    @property
    def job_name(self) -> str | None:
        if len(self._jobs) != 1:
            raise DagsterInvalidDefinitionError(
                f"No job was provided to {type(self).__name__}. {self._having()}"
                if not self._jobs
                else f"job_name property not available when {type(self).__name__} has multiple jobs."
                f" {self._having()}"
            )
        return self._job_names[0]

    def _having(self) -> str:
        names = ", ".join(f"'{n}'" for n in self._job_names)
        return f"'{self.name}' has {'several: ' if len(self._jobs) > 1 else ''}{names or 'none'}."

    @property
    def _job_names(self) -> list[str]:
        return [j if isinstance(j, str) else j.name for j in self._jobs]


class EvaluationContext:
    """What the functions of schedules and sensors are given, whichever they are."""

    def __init__(
        self,
        instance: DagsterInstance | None,
        resources: Mapping[str, Any] | None,
        definitions: Any,
        built_by: str,
    ) -> None:
        self._instance = instance
        self._definitions = definitions
        self._built_by = built_by
        self._given_resources = {**_resources_of(definitions), **(resources or {})}
        self._scope: ResourceScope | None = None
        self._resources: Any = None
        self._entered = False

    @property
    def instance(self) -> DagsterInstance:
        if self._instance is None:
            raise DagsterInvariantViolationError(
                f"Attempted to initialize dagster instance, but no instance reference was provided: give"
                f" {self._built_by}(instance=...)."
            )
        return self._instance

    @property
    def repository_def(self) -> Any:
        return self._definitions

    @property
    def log(self) -> Any:
        from treadle._run.log import get_dagster_logger

        return get_dagster_logger()

    @property
    def resource_defs(self) -> Mapping[str, Any]:
        return dict(self._given_resources)

    @property
    def resources(self) -> Any:
        """The resources, set up when first used. Those that have to be torn down again need `with`."""
        if self._resources is None:
            from treadle._resources.building import ResourceScope
            from treadle._resources.definition import definitions_of

            self._scope = ResourceScope(definitions_of(self._given_resources), {}, self._instance)
            self._resources = self._scope.open(self._scope.definitions)
            if self._scope.cleans_up and not self._entered:
                self._close()
                raise DagsterInvariantViolationError(
                    "At least one provided resource is a generator, but attempting to access resources"
                    " outside of context manager scope. You can use the following syntax to open a context"
                    f" manager: `with {self._built_by}(...) as context:`"
                )
        return self._resources

    def merge_resources(self, resources_dict: Mapping[str, Any]) -> Self:
        """This context with further resources, or others instead. It is still this one: what the function
        says to it is not lost.
        """
        self._close()
        self._given_resources.update(resources_dict)
        return self

    def _close(self) -> None:
        scope, self._scope, self._resources = self._scope, None, None
        if scope is not None:
            scope.close()

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *exc: object) -> None:
        self._entered = False
        self._close()


def _resources_of(definitions: Any) -> Mapping[str, Any]:
    """The resources of definitions, or of a repository's."""
    return getattr(getattr(definitions, "_definitions", definitions), "resources", None) or {}
