"""The schema of a run's configuration: `ops`, `resources`, `execution`, `loggers`, `inputs`, in one config
type that the core checks before anything runs.
"""

from __future__ import annotations

from treadle._config.definition import schema_of
from treadle._config.fields import Field
from treadle._config.types import ANY, Permissive, Shape
from treadle._errors import CheckError, DagsterInvalidConfigError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._resources.definition import ResourceDefinition
    from treadle._run.executors import ExecutorDefinition


def as_dict(run_config: Any) -> dict[str, Any]:
    """What was given as run configuration (nothing, a dictionary, a RunConfig) as a dictionary."""
    if run_config is None:
        return {}
    if hasattr(run_config, "to_config_dict"):
        run_config = run_config.to_config_dict()
    if not isinstance(run_config, dict):
        raise CheckError(f"run_config must be a dict, not {type(run_config)}")
    return {k: v for k, v in run_config.items() if v not in (None, {}) or k not in _SECTIONS}


_SECTIONS = ("ops", "resources", "execution", "loggers")


def config_field(definition: Any) -> Field:
    """The config field of an op, asset or check: of its `config_schema`, or of its parameter `config`."""
    known = getattr(definition, "_config_field_cache", None)
    if known is not None:
        return known  # type: ignore[no-any-return]
    field = _config_field(definition)
    definition._config_field_cache = field
    return field


def _config_field(definition: Any) -> Field:
    schema = getattr(definition, "_config_schema", None)
    annotation = definition._takes_config
    if schema is not None or annotation is None:
        return schema_of(schema).as_field()
    from treadle._assets.signature import resolve
    from treadle._config.conversion import field_of_annotation

    found = resolve(annotation, getattr(definition._fn, "__globals__", {}))
    if found is None or found is dict:
        return Field(Permissive() if found is dict else ANY, is_required=False)
    defaults = _defaults(definition._fn)
    return field_of_annotation(found, *defaults)


def _defaults(fn: Any) -> tuple[Any, ...]:
    """The default of the parameter `config`, if it has one."""
    code = getattr(fn, "__code__", None)
    if code is None:
        return ()
    given = dict(fn.__kwdefaults__ or {})
    positional = code.co_varnames[: code.co_argcount]
    given.update(zip(reversed(positional), reversed(fn.__defaults__ or ())))
    return (given["config"],) if "config" in given else ()


def resources_shape(
    definitions: Mapping[str, ResourceDefinition],
    required: AbstractSet[str] | None = None,
    *,
    permissive: bool = False,
) -> Shape | Permissive:
    """`resources`: those that nothing requires may be left out."""
    fields = {
        key: Field(
            Shape({"config": definition.config_field}),
            is_required=None if required is None or key in required else False,
            description=definition.description,
        )
        for key, definition in definitions.items()
    }
    if "io_manager" not in fields and required is not None:  # the default one
        fields["io_manager"] = Field(Shape({"config": Field(ANY, is_required=False)}), is_required=False)
    return (Permissive if permissive else Shape)(fields)


def run_shape(
    ops: Shape | Permissive,
    resources: Shape | Permissive,
    inputs: Mapping[str, Field] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: ExecutorDefinition | None = None,
    given: Mapping[str, Any] | None = None,
) -> Shape:
    """`executor`: whose configuration stands under `execution`; without one it may be anything. `given`: the
    configuration to be checked, when what it does not speak of need not be described."""
    described = given is None or not _USUAL.issuperset(given)
    fields = {
        "ops": Field(ops, description="Configure runtime parameters for ops or assets."),
        "resources": Field(
            resources, description="Configure how shared resources are implemented within a run."
        ),
        "execution": Field(
            _execution_shape(executor) if described else Permissive(),
            is_required=None if described and executor is not None else False,
            description="Configure how steps are executed within a run.",
        ),
        "loggers": Field(
            _loggers_shape(loggers) if described else Permissive(),
            is_required=False,
            description="Configure how loggers emit messages within a run.",
        ),
    }
    if inputs:
        fields["inputs"] = Field(Shape(dict(inputs)))
    return Shape(fields)


_USUAL = frozenset(("ops", "resources", "inputs"))


def _execution_shape(executor: ExecutorDefinition | None) -> Shape:
    field = Field(ANY, is_required=False) if executor is None else executor.config_schema.as_field()
    return Shape({"config": field})


def _loggers_shape(loggers: Mapping[str, Any] | None) -> Shape:
    if not loggers:
        from treadle._run.loggers import default_loggers

        loggers = default_loggers()
    return Shape(
        {
            name: Field(
                Shape({"config": schema_of(getattr(d, "config_schema", None)).as_field()}), is_required=False
            )
            for name, d in loggers.items()
        }
    )


def checked(shape: Shape, run_config: Mapping[str, Any], job_name: str) -> dict[str, Any]:
    """The run's configuration with everything filled in. Raises DagsterInvalidConfigError with all that is
    wrong.
    """
    errors, value = shape.core.process(run_config)
    if errors:
        raise DagsterInvalidConfigError(f"Error in config for job {job_name}", errors, run_config)
    return value  # type: ignore[no-any-return]


def io_fields(
    inputs: Iterable[tuple[str, str | None]],
    outputs: Iterable[tuple[str, str]],
    resources: Mapping[str, ResourceDefinition],
) -> dict[str, Field]:
    """`inputs` and `outputs` of a node: what their IO managers want to be told of each. Given as pairs of a
    name and the key of its manager.
    """
    told = {
        "inputs": {
            name: schema.as_field()
            for name, key in inputs
            if key and (schema := _declared(resources.get(key), "input_config_schema")) is not None
        },
        "outputs": {
            name: schema.as_field()
            for name, key in outputs
            if (schema := _declared(resources.get(key), "output_config_schema")) is not None
        },
    }
    return {section: Field(Shape(fields)) for section, fields in told.items() if fields}


def _declared(definition: Any, name: str) -> Any:
    schema = getattr(definition, name, None)
    return schema_of(schema) if schema is not None else None


def asset_shape(
    steps: Iterable[AssetsDefinition],
    resources: Mapping[str, ResourceDefinition],
    *,
    permissive: bool = False,
    named: Sequence[AssetsDefinition] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: ExecutorDefinition | None = None,
    given: Mapping[str, Any] | None = None,
) -> Shape:
    """Of a run of assets and checks. `named`: those of them that are in it, else all. See `run_shape`."""
    nodes: dict[str, Any] = {}
    required: set[str] = set()
    for step in steps:
        inputs = [(i.name, i.manager_key) for i in step._inputs if i.name]
        outputs = [(o.name, o.io_manager_key) for o in step._outputs if o.stores_value]
        if named is None or step in named:
            nodes[step._name] = _entry(step, inputs, outputs, resources)
        required.update(step._required_resource_keys)
        required.update(key for _, key in outputs)
        required.update(key for _, key in inputs if key)
    return run_shape(
        (Permissive if permissive else Shape)(nodes),
        resources_shape(resources, with_transitive(required, resources), permissive=permissive),
        None,
        loggers,
        executor,
        given,
    )


def _entry(step: Any, inputs: Any, outputs: Any, resources: Mapping[str, ResourceDefinition]) -> Field:
    if hasattr(step, "_config_entry"):  # made by a graph
        field: Field = step._config_entry(resources)
        return field
    return Field(Shape({"config": config_field(step), **io_fields(inputs, outputs, resources)}))


def checked_config(
    steps: Sequence[AssetsDefinition],
    resources: Mapping[str, Any],
    run_config: Mapping[str, Any],
    job_name: str,
    select: Callable[[], Iterable[str]],
    loggers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The configuration of a run of assets with everything filled in. `select`: the keys of the assets that
    run, asked when it matters. Raises DagsterInvalidConfigError.
    """
    from treadle._resources.definition import definitions_of

    given = {**resources, **{k: v for s in steps for k, v in s._resource_defs.items()}}
    definitions = definitions_of(given)
    takes = [
        s
        for s in steps
        if s._takes_config is not None or s._config_schema is not None or hasattr(s, "_config_entry")
    ]
    fields = (d.config_field for d in definitions.values())
    if not run_config and not takes and not any(f.is_required or f.default_provided for f in fields):
        return {"ops": {}, "resources": {}, "execution": {}, "loggers": {}}
    selected = set(select())
    running = [
        s for s in steps if not s._outputs or any(o.key.to_user_string() in selected for o in s._outputs)
    ]
    if not run_config.get("ops"):
        # The others have nothing to say and nothing to be told.
        shape = asset_shape(running, definitions, named=takes, loggers=loggers, given=run_config)
    else:
        shape = asset_shape(running, definitions, loggers=loggers, given=run_config)
    return checked(shape, run_config, job_name)


def told(
    entries: Mapping[str, Mapping[str, Any]],
    checked_config: Mapping[str, Any],
    executor: ExecutorDefinition,
) -> dict[str, Any]:
    """What validate_run_config says: every node by its key, and the other sections."""
    return {
        "ops": {
            key: {"config": e.get("config"), "inputs": e.get("inputs") or {}, "outputs": e.get("outputs")}
            for key, e in entries.items()
        },
        "execution": {executor.name: (checked_config.get("execution") or {}).get("config")},
        "resources": {
            key: {"config": (e or {}).get("config")} for key, e in checked_config["resources"].items()
        }
        or {"io_manager": {"config": None}},
        "loggers": checked_config.get("loggers") or {},
    }


def with_transitive(keys: Iterable[str], resources: Mapping[str, ResourceDefinition]) -> set[str]:
    """The keys with those that these resources require themselves."""
    found: set[str] = set()
    waiting = [k for k in keys if k in resources]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(k for k in resources[key].get_required_resource_keys(resources) if k in resources)
    return found


def node_config(definition: Any, given: Any, owner: str) -> Any:
    """The processed `config` of one node, where the run's configuration was not checked as a whole (a run
    that the command line began, a function that a test calls).
    """
    from treadle._config.process import processed

    field = config_field(definition)
    entry = {} if given is None else {"config": given}
    return processed({"config": field}, entry, f"Error in config for {owner}").get("config")


def config_argument(annotation: Any, config: Any) -> Any:
    """What the parameter `config` receives."""
    if isinstance(annotation, type) and hasattr(annotation, "to_config_schema"):
        # Defaults are the class's own: what pydantic does not validate is not validated.
        cls: Any = annotation
        return cls(**cls._said(config or {}))
    return config
