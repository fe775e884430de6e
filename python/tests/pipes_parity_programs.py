# mypy: ignore-errors
"""Programs about Pipes, code references and builtin types, the same under Dagster and under Treadle."""

import logging
import os
import sys
from pathlib import Path

from op_parity_programs import main, raised

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


# What a program at the other end of a pipe does: written against the package dagster-pipes.
CHILD = """
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
    pipes.log.info("at work on " + pipes.asset_key + " " + str(pipes.extras))
    pipes.report_custom_message({"a": 1})
    pipes.report_asset_materialization(
        metadata={"n": 3, "u": {"raw_value": "http://x", "type": "url"}}, data_version="v"
    )
    pipes.report_asset_check("good", passed=True, metadata={"m": "t"}, severity="WARN")
"""


def through_a_pipe(dg, client, **kwargs):
    said = []

    @dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="made")])
    def made(context, pipes: dg.PipesSubprocessClient):
        ran = pipes.run(context=context, command=[pipes_python(), "-c", CHILD], extras={"x": "y"}, **kwargs)
        said.extend(ran.get_custom_messages())
        return ran.get_results()

    with dg.instance_for_test() as instance:
        logging.disable(logging.NOTSET)
        result = dg.materialize([made], resources={"pipes": client}, instance=instance)
        logging.disable(logging.CRITICAL)
        fact = result.asset_materializations_for_node("made")[0]
        (check,) = result.get_asset_check_evaluations()
        logs = [e.user_message for e in instance.all_logs(result.run_id) if e.dagster_event is None]
        return [
            {k: repr(v) for k, v in fact.metadata.items() if k in "nu"},
            fact.tags["dagster/data_version"],
            [check.check_name, check.passed, check.severity.value, repr(dict(check.metadata))],
            said,
            logs,
        ]


def pipes_python():
    return os.environ.get("TREADLE_DAGSTER_PYTHON") or sys.executable


@program
def pipes_of_a_subprocess(dg):
    return [
        through_a_pipe(dg, dg.PipesSubprocessClient()),
        through_a_pipe(
            dg,
            dg.PipesSubprocessClient(
                context_injector=dg.PipesEnvContextInjector(),
                message_reader=dg.PipesFileMessageReader("messages.jsonl"),
            ),
        ),
    ]


@program
def pipes_that_fail(dg):
    @dg.asset
    def made(context, pipes: dg.PipesSubprocessClient):
        return pipes.run(context=context, command=[sys.executable, "-c", "raise SystemExit(3)"]).get_results()

    return raised(lambda: dg.materialize([made], resources={"pipes": dg.PipesSubprocessClient()}))


@program
def code_references(dg):
    @dg.asset
    def a():
        return 1

    (placed,) = dg.with_source_code_references([a])
    mapping = dg.AnchorBasedFilePathMapping(Path(__file__), "python/tests/pipes_parity_programs.py")
    (linked,) = dg.link_code_references_to_git([placed], "https://github.com/o/r", "main", mapping)
    known = placed.metadata_by_key[a.key]["dagster/code_references"].code_references
    urls = linked.metadata_by_key[a.key]["dagster/code_references"].code_references
    return [
        Path(known[0].file_path).name,
        known[0].line_number > 0,
        urls[0].url.partition("#")[0],
        raised(lambda: dg.link_code_references_to_git([placed], "https://x.com/o/r", "main", mapping)),
    ]


@program
def builtin_types(dg):
    @dg.op(config_schema={"n": dg.Int, "s": dg.Field(dg.String, is_required=False)}, out=dg.Out(dg.Int))
    def make(context):
        return context.op_config["n"]

    @dg.op(ins={"x": dg.In(dg.Int)})
    def use(x) -> int:
        return x

    @dg.job
    def j():
        use(make())

    good = j.execute_in_process({"ops": {"make": {"config": {"n": 1}}}})
    checks = [(dg.Int, 1), (dg.Int, "a"), (dg.Float, 1.5), (dg.String, "x"), (dg.Bool, 1)]
    return [
        good.output_for_node("use"),
        raised(lambda: j.execute_in_process({"ops": {"make": {"config": {"n": "x"}}}}))[0],
        [[dg.check_dagster_type(t, v).success, dg.check_dagster_type(t, v).description] for t, v in checks],
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
