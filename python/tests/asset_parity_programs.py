# mypy: ignore-errors
"""Programs about assets, checks, types, the instance and logging that mean the same under Dagster and under
Treadle. As in op_parity_programs.py: each returns what is compared, as JSON."""

import logging
import sys

from op_parity_programs import main, raised

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


def names(keys):
    return sorted(k.to_user_string() for k in keys)


def observing(dg):
    """Not at Dagster's top level."""
    if dg.__name__ == "treadle":
        return dg.observe
    from dagster._core.definitions.observe import observe

    return observe


def told(result):
    """The events of steps and assets in order, without messages that hold times."""
    kinds = ("STEP_", "ASSET_", "HANDLED_", "LOADED_")
    events = {}
    for e in result.all_events:
        if e.event_type_value.startswith(kinds):
            events.setdefault(e.step_key or "", []).append(e.event_type_value)
    return [result.success, events]


@program
def observations(dg):
    observe = observing(dg)

    @dg.observable_source_asset(group_name="g", metadata={"a": 1})
    def src(context):
        return dg.DataVersion("v1")

    @dg.observable_source_asset(key_prefix="p")
    def with_result():
        return dg.ObserveResult(data_version=dg.DataVersion("v2"), metadata={"rows": 3}, tags={"t": "u"})

    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("m1"), dg.AssetSpec("m2")])
    def multi():
        yield dg.ObserveResult(asset_key="m1", metadata={"x": 1}, data_version=dg.DataVersion("q"))
        yield dg.ObserveResult(asset_key="m2")

    @dg.asset(deps=[src])
    def child():
        return 1

    with dg.instance_for_test() as instance:
        alone = observe([src, with_result, multi], instance=instance)
        both = dg.materialize(
            [src, child], instance=instance, selection=dg.AssetSelection.assets("src", "child")
        )
        made_only = dg.materialize([src, child, multi], instance=instance)
        seen = alone.get_asset_observation_events()
        facts = [e.event_specific_data.asset_observation for e in seen]
        tags = both.get_asset_materialization_events()[0].materialization.tags
        latest = instance.get_latest_data_version_record(dg.AssetKey("src"))
        return [
            told(alone),
            told(both),
            told(made_only),
            sorted(
                [
                    f.asset_key.to_user_string(),
                    sorted(f.tags.items()),
                    {k: repr(v) for k, v in f.metadata.items()},
                ]
                for f in facts
            ),
            tags["dagster/input_data_version/src"],
            latest.asset_observation.tags["dagster/data_version"],
        ]


@program
def observations_refused(dg):
    observe = observing(dg)

    @dg.observable_source_asset
    def nothing():
        return 1

    @dg.observable_source_asset
    def partitions():
        return dg.DataVersionsByPartition({"a": "1"})

    @dg.observable_source_asset
    def another():
        return dg.ObserveResult(asset_key="other")

    return [raised(lambda one=one: observe([one])) for one in (nothing, partitions, another)]


@program
def selections(dg):
    @dg.asset(group_name="g", key_prefix="raw", tags={"t": "v"}, kinds={"python"}, owners=["team:a"])
    def one():
        return 1

    @dg.asset(group_name="g", deps=[one], tags={"t": "w"})
    def two():
        return 1

    @dg.multi_asset(specs=[dg.AssetSpec("x", deps=[two]), dg.AssetSpec("y", deps=["x"])])
    def xy(): ...

    outside = dg.SourceAsset("outside", group_name="g")

    @dg.asset(deps=[outside, "x"], group_name="other")
    def three():
        return 1

    @dg.asset_check(asset=two)
    def good():
        return dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=three)
    def fine():
        return dg.AssetCheckResult(passed=True)

    defs = dg.Definitions([one, two, xy, outside, three], asset_checks=[good, fine])
    graph = defs.resolve_asset_graph()
    pick = dg.AssetSelection
    chosen = {
        "all": pick.all(),
        "all with sources": pick.all(include_sources=True),
        "assets": pick.assets("two", one),
        "groups": pick.groups("g"),
        "groups with sources": pick.groups("g", include_sources=True),
        "prefixes": pick.key_prefixes("raw"),
        "substring": pick.key_substring("w"),
        "tag": pick.tag("t", "v"),
        "tag string": pick.tag_string("t=w"),
        "kind": pick.kind("python"),
        "owner": pick.owner("team:a"),
        "downstream": pick.assets(two).downstream(),
        "downstream 1": pick.assets(one).downstream(depth=1, include_self=False),
        "upstream": pick.assets(three).upstream(),
        "upstream 2": pick.assets("y").upstream(depth=2),
        "sinks": pick.groups("g").sinks(),
        "roots": pick.all().roots(),
        "materializable": pick.all(include_sources=True).materializable(),
        "source assets": pick.assets("three").upstream_source_assets(),
        "neighbors": pick.assets("x").required_multi_asset_neighbors(),
        "or": pick.assets("two") | pick.assets("three"),
        "and": pick.groups("g") & pick.tag("t", "v"),
        "sub": pick.all() - pick.groups("g"),
        "string": pick.from_string('group:"g" and not tag:"t"="v"'),
        "string up": pick.from_string('+key:"three"'),
        "coerced": pick.from_coercible(["two", "x"]),
        "without checks": pick.all().without_checks(),
        "checks": pick.checks(good),
        "checks for": pick.checks_for_assets(two, three),
        "all checks": pick.all_asset_checks(),
        "minus checks": pick.all() - pick.checks(good),
        "plus checks": pick.assets("two") | pick.checks(fine),
        "only those": pick.all_asset_checks() & pick.checks_for_assets(two),
    }
    return {
        name: [
            names(one.resolve(graph)),
            sorted(k.name for k in one.resolve_checks(graph)),
        ]
        for name, one in chosen.items()
    }


@program
def selections_as_text(dg):
    pick = dg.AssetSelection
    return [
        str(s)
        for s in (
            pick.all(),
            pick.assets("a"),
            pick.assets("a", ["p", "b"]),
            pick.groups("g", "h"),
            pick.tag("a", "b"),
            pick.tag("a", ""),
            pick.kind("k"),
            pick.owner("o@x.com"),
            pick.assets("a").upstream(),
            pick.assets("a").downstream(depth=2),
            pick.assets("a").upstream(include_self=False),
            pick.assets("a").sinks(),
            pick.assets("a").roots(),
            pick.assets("a") | pick.groups("g"),
            pick.assets("a") & (pick.groups("g") | pick.groups("h")),
            pick.all() - pick.groups("g"),
        )
    ]


@program
def checks_selected(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset_check(asset=a)
    def first():
        return dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=a)
    def second():
        return dg.AssetCheckResult(passed=True)

    def run(selection):
        result = dg.materialize([a, first, second], selection=selection, raise_on_error=False)
        made = [e.asset_key.to_user_string() for e in result.get_asset_materialization_events()]
        return [made, sorted(c.check_name for c in result.get_asset_check_evaluations())]

    pick = dg.AssetSelection
    return [
        run(pick.checks(first)),
        run(pick.assets(a)),
        run(pick.assets(a).without_checks()),
        run(pick.assets(a) - pick.checks(first)),
        run(pick.checks_for_assets(a)),
        run(pick.all_asset_checks() - pick.checks(second)),
    ]


@program
def an_asset_with_checks_alone(dg):
    @dg.multi_asset_check(
        specs=[dg.AssetCheckSpec("c1", asset="a"), dg.AssetCheckSpec("c2", asset="b")], can_subset=True
    )
    def both(context):
        for key in sorted(context.selected_asset_check_keys, key=lambda k: k.name):
            yield dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True)

    @dg.asset
    def a():
        return 1

    @dg.asset
    def b():
        return 1

    result = dg.materialize(
        [a, b, both], selection=dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("b"), "c2"))
    )
    return sorted(c.check_name for c in result.get_asset_check_evaluations())


@program
def definitions_of_assets(dg):
    @dg.asset(
        key_prefix="p", group_name="g", metadata={"m": 1}, tags={"t": ""}, deps=["up"], owners=["a@b.co"]
    )
    def one(other):
        """Said."""
        return 1

    @dg.multi_asset(specs=[dg.AssetSpec("x", deps=["up"]), dg.AssetSpec("y", deps=["x"], skippable=True)])
    def xy(): ...

    mapped = xy.map_asset_specs(lambda s: s.merge_attributes(deps=["more"], tags={"n": "1"}))
    renamed = xy.with_attributes(asset_key_replacements={dg.AssetKey("x"): dg.AssetKey(["q", "x"])})
    grouped = xy.with_attributes(group_names_by_key={dg.AssetKey("x"): "new"})
    spec = one.get_asset_spec()
    source = one.to_source_asset()
    return [
        names(one.keys),
        str(one),
        str(xy),
        [
            spec.group_name,
            spec.description,
            dict(spec.metadata),
            sorted(spec.tags.items()),
            list(spec.owners),
        ],
        names(d.asset_key for d in spec.deps),
        names(one.dependency_keys),
        {k.to_user_string(): names(v) for k, v in xy.asset_deps.items()},
        {k.to_user_string(): names(v) for k, v in mapped.asset_deps.items()},
        sorted(mapped.get_asset_spec(dg.AssetKey("x")).tags.items()),
        names(renamed.keys),
        {k.to_user_string(): names(v) for k, v in renamed.asset_deps.items()},
        sorted((k.to_user_string(), v) for k, v in grouped.group_names_by_key.items()),
        [source.key.to_user_string(), source.group_name, source.description],
        sorted(s.key.to_user_string() for s in xy.to_source_assets()),
        raised(lambda: one.map_asset_specs(lambda s: s.replace_attributes(key="z"))),
        raised(lambda: one.with_attributes(group_names_by_key={one.key: "h"})),
        raised(lambda: xy.key)[0],
        raised(lambda: one.map_asset_specs(lambda s: s.replace_attributes(deps=[])))[0],
    ]


@program
def external_assets(dg):
    outside = dg.AssetSpec("outside", deps=["further"], group_name="o")
    made = dg.AssetsDefinition(specs=[dg.AssetSpec("bi", deps=["one"])])

    @dg.asset(deps=[outside])
    def one():
        return 1

    defs = dg.Definitions([outside, made, one])
    graph = defs.resolve_asset_graph()
    return [
        names(graph.get_all_asset_keys()),
        names(graph.external_asset_keys),
        names(graph.materializable_asset_keys),
        names(dg.AssetSelection.assets("further").downstream().resolve(graph)),
        made.is_executable,
        dg.materialize([outside, made, one]).success,
    ]


@program
def merged(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset
    def b():
        return 1

    job = dg.define_asset_job("j", [a])
    both = dg.Definitions.merge(
        dg.Definitions([a], jobs=[job], resources={"r": 1}, metadata={"m": 1}), dg.Definitions([b])
    )
    mapped = both.map_asset_specs(func=lambda s: s.replace_attributes(group_name="all"))
    some = both.map_resolved_asset_specs(
        func=lambda s: s.replace_attributes(group_name="some"), selection="key:b"
    )
    groups = lambda d: sorted((s.key.to_user_string(), s.group_name) for s in d.resolve_all_asset_specs())  # noqa: E731
    return [
        names(both.resolve_all_asset_keys()),
        groups(mapped),
        groups(some),
        sorted(both.metadata),
        both.resolve_job_def("j").name,
        both.schedules,
        dg.Definitions().assets,
        raised(
            lambda: dg.Definitions.merge(
                dg.Definitions(resources={"r": 1}), dg.Definitions(resources={"r": "x"})
            )
        ),
    ]


@program
def the_instance(dg):
    @dg.asset
    def a():
        return dg.Output(1, metadata={"n": 1})

    @dg.asset(deps=[a])
    def b():
        return 2

    @dg.observable_source_asset
    def seen():
        return dg.DataVersion("v")

    with dg.instance_for_test() as instance:
        first = dg.materialize([a, b], instance=instance, tags={"k": "v1"})
        second = dg.materialize([a], instance=instance, tags={"k": "v2"})
        instance.report_runless_asset_event(dg.AssetMaterialization("c", metadata={"x": 1}))
        instance.report_runless_asset_event(dg.AssetObservation("c"))
        page = instance.fetch_materializations(dg.AssetKey("a"), limit=1)
        rest = instance.fetch_materializations(dg.AssetKey("a"), limit=5, cursor=page.cursor)
        kept = instance.get_event_records(
            dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION, asset_key=dg.AssetKey("a"))
        )
        runs = instance.get_runs(dg.RunsFilter(tags={"k": ["v1", "v3"]}))
        record = instance.get_run_record_by_id(second.run_id)
        answers = [
            [len(page.records), page.has_more, len(rest.records), rest.has_more],
            page.records[0].run_id == second.run_id,
            [
                len(kept),
                kept[0].asset_materialization.metadata["n"].value,
                kept[0].asset_key.to_user_string(),
            ],
            [r.run_id == first.run_id for r in runs],
            [record.start_time < record.end_time, record.dagster_run.status.value],
            names(instance.get_asset_keys()),
            instance.get_latest_materialization_event(dg.AssetKey("a")).run_id == second.run_id,
            instance.get_latest_materialization_event(dg.AssetKey("zz")),
            instance.has_asset_key(dg.AssetKey("b")),
            len(
                instance.get_records_for_run(
                    first.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
                ).records
            ),
            [
                e.dagster_event.event_type_value
                for e in instance.all_logs(first.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
            ],
            instance.get_runs_count(),
            instance.get_run_by_id("nothing"),
            len(instance.fetch_observations(dg.AssetKey("c"), limit=2).records),
        ]
        instance.add_run_tags(first.run_id, {"added": "1"})
        answers.append(instance.get_run_by_id(first.run_id).tags["added"])
        instance.wipe_assets([dg.AssetKey("a")])
        answers.append(names(instance.get_asset_keys()))
        answers.append(len(instance.fetch_materializations(dg.AssetKey("a"), limit=1).records))
        instance.delete_run(second.run_id)
        answers.append(instance.get_runs_count())
        instance.run_storage.set_cursor_values({"c": "1"})
        answers.append(dict(instance.run_storage.get_cursor_values({"c", "d"})))
        return answers


class _Kept(logging.Handler):
    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def emit(self, record):
        meta = getattr(record, "dagster_meta", None) or {}
        if not isinstance(meta, dict) or meta.get("dagster_event") is not None:
            return
        if meta.get("step_key"):
            self.lines.append([record.levelname, meta["orig_message"], meta["step_key"]])


@program
def loggers_of_a_job(dg):
    lines = []

    @dg.logger({"level": dg.Field(str, default_value="INFO", is_required=False)})
    def kept(init_context):
        made = logging.Logger("kept", init_context.logger_config["level"])
        made.addHandler(_Kept(lines))
        return made

    @dg.op
    def speak(context):
        context.log.info("hello %s", "you")
        context.log.debug("quiet")
        context.log.error("bad")

    @dg.job(logger_defs={"kept": kept})
    def talk():
        speak()

    logging.disable(logging.NOTSET)
    try:
        talk.execute_in_process(run_config={"loggers": {"kept": {}}})
        some = list(lines)
        lines.clear()
        talk.execute_in_process(run_config={"loggers": {"kept": {"config": {"level": "DEBUG"}}}})
        return [some, lines]
    finally:
        logging.disable(logging.CRITICAL)


@program
def loggers_called_directly(dg):
    @dg.logger
    def plain(init_context):
        return logging.Logger(str(init_context.logger_config))

    configured = dg.colored_console_logger(dg.build_init_logger_context({"log_level": "ERROR"}))
    return [
        plain(dg.build_init_logger_context({"a": 1})).name,
        [configured.name, configured.level],
        raised(plain),
        raised(lambda: plain(1, 2)),
        sorted(dg.default_loggers()),
        raised(lambda: dg.json_console_logger(dg.build_init_logger_context({"log_level": "LOUD"})))[0],
    ]


@program
def python_logs(dg):
    @dg.asset
    def speaks():
        logging.getLogger("my_library").warning("from the library")
        logging.getLogger("other").warning("not captured")
        dg.get_dagster_logger().info("too low")

    settings = {"python_logs": {"managed_python_loggers": ["my_library"], "python_log_level": "WARNING"}}
    logging.disable(logging.NOTSET)
    try:
        with dg.instance_for_test(overrides=settings) as instance:
            result = dg.materialize([speaks], instance=instance)
            logs = [e for e in instance.all_logs(result.run_id) if e.dagster_event is None]
            return [[e.level, e.user_message, e.step_key] for e in logs]
    finally:
        logging.disable(logging.CRITICAL)


@program
def declared_types(dg):
    even = dg.DagsterType(name="Even", type_check_fn=lambda _, v: isinstance(v, int) and v % 2 == 0)

    def told_check(_, value):
        return dg.TypeCheck(value > 0, description="not positive", metadata={"v": value})

    positive = dg.DagsterType(name="Positive", type_check_fn=told_check)
    text = dg.PythonObjectDagsterType(str, name="Text")
    several = dg.PythonObjectDagsterType((int, float))

    def checked(kind, value):
        result = dg.check_dagster_type(kind, value)
        return [result.success, result.description]

    return [
        checked(even, 2),
        checked(even, 1),
        checked(positive, -1),
        checked(text, "a"),
        checked(text, 1),
        [several.display_name, several.key, several.unique_name],
        checked(several, "x")[0],
        checked(dg.List[int], [1]),
        checked(dg.List[int], ["a"])[0],
        checked(dg.Dict[str, int], {"a": 1})[0],
        checked(dg.Optional[int], None)[0],
        checked(dg.Set[int], {"a"})[0],
        checked(dg.Tuple[int, str], (1, "a"))[0],
        checked(dg.Any, object)[0],
        checked(int, "a")[0],
        [k.display_name for k in (even, text)],
        raised(lambda: dg.DagsterType(type_check_fn=lambda _, v: True)),
        raised(lambda: dg.DagsterType(name="T", type_check_fn=lambda v: True)),
        raised(lambda: dg.check_dagster_type(dg.DagsterType(name="B", type_check_fn=lambda _, v: 3), 1)),
    ]


@program
def types_of_ops_and_assets(dg):
    even = dg.DagsterType(name="Even", type_check_fn=lambda _, v: v % 2 == 0)

    @dg.usable_as_dagster_type(name="Pair")
    class P:
        pass

    @dg.op(out=dg.Out(even))
    def make(context) -> int:
        return context.op_config["n"]

    @dg.op(ins={"x": dg.In(even)}, out=dg.Out(even), config_schema={"n": int})
    def use(context, x):
        return x + context.op_config["n"]

    @dg.op
    def two():
        return 2

    @dg.op
    def pair(x) -> P:
        return P() if x else 1

    @dg.job
    def j():
        pair(use(two()))

    def run(n):
        result = j.execute_in_process({"ops": {"use": {"config": {"n": n}}}}, raise_on_error=False)
        said = [
            [e.event_type_value, e.message]
            for e in result.all_events
            if e.event_type_value in ("STEP_INPUT", "STEP_OUTPUT")
        ]
        return [result.success, said]

    @dg.asset(dagster_type=even)
    def odd():
        return 1

    return [
        run(2),
        run(1),
        raised(lambda: j.execute_in_process({"ops": {"use": {"config": {"n": 1}}}})),
        raised(lambda: dg.materialize([odd])),
    ]


@program
def values_made_from_config(dg):
    @dg.dagster_type_loader({"size": int})
    def load(_context, config):
        return [0] * config["size"]

    zeros = dg.DagsterType(name="Zeros", type_check_fn=lambda _, v: isinstance(v, list), loader=load)

    @dg.op(ins={"z": dg.In(zeros)})
    def length(z):
        return len(z)

    @dg.job
    def j():
        length()

    result = j.execute_in_process({"ops": {"length": {"inputs": {"z": {"size": 3}}}}})
    return [
        result.output_for_node("length"),
        raised(lambda: j.execute_in_process({"ops": {"length": {"inputs": {"z": {"size": "x"}}}}}))[0],
        raised(j.execute_in_process)[0],
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
