"""Setting resources up and tearing them down: for a run, and on their own."""

from __future__ import annotations

from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterResourceFunctionError,
)
from treadle._resources.context import InitResourceContext, Resources, free_logger
from treadle._resources.definition import ResourceDefinition, definition_of, definitions_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from treadle._run.log import DagsterLogManager

_MISSING: Any = object()


class ResourceHandle:
    """A resource that is set up: what C++ keeps for the run."""

    __slots__ = ("cleanup", "value")

    def __init__(self, value: Any, cleanup: Callable[[], None] | None) -> None:
        self.value = value
        self.cleanup = cleanup


class ResourceHolder:
    """How one resource of some definitions is set up. The core calls `set_up` once per run (and forked step).
    `config`: what run configuration says of it, {"config": ...}, not processed yet.
    """

    __slots__ = ("_identity", "all", "config", "definition", "key", "made_of", "required")

    def __init__(
        self,
        key: str,
        source: Any,
        config: Any = None,
        all_definitions: Mapping[str, ResourceDefinition] | None = None,
    ) -> None:
        self.key = key
        self._identity: str | None = None
        self.definition = definition_of(source)
        self.config = config
        self.made_of: Any = None  # the processed configuration, once it is set up
        self.all = all_definitions if all_definitions is not None else {key: self.definition}
        self.required = sorted(self.definition.get_required_resource_keys(self.all))

    def identity(self) -> str:
        """Of its code and settings: another text when what it makes may be another."""
        if self._identity is None:
            from treadle._assets.code_version import identity_of

            of = self.definition.made_of
            self._identity = identity_of(
                of if of is not None else self.definition.resource_fn,
                getattr(self.definition.config_schema, "given", None),
            )
        return self._identity

    def set_up(self, run_id: str, required: Mapping[str, ResourceHandle]) -> ResourceHandle:
        values = {k: h.value for k, h in required.items()}
        config = self.config
        if config is None:
            from treadle._run.steps import resource_config

            config = resource_config(self.key, run_id)
        self.made_of = self.definition.process(config or {}, f"resource {self.key}")
        context = InitResourceContext(
            self.made_of,
            Resources(values.__getitem__, frozenset(values)),
            run_id,
            free_logger(),
            None,
            self.definition,
            self.all,
            dagster_run=_run_of(run_id),
        )
        return made(self.key, self.definition, context)

    def tear_down(self, handle: ResourceHandle) -> None:
        if handle.cleanup is not None:
            cleanup, handle.cleanup = handle.cleanup, None
            cleanup()


def _run_of(run_id: str) -> Any:
    from treadle._run.steps import states

    state = states.get(run_id)
    if state is None:
        return None
    from treadle._run.instance import DagsterRun

    return DagsterRun(job_name="", run_id=run_id, tags=dict(state.tags), run_config=dict(state.run_config))


def made(key: str, definition: ResourceDefinition, context: InitResourceContext) -> ResourceHandle:
    """The resource, set up. What its function raises is told as Dagster tells it."""
    try:
        return entered(definition.call(context))
    except DagsterError:
        raise
    except Exception as e:
        raise DagsterResourceFunctionError(
            f"Error executing resource_fn on ResourceDefinition {key}", user_exception=e
        ) from e


def entered(made: Any) -> ResourceHandle:
    """What a resource function returned, set up: a generator gives one value and cleans up after it, and so
    does a context manager made by `contextlib`.
    """
    # Asked of the class: a mock has every attribute.
    kind = type(made)
    if hasattr(kind, "__next__") and hasattr(kind, "send"):
        try:
            value = next(made)
        except StopIteration:
            raise DagsterInvalidDefinitionError(
                "Resource generator functions must yield exactly one item."
            ) from None
        return ResourceHandle(value, lambda: _finish(made))
    from contextlib import ContextDecorator

    if isinstance(made, ContextDecorator) and hasattr(kind, "__enter__"):  # contextlib.contextmanager
        manager: Any = made
        return ResourceHandle(manager.__enter__(), lambda: manager.__exit__(None, None, None))
    return ResourceHandle(made, None)


def _finish(generator: Any) -> None:
    for _ in generator:
        raise DagsterInvalidDefinitionError("Resource generator functions must yield exactly one item.")


class ResourceScope:
    """Resources outside of a run: each is set up when first needed, after those it requires, and torn down in
    the opposite order by `close`.
    """

    def __init__(
        self,
        definitions: Mapping[str, ResourceDefinition],
        config: Mapping[str, Any],
        instance: Any = None,
        log: DagsterLogManager | None = None,
        event_loop: Any = None,
        run: Any = None,
    ) -> None:
        self.definitions = definitions
        self._config = config
        self._instance = instance
        self._log = log if log is not None else free_logger()
        self._event_loop = event_loop
        self._run = run
        self._values: dict[str, Any] = {}
        self._cleanups: list[Callable[[], None]] = []

    @property
    def cleans_up(self) -> bool:
        return bool(self._cleanups)

    def open(self, keys: Iterable[str]) -> Resources:
        try:
            for key in keys:
                self._get(key, ())
        except BaseException:
            self.close()
            raise
        return Resources(self._values.__getitem__, frozenset(self._values))

    def _get(self, key: str, path: tuple[str, ...]) -> Any:
        value = self._values.get(key, _MISSING)
        if value is not _MISSING:
            return value
        if key in path:
            raise DagsterInvalidDefinitionError(
                f'Resource key "{key}" transitively depends on itself: {" -> ".join([*path, key])}.'
            )
        definition = self.definitions.get(key)
        if definition is None:
            raise DagsterInvalidDefinitionError(
                f"resource with key '{key}' required by resource with key '{path[-1]}' was not provided."
                " Please"
                f" provide a ResourceDefinition to key '{key}', or change the required key to one of the"
                f" following keys which points to an ResourceDefinition: {sorted(self.definitions)}"
            )
        needed = sorted(definition.get_required_resource_keys(self.definitions))
        values = {k: self._get(k, (*path, key)) for k in needed}
        context = InitResourceContext(
            definition.process(self._config.get(key) or {}, f"resource {key}"),
            Resources(values.__getitem__, frozenset(values)),
            None if self._run is None else self._run.run_id,
            self._log,
            self._instance,
            definition,
            self.definitions,
            self._event_loop,
            self._run,
        )
        handle = made(key, definition, context)
        if handle.cleanup is not None:
            self._cleanups.append(handle.cleanup)
        self._values[key] = handle.value
        return handle.value

    def close(self) -> None:
        first: BaseException | None = None
        while self._cleanups:
            try:
                self._cleanups.pop()()
            except Exception as e:
                first = first or e
        if first is not None:
            raise first


class build_resources:  # noqa: N801 - Dagster's function, as the context manager that it is
    """Sets resources up outside of a run:

    with dg.build_resources({"db": Db(url="...")}) as resources:
        resources.db.query(...)
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        instance: Any = None,
        resource_config: Mapping[str, Any] | None = None,
        dagster_run: Any = None,
        log_manager: Any = None,
        event_loop: Any = None,
    ) -> None:
        if not isinstance(resources, dict):
            raise CheckError(f'Param "resource_defs" is not a Mapping. Got {resources!r}.')
        definitions = definitions_of(resources)
        config = dict(resource_config or {})
        check_resource_config(definitions, config)
        self._scope = ResourceScope(definitions, config, instance, log_manager, event_loop, dagster_run)

    def __enter__(self) -> Resources:
        return self._scope.open(self._scope.definitions)

    def __exit__(self, *_: object) -> None:
        self._scope.close()


def check_resource_config(definitions: Mapping[str, ResourceDefinition], config: Mapping[str, Any]) -> None:
    """Raises DagsterInvalidConfigError with all that is wrong with the configuration of these resources."""
    from treadle._config.process import validate_config
    from treadle._config.run_schema import resources_shape
    from treadle._errors import DagsterInvalidConfigError

    result = validate_config(resources_shape(definitions), config)
    if not result.success:
        raise DagsterInvalidConfigError("Error in config for resources ", result.errors, config)


def with_resources(
    definitions: Iterable[Any],
    resource_defs: Mapping[str, Any],
    resource_config_by_key: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Copies of definitions (assets, source assets, checks) that bring these resources along."""
    from treadle._config.process import validate_config
    from treadle._errors import DagsterInvalidConfigError

    if not isinstance(resource_defs, dict):
        raise CheckError(f'Param "resource_defs" is not a Mapping. Got {resource_defs!r}.')
    bound: dict[str, Any] = {}
    for key, given in resource_defs.items():
        config = (resource_config_by_key or {}).get(key)
        bound[key] = given if config is None else definition_of(given)
        if config is None:
            continue
        if not isinstance(config, dict) or "config" not in config:
            raise DagsterInvalidInvocationError(
                f"Error with config for resource key '{key}': Expected a dictionary of the form"
                f" {{'config': ...}}, but received {config}"
            )
        result = validate_config({"config": bound[key].config_field}, config)
        if not result.success:
            raise DagsterInvalidConfigError(
                f"Error when applying config for resource with key '{key}' ", result.errors, config
            )
        bound[key] = bound[key].configured(config["config"])
    return [definition.with_resources(_needed_by(definition, bound)) for definition in definitions]


def _needed_by(definition: Any, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of the resources that a definition asks for, with what they ask for themselves."""
    from treadle._assets.definition import AssetsDefinition
    from treadle._config.run_schema import with_transitive

    if not isinstance(definition, AssetsDefinition):
        return given
    required = sorted(definition._required_resource_keys)
    available = definitions_of({**given, **definition._resource_defs})
    for key in required:
        if key not in available:
            raise DagsterInvalidDefinitionError(
                f"resource with key '{key}' required by op '{definition._name}' was not provided. Please"
                " provide a"
                f" ResourceDefinition to key '{key}', or change the required key to one of the following keys"
                f" which points to an ResourceDefinition: {sorted(available)}"
            )
    keys = {*required, *(o.io_manager_key for o in definition._outputs), *definition._io_manager_keys()}
    keys.update(i.manager_key for i in definition._inputs if i.manager_key)
    return {k: given[k] for k in with_transitive(keys, available) if k in given}
