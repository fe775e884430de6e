"""What resource functions are told, and what steps see of resources."""

from __future__ import annotations

from treadle._errors import (
    DagsterInvariantViolationError,
    DagsterUnknownResourceError,
    ParameterCheckError,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from typing_extensions import Self

    from treadle._resources.definition import ResourceDefinition
    from treadle._run.log import DagsterLogManager


class Resources:
    """`context.resources`: one attribute per resource that the step requires."""

    __slots__ = ("_allowed", "_get")

    def __init__(self, get: Callable[[str], Any], allowed: AbstractSet[str] | None) -> None:
        self._get = get
        self._allowed = allowed

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or (self._allowed is not None and key not in self._allowed):
            raise DagsterUnknownResourceError(
                f"Unknown resource `{key}`. Specify `{key}` as a required resource on the compute / config"
                " function that accessed it."
            )
        value = self._get(key)
        if hasattr(type(value), "get_object_to_set_on_execution_context"):
            return value.get_object_to_set_on_execution_context()
        return value

    @property
    def original_resource_dict(self) -> Mapping[str, Any]:
        return {k: self._get(k) for k in self._allowed or ()}

    def _asdict(self) -> dict[str, Any]:
        return dict(self.original_resource_dict)


def as_given(resources: Any, key: str) -> Any:
    """The resource itself, as a parameter receives it, where steps see something else."""
    if isinstance(resources, Resources):
        getattr(resources, key)
        return resources._get(key)
    return getattr(resources, key)


class IAttachDifferentObjectToOpContext:
    """A base for resources of which `context.resources` shows something else: what the method returns. A
    parameter annotated with the class still receives the resource.
    """

    def get_object_to_set_on_execution_context(self) -> Any:
        raise NotImplementedError


class InitResourceContext:
    """What a resource function is told."""

    __slots__ = (
        "_instance",
        "_resources",
        "all_resource_defs",
        "event_loop",
        "log",
        "resource_config",
        "resource_def",
        "run",
        "run_id",
    )

    def __init__(
        self,
        resource_config: Any = None,
        resources: Any = None,
        run_id: str | None = None,
        log: DagsterLogManager | None = None,
        instance: Any = None,
        resource_def: ResourceDefinition | None = None,
        all_resource_defs: Mapping[str, ResourceDefinition] | None = None,
        event_loop: Any = None,
        dagster_run: Any = None,
    ) -> None:
        self.resource_config = resource_config
        self._resources = resources
        self.run_id = run_id
        self.log = log
        self._instance = instance
        self.resource_def = resource_def
        self.all_resource_defs = all_resource_defs or {}
        self.event_loop = event_loop
        self.run = dagster_run

    @property
    def resources(self) -> Any:
        return self._resources

    @property
    def dagster_run(self) -> Any:
        return self.run

    @property
    def instance(self) -> Any:
        """The home of the run; None in tests that give none."""
        if self._instance is None and self.run_id and self.run_id != "EPHEMERAL":
            from treadle._run.steps import instance_of

            self._instance = instance_of(self.run_id)
        return self._instance

    @property
    def config(self) -> Any:
        return self.resource_config

    def replace_config(self, config: Any) -> InitResourceContext:
        """The same with another configuration: of a resource inside this one."""
        return InitResourceContext(
            config,
            self.resources,
            self.run_id,
            self.log,
            self._instance,
            self.resource_def,
            self.all_resource_defs,
            self.event_loop,
            self.run,
        )


class UnboundInitResourceContext(InitResourceContext):
    """The context that `build_init_resource_context` makes. Resources that clean up make it a context
    manager: `with build_init_resource_context(...) as context`.
    """

    __slots__ = ("_entered", "_needs_exit", "_scope")

    def __init__(
        self,
        resource_config: Any,
        resources: Mapping[str, Any],
        instance: Any,
        log: DagsterLogManager,
    ) -> None:
        from treadle._resources.building import ResourceScope
        from treadle._resources.definition import definitions_of

        scope = self._scope = ResourceScope(definitions_of(resources), {}, instance, log)
        self._entered = False
        super().__init__(
            resource_config,
            scope.open(list(resources)),
            None,
            log,
            instance,
            None,
            scope.definitions,
        )
        self._needs_exit = scope.cleans_up

    @property
    def instance(self) -> Any:
        """The one that was given, else a home that is gone together with the context."""
        if self._instance is None:
            from treadle._run.instance import DagsterInstance

            self._instance = DagsterInstance.ephemeral()
        return self._instance

    @property
    def resources(self) -> Any:
        if self._needs_exit and not self._entered:
            raise DagsterInvariantViolationError(
                "At least one provided resource is a generator, but attempting to access resources outside of"
                " context manager scope. You can use the following syntax to open a context manager: `with"
                " build_init_resource_context(...) as context:`"
            )
        return self._resources

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self._scope.close()

    def __del__(self) -> None:
        if self._needs_exit and not self._entered:
            self._scope.close()


def free_logger() -> DagsterLogManager:
    """A logger that belongs to no run."""
    from treadle._run.log import DagsterLogManager

    return DagsterLogManager(None)


def build_init_resource_context(
    config: Any = None,
    resources: Mapping[str, Any] | None = None,
    instance: Any = None,
    log_manager: Any = None,
) -> UnboundInitResourceContext:
    """A context for calling resource functions in tests."""
    if config is not None and not hasattr(config, "keys"):
        raise ParameterCheckError(
            f"Param \"config\" is not one of ['Mapping']. Got {config!r} which is type {type(config)}."
        )
    return UnboundInitResourceContext(
        config, dict(resources or {}), instance, log_manager if log_manager is not None else free_logger()
    )
