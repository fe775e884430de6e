# mypy: ignore-errors
# ruff: noqa: B023 - what is refused is called at once
"""Programs about what is refused, and in which words, that mean the same under Dagster and under Treadle; see
op_parity_programs.py. What Treadle adds (the place, the nearest name, the cure) is left out."""

import re
import sys

from op_parity_programs import main, programs

PROGRAMS = {}
program = programs(PROGRAMS)


def refused(call, words=400):
    try:
        call()
    except Exception as e:
        text = re.sub(r" Did you mean [^?]*\?", "", str(e))
        text = re.sub(r"^\S+\.py:\d+: ", "", text)
        return [type(e).__name__, text[:words]]
    return "fine"


def parts(dg):
    @dg.op(out=dg.DynamicOut())
    def several():
        yield dg.DynamicOutput(1, mapping_key="a")

    @dg.op
    def add(x, y):
        return x + y

    @dg.op
    def echo(x):
        return x

    return several, add, echo


@program
def names_that_are_not_allowed(dg):
    told = []
    for name in ("a b", "for", "1a", "a/b", "context"):
        told.append([refused(lambda: dg.op(name=name)(lambda: 1))])
        told.append([refused(lambda: dg.asset(name=name)(lambda: 1))])
        told.append([refused(lambda: dg.job(name=name)(lambda: None))])
    return told


@program
def dynamic_outputs_are_wired_when_declared(dg):
    several, add, echo = parts(dg)

    def nested():
        def inner(x):
            several().map(lambda y: add(x, y))

        several().map(inner)

    def fan_in():
        numbers = []
        several().map(numbers.append)
        echo(numbers)

    @dg.graph
    def within(a):
        several().map(lambda b: add(a, b))

    def through_a_graph():
        several().map(lambda x: within(echo(x)))

    def one_dynamic() -> dg.DynamicOutput[int]:
        return 5

    told = [refused(lambda: dg.job(name="j")(fn), 90) for fn in (nested, fan_in, through_a_graph)]
    return [
        *told,
        refused(lambda: dg.op(one_dynamic)),
        refused(lambda: dg.job(name="k")(lambda: several().map(3))),
    ]


@program
def sections_of_a_run_configuration(dg):
    @dg.op(config_schema={"a": int})
    def work(context):
        return context.op_config

    @dg.job
    def j():
        work()

    @dg.asset
    def made():
        return 1

    of_assets = dg.Definitions([made], jobs=[dg.define_asset_job("k", "*")]).resolve_job_def("k")
    ops = {"ops": {"work": {"config": {"a": 1}}}}
    told = []
    for more in (
        {},
        {"execution": {"config": {"multiprocess": {"max_concurren": 1}}}},
        {
            "execution": {"config": {"in_process": {}}},
            "loggers": {"console": {"config": {"log_level": "DEBUG"}}},
        },
        {"loggers": {"consle": {}}},
        {"loggers": {"console": {"config": {"level": "INFO"}}}},
        {"resources": {"nope": {}}},
    ):
        told.append(refused(lambda: dg.validate_run_config(j, {**ops, **more})))
        if "resources" not in more:  # the default IO manager has other settings
            told.append(refused(lambda: dg.validate_run_config(of_assets, more)))
    valid = dg.validate_run_config(j, {**ops, "execution": {"config": {"in_process": {}}}})
    return [
        *told,
        valid["execution"],
        refused(lambda: j.execute_in_process(run_config={**ops, "loggers": {"x": {}}})),
    ]


@program
def misfits_of_types(dg):
    class Plain:
        pass

    even = dg.DagsterType(name="Even", type_check_fn=lambda _, v: v % 2 == 0)
    asked = (
        (dg.Int, "a"),
        (dg.Nothing, 3),
        (dg.List[dg.Int], 3),
        (dg.List[int], [1, "a"]),
        (dg.Dict[str, int], 3),
        (dg.Dict[str, int], {"a": "b"}),
        (dg.Set[int], [1]),
        (dg.Tuple[int, str], [1]),
        (dg.Tuple[int, str], (1,)),
        (dict, 3),
        (list, 3),
        (even, 3),
    )
    checked = [dg.check_dagster_type(t, v) for t, v in asked]

    @dg.op
    def promised() -> Plain:
        return 3

    @dg.op
    def tables(x: dict[str, int]):
        return x

    @dg.op(out=dg.Out(dg.DagsterType(name="Boom", type_check_fn=lambda _, v: 1 / 0)))
    def boom():
        return 1

    @dg.op
    def settings(d: dict):
        return d

    @dg.job
    def from_config():
        settings()

    def job_of(*ops):
        def compose():
            value = None
            for op in ops:
                value = op() if value is None else op(value)

        return dg.job(name="j")(compose)

    given = {"ops": {"settings": {"inputs": {"d": {"value": {"a": 1}}}}}}
    return [
        [[c.success, c.description] for c in checked],
        refused(lambda: job_of(promised).execute_in_process())[0],
        refused(lambda: job_of(promised, tables).execute_in_process())[0],
        refused(lambda: job_of(boom).execute_in_process()),
        from_config.execute_in_process(run_config=given).output_for_node("settings"),
        refused(lambda: dg.Out(3)),
        refused(lambda: dg.In("int")),
        refused(lambda: dg.TypeCheck("yes")),
        refused(lambda: dg.PythonObjectDagsterType(3)),
    ]


@program
def managers_that_fail(dg):
    class Broken(dg.IOManager):
        def __init__(self, stores):
            self.stores = stores

        def handle_output(self, context, obj):
            if not self.stores:
                raise ValueError("no room")

        def load_input(self, context):
            raise KeyError("gone")

    @dg.asset(io_manager_key="m")
    def one():
        return 1

    @dg.asset(io_manager_key="m")
    def two(one):
        return one

    told = []
    for stores in (False, True):
        resources = {"m": Broken(stores)}
        told.append(refused(lambda: dg.materialize([one, two], resources=resources)))
        result = dg.materialize([one, two], resources=resources, raise_on_error=False)
        error = next(e for e in result.all_events if e.is_step_failure).event_specific_data.error
        told.append([error.cls_name, error.message.partition(": ")[2], error.cause.cls_name])
    told.append(refused(lambda: dg.materialize([one]), 80))
    return told


@program
def retries_that_are_not_enough(dg):
    policy = dg.RetryPolicy(max_retries=1)

    @dg.op(retry_policy=policy)
    def raises():
        raise ValueError("v")

    @dg.op(retry_policy=policy)
    def fails():
        raise dg.Failure("x")

    @dg.asset(retry_policy=policy)
    def asset():
        raise ValueError("v")

    def job_of(op):
        return dg.job(name="j")(lambda: op())

    told = []
    for op in (raises, fails):
        job = job_of(op)
        told.append(refused(job.execute_in_process, 40))
        result = job.execute_in_process(raise_on_error=False)
        error = next(e for e in result.all_events if e.is_step_failure).event_specific_data.error
        told.append([error.cls_name, error.message, error.cause.cls_name])
    return [*told, refused(lambda: dg.materialize([asset]), 40)]


@program
def resources_given_to_a_direct_call(dg):
    lived = []

    class Db(dg.ConfigurableResource):
        url: str

        def setup_for_execution(self, context):
            lived.append("up " + self.url)

        def teardown_after_execution(self, context):
            lived.append("down " + self.url)

    @dg.asset
    def reads(db: Db):
        lived.append("reads")
        return db.url

    @dg.op
    def op_reads(context, db: Db):
        yield dg.Output(db.url)

    @dg.op(required_resource_keys={"zz"})
    def needs(context):
        return 1

    told = [reads(db=Db(url="a")), [o.value for o in op_reads(dg.build_op_context(), Db(url="b"))], lived]
    return [
        *told,
        refused(lambda: dg.job(name="j")(lambda: needs()).execute_in_process(), 60),
        refused(lambda: dg.Definitions([reads]).resolve_implicit_global_asset_job_def(), 60),
    ]


@program
def what_generators_promise(dg):
    import collections.abc

    def told(annotation):
        def yields() -> annotation:
            yield dg.Output(None)

        return dg.materialize([dg.asset(name="x")(yields)]).success

    kinds = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Iterable[int], int)
    return [told(kind) for kind in kinds]


@program
def configuration_that_a_direct_call_is_not_given(dg):
    class Needs(dg.Config):
        a: int

    class Has(dg.Config):
        a: int = 3

    @dg.asset
    def needs(config: Needs):
        return config.a

    @dg.asset
    def has(config: Has):
        return config.a

    return [has(), needs(Needs(a=1)), refused(needs), refused(lambda: dg.config_from_yaml_strings(["3"]))]


@program
def what_definitions_are_made_of(dg):
    @dg.asset
    def a():
        return 1

    job = dg.define_asset_job("j", [a])
    schedule = dg.ScheduleDefinition(name="s", job=job, cron_schedule="0 * * * *")

    @dg.sensor(job=job, name="s")
    def same_name():
        return None

    def tried(**given):
        told = refused(lambda: dg.Definitions.validate_loadable(dg.Definitions(**given)), 40)
        return [told[0], told[1].partition(". G")[0].partition(" Expected")[0]] if told != "fine" else told

    return [
        tried(jobs=[a]),
        tried(jobs=job),
        tried(schedules=[a]),
        tried(sensors=[schedule]),
        tried(assets=a),
        tried(resources=5),
        tried(resources={1: 2}),
        tried(executor=5),
        tried(loggers={"console": 5}),
        tried(assets=[a], schedules=[schedule], sensors=[same_name]),
        tried(assets=[a, a], jobs=[job, job], schedules=[schedule, schedule]),
    ]


@program
def arguments_of_the_wrong_type(dg):
    def named(_a):
        return 1

    return [
        refused(lambda: dg.AssetKey(5)),
        refused(lambda: dg.asset(5)),
        refused(lambda: dg.op(out=5)(named)),
        refused(lambda: dg.op(ins=["a"])(named)),
        refused(lambda: dg.AssetCheckResult(passed=1)),
        refused(lambda: dg.MetadataValue.float("x")),
        refused(lambda: dg.MetadataValue.int("x")),
        refused(lambda: dg.MetadataValue.text(5)),
        refused(lambda: dg.RetryPolicy(max_retries="x")),
        refused(lambda: dg.RunRequest(run_config=5)),
        refused(lambda: dg.AssetSelection.from_string("key: and ("), 35),
    ]


@program
def loggers_of_the_process_reach_its_handlers(dg):
    import logging

    seen = []

    class Keep(logging.Handler):
        def emit(self, record):
            seen.append([record.name, record.levelname, record.getMessage().rpartition(" - ")[2]])

    @dg.op
    def says():
        dg.get_dagster_logger().info("hello")
        dg.get_dagster_logger("part").warning("again")

    @dg.job
    def speaks():
        says()

    keep = Keep()
    logging.getLogger().addHandler(keep)
    try:
        says()
        speaks.execute_in_process()
    finally:
        logging.getLogger().removeHandler(keep)
    return [s for s in seen if s[0].startswith("dagster.builtin")]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
