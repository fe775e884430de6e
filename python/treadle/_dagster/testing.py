"""What test suites of Dagster projects take from `dagster._core.test_utils` and `dagster._utils.test`."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Any

    from treadle._events.events import Output
    from treadle._ops.graphs import GraphDefinition
    from treadle._ops.ops import OpDefinition


def _manager(function: Any) -> Any:
    from contextlib import contextmanager

    return contextmanager(function)


def freeze_time(new_now: datetime | float) -> AbstractContextManager[None]:
    from treadle import _clock

    return _clock.stopped_at(new_now)


def environ(env: Mapping[str, str | None]) -> AbstractContextManager[None]:
    """These environment variables inside the block; a value of None takes one away."""
    import os

    def changed() -> Iterator[None]:
        before = {name: os.environ.get(name) for name in env}
        try:
            _set(env)
            yield
        finally:
            _set(before)

    def _set(values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    managed: AbstractContextManager[None] = _manager(changed)()
    return managed


def new_cwd(path: str) -> AbstractContextManager[None]:
    """The working directory `path` inside the block."""
    import os

    def changed() -> Iterator[None]:
        before = os.getcwd()
        try:
            os.chdir(path)
            yield
        finally:
            os.chdir(before)

    managed: AbstractContextManager[None] = _manager(changed)()
    return managed


def ignore_warning(message_substr: str) -> Any:
    """A decorator of a test: warnings with this text in them are not told."""

    def decorate(function: Any) -> Any:
        from functools import wraps
        from re import escape
        from warnings import catch_warnings, filterwarnings

        @wraps(function)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with catch_warnings():
                filterwarnings("ignore", message=f".*{escape(message_substr)}.*")
                return function(*args, **kwargs)

        return quiet

    return decorate


def raise_exception_on_warnings() -> None:
    """From here on deprecation and preview warnings are errors, as long as the test runner lets them be."""
    import warnings

    warnings.resetwarnings()
    warnings.filterwarnings("error")


def assert_namedtuples_equal(t1: Any, t2: Any, exclude_fields: Sequence[str] | None = None) -> None:
    """But for the fields left out."""
    for field in type(t1)._fields:
        if field not in (exclude_fields or ()):
            assert getattr(t1, field) == getattr(t2, field)


def assert_namedtuple_lists_equal(
    t1_list: Sequence[Any], t2_list: Sequence[Any], exclude_fields: Sequence[str] | None = None
) -> None:
    assert len(t1_list) == len(t2_list)
    for one, other in zip(t1_list, t2_list):
        assert_namedtuples_equal(one, other, exclude_fields)


def create_test_asset_job(
    assets: Sequence[Any],
    *,
    selection: Any = None,
    name: str = "asset_job",
    resources: Mapping[str, object] | None = None,
    **kwargs: Any,
) -> Any:
    """The job of some assets; of all that can be made without a selection."""
    from treadle._assets.jobs import define_asset_job
    from treadle._definitions.definitions import Definitions

    chosen = selection or [a for a in assets if getattr(a, "is_executable", False)]
    definitions = Definitions(
        assets=assets, jobs=[define_asset_job(name, chosen, **kwargs)], resources=resources
    )
    return definitions.resolve_job_def(name)


# --- one op, wrapped so that it can run


def wrap_op_in_graph(
    op_def: OpDefinition,
    tags: Mapping[str, Any] | None = None,
    do_input_mapping: bool = True,
    do_output_mapping: bool = True,
) -> GraphDefinition:
    """A graph of this op alone, with its inputs and outputs."""
    from treadle._ops.dependencies import InputMapping, OutputMapping
    from treadle._ops.graphs import GraphDefinition

    name = op_def.name
    return GraphDefinition(
        f"wraps_{name}",
        node_defs=[op_def],
        input_mappings=[InputMapping(i, name, i) for i in op_def.ins] if do_input_mapping else None,
        output_mappings=[
            OutputMapping(
                graph_output_name=key,
                mapped_node_name=name,
                mapped_node_output_name=key,
                from_dynamic_mapping=out.is_dynamic,
            )
            for key, out in op_def.outs.items()
        ]
        if do_output_mapping
        else None,
        tags=tags,
    )


def wrap_op_in_graph_and_execute(
    op_def: OpDefinition,
    resources: Mapping[str, Any] | None = None,
    input_values: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_config: Mapping[str, object] | None = None,
    raise_on_error: bool = True,
    do_input_mapping: bool = True,
    do_output_mapping: bool = True,
    logger_defs: Mapping[str, Any] | None = None,
) -> Any:
    """Runs one op in this process, in a job of its own."""
    wrapped = wrap_op_in_graph(op_def, tags, do_input_mapping, do_output_mapping)
    return wrapped.to_job(logger_defs=logger_defs).execute_in_process(
        resources=resources,
        input_values=input_values,
        raise_on_error=raise_on_error,
        run_config=run_config,
    )


def create_stub_op(name: str, value: object) -> OpDefinition:
    """An op that returns this value."""
    from treadle._ops.ops import op

    def stub() -> Any:
        return value

    made: OpDefinition = op(name=name)(stub)
    return made


def _passing(name: str, inputs: Sequence[str]) -> OpDefinition:
    """An op that hands on the first row of each key among its inputs, and one of its own."""
    from treadle._events.events import Output
    from treadle._ops.ops import In, OpDefinition, Out

    def compute(context: Any, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> Iterator[Output[Any]]:
        first = {next(iter(row)): row for given in reversed(list(rows.values())) for row in reversed(given)}
        order = dict.fromkeys(next(iter(row)) for given in rows.values() for row in given)
        yield Output([*(first[key] for key in order), {context.op.name: "compute_called"}])

    return OpDefinition(compute, name, ins={i: In() for i in inputs}, outs={"result": Out()})


def create_root_op(name: str) -> OpDefinition:
    return _passing(name, [f"{name}_input"])


def create_op_with_deps(name: str, *op_deps: OpDefinition) -> OpDefinition:
    return _passing(name, [dep.name for dep in op_deps])


def input_set(name: str) -> Mapping[str, str]:
    return {name: "input_set"}


# --- files that are gone after the block


def get_temp_dir(in_directory: str | None = None) -> AbstractContextManager[str]:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(dir=in_directory)


def get_temp_file_names(number: int) -> AbstractContextManager[tuple[str, ...]]:
    """The paths of empty files."""
    import os
    from tempfile import mkstemp

    def files() -> Iterator[tuple[str, ...]]:
        names = []
        for _ in range(number):
            handle, name = mkstemp()
            os.close(handle)
            names.append(name)
        try:
            yield tuple(names)
        finally:
            for name in names:
                if os.path.exists(name):
                    os.unlink(name)

    managed: AbstractContextManager[tuple[str, ...]] = _manager(files)()
    return managed


def get_temp_file_name() -> AbstractContextManager[str]:
    def one() -> Iterator[str]:
        with get_temp_file_names(1) as names:
            yield names[0]

    managed: AbstractContextManager[str] = _manager(one)()
    return managed


def get_temp_file_name_with_data(data: str) -> AbstractContextManager[str]:
    def one() -> Iterator[str]:
        with get_temp_file_name() as name:
            with open(name, "w") as file:
                file.write(data)
            yield name

    managed: AbstractContextManager[str] = _manager(one)()
    return managed


def get_temp_file_handle() -> AbstractContextManager[Any]:
    def one() -> Iterator[Any]:
        with get_temp_file_name() as name, open(name, "wb") as file:
            yield file

    managed: AbstractContextManager[Any] = _manager(one)()
    return managed


def get_temp_file_handle_with_data(data: bytes) -> AbstractContextManager[Any]:
    def one() -> Iterator[Any]:
        with get_temp_file_name() as name:
            with open(name, "wb") as file:
                file.write(data)
            with open(name, "rb") as file:
                yield file

    managed: AbstractContextManager[Any] = _manager(one)()
    return managed


def copy_directory(src: str) -> AbstractContextManager[str]:
    """A copy of a folder."""
    import os
    import shutil

    def copied() -> Iterator[str]:
        with get_temp_dir() as folder:
            target = os.path.join(folder, os.path.basename(src))
            shutil.copytree(src, target)
            yield target

    managed: AbstractContextManager[str] = _manager(copied)()
    return managed
