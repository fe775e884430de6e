# mypy: ignore-errors
"""Programs of resources that mean the same under Dagster and under Treadle. Run as a script it prints what
each did, as JSON: `python resource_parity_programs.py dagster`."""

import contextlib
import importlib
import os

import pydantic
from config_parity_programs import main, tried

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


@program
def functions_as_resources(dg):
    log = []

    @dg.resource(config_schema={"u": str, "n": dg.Field(int, default_value=2)})
    def db(context):
        log.append(["up", context.resource_config])
        yield "db:" + context.resource_config["u"]
        log.append("down")

    @dg.resource(required_resource_keys={"db"})
    def client(context):
        return "client of " + context.resources.db

    @dg.resource
    def no_context():
        return 5

    @dg.op(required_resource_keys={"client", "no_context"})
    def o(context):
        log.append([context.resources.client, context.resources.no_context])

    @dg.job(resource_defs={"db": db, "client": client, "no_context": no_context})
    def j():
        o()

    j.execute_in_process(run_config={"resources": {"db": {"config": {"u": "x"}}}})
    bad = [
        tried(lambda c=c: j.execute_in_process(run_config=c) and None)
        for c in (
            {},
            {"resources": {"db": {"config": {"u": 1}}}},
            {"resources": {"bd": {}, "db": {"config": {"u": "q"}}}},
        )
    ]
    return [log, bad]


@program
def configured_resources(dg):
    seen = []

    @dg.resource(config_schema={"u": str, "n": int})
    def db(context):
        return context.resource_config

    once = db.configured({"u": "fixed", "n": 1})
    by_fn = db.configured(lambda c: {"u": c["host"], "n": 2}, config_schema={"host": str})
    twice = by_fn.configured({"host": "h"})
    wrong = db.configured({"u": 1})

    @dg.configured(db, config_schema={"n": int})
    def decorated(config):
        return {"u": "d", "n": config["n"]}

    def run(definition, config=None):
        @dg.op(required_resource_keys={"db"})
        def o(context):
            seen.append(context.resources.db)

        @dg.job(resource_defs={"db": definition})
        def j():
            o()

        j.execute_in_process(
            run_config={"resources": {"db": {"config": config}}} if config is not None else {}
        )

    return [
        tried(lambda: run(once)),
        tried(lambda: run(by_fn, {"host": "a"})),
        tried(lambda: run(twice)),
        tried(lambda: run(decorated, {"n": 9})),
        tried(lambda: run(wrong)),
        tried(lambda: run(by_fn, {"hots": "a"})),
        seen,
    ]


@program
def classes_as_resources(dg):
    log = []

    class Db(dg.ConfigurableResource):
        url: str
        retries: int = 3
        _opened: bool = pydantic.PrivateAttr(default=False)

        def setup_for_execution(self, context):
            self._opened = True
            log.append("up " + self.url)

        def teardown_after_execution(self, context):
            log.append("down")

    class Service(dg.ConfigurableResource):
        db: Db
        name: str

        def tell(self):
            return [self.name, self.db.url, self.db.retries, self.db._opened]

    @dg.op
    def o(service: Service):
        log.append(service.tell())

    def run(service, config=None, **more):
        @dg.job(resource_defs={"service": service, **more})
        def j():
            o()

        j.execute_in_process(run_config=config or {})

    os.environ["DB_URL_OF_TEST"] = "from-env"
    partial = Db.configure_at_launch()
    run(Service(db=Db(url="u"), name="s"))
    run(Service(db=Db(url=dg.EnvVar("DB_URL_OF_TEST"), retries=1), name="e"))
    run(Service(db=partial, name="p"), {"resources": {"db": {"config": {"url": "late"}}}}, db=partial)
    run(Service.configure_at_launch(db=Db(url="q")), {"resources": {"service": {"config": {"name": "n"}}}})
    run(Service(db=Db(url="u"), name="s"), {"resources": {"service": {"config": {"name": "other"}}}})
    return [
        log,
        tried(
            lambda: run(
                Service(db=Db(url="u"), name="s"), {"resources": {"service": {"config": {"nme": "x"}}}}
            )
        ),
        tried(lambda: run(Service.configure_at_launch(db=Db(url="q")))),
        tried(lambda: Service(name="x"))[0],
    ]


@program
def lives_of_resources(dg):
    log = []
    name = "dagster._config.pythonic_config" if dg.__name__ == "dagster" else "treadle"
    factory = importlib.import_module(name).ConfigurableResourceFactory

    class Yields(dg.ConfigurableResource):
        @contextlib.contextmanager
        def yield_for_execution(self, context):
            log.append("enter")
            try:
                yield self
            finally:
                log.append("exit")

    class Fails(dg.ConfigurableResource):
        def setup_for_execution(self, context):
            raise ValueError("no set-up")

        def teardown_after_execution(self, context):
            log.append("never")

    class Factory(factory[str]):
        n: int

        def create_resource(self, context):
            return "made" * self.n

    class Holder(dg.ConfigurableResource):
        inner: dg.ResourceDependency[str]

    @dg.op
    def o(y: Yields, f: dg.ResourceParam[str], h: Holder):
        log.append([f, h.inner])
        raise KeyError("op")

    @dg.job(resource_defs={"y": Yields(), "f": Factory(n=2), "h": Holder(inner=Factory(n=1))})
    def j():
        o()

    first = tried(lambda: j.execute_in_process() and None)

    @dg.op
    def p(f: Fails):
        log.append("unreached")

    @dg.job(resource_defs={"f": Fails()})
    def k():
        p()

    result = k.execute_in_process(raise_on_error=False)
    return [first, result.success, log]


@program
def calling_resources_in_tests(dg):
    @dg.resource(config_schema={"a": int}, required_resource_keys={"x"})
    def r(context):
        return [context.resource_config, context.resources.x]

    @dg.resource
    def g(_):
        yield "value"

    @dg.resource
    def bare():
        return 1

    class C(dg.ConfigurableResource):
        a: int

    @dg.resource(config_schema=C.to_config_schema())
    def by_class(context):
        return C.from_resource_context(context)

    os.environ["N_OF_TEST"] = "8"
    with g(dg.build_init_resource_context()) as value:
        opened = value
    with dg.build_resources({"r": r, "x": 3}, resource_config={"r": {"config": {"a": 1}}}) as resources:
        built = resources.r
    return [
        r(dg.build_init_resource_context(config={"a": 1}, resources={"x": 2})),
        tried(lambda: r()),
        tried(lambda: r(None)),
        tried(lambda: r(dg.build_init_resource_context(config={"a": "x"}, resources={"x": 2}))),
        tried(lambda: r(dg.build_init_resource_context(config={"a": 1})))[0],
        opened,
        built,
        bare(),
        by_class(dg.build_init_resource_context(config={"a": 4})).a,
        tried(lambda: dg.build_resources({"r": r}, resource_config={"r": {"config": {}}}).__enter__())[0],
        C(a=dg.EnvVar.int("N_OF_TEST")).process_config_and_initialize().a,
        dg.ResourceDefinition.hardcoded_resource(3)(dg.build_init_resource_context()),
        dg.ResourceDefinition.none_resource()(dg.build_init_resource_context()),
        tried(lambda: dg.build_init_resource_context(config="t")),
    ]


@program
def resources_of_assets(dg):
    class R(dg.ConfigurableResource):
        v: str

    @dg.asset
    def a(r: R) -> str:
        return r.v

    @dg.asset(required_resource_keys={"k"}, config_schema={"n": int})
    def b(context, a: str) -> str:
        return a + context.resources.k + str(context.op_execution_context.op_config["n"])

    def run(resources, config, **more):
        return dg.materialize([a, b], resources=resources, run_config=config, **more).output_for_node("b")

    good = {"ops": {"b": {"config": {"n": 1}}}}
    with_them = dg.with_resources([b], {"k": "K", "r": R(v="w")})
    return [
        tried(lambda: run({"r": R(v="x"), "k": "k"}, good)),
        tried(
            lambda: run(
                {"r": R.configure_at_launch(), "k": "k"}, {**good, "resources": {"r": {"config": {"v": "l"}}}}
            )
        ),
        tried(lambda: run({"r": R(v="x"), "k": "k"}, {})),
        tried(lambda: run({"r": R(v="x"), "k": "k"}, {"ops": {"b": {"config": {"n": "1"}}, "c": {}}})),
        tried(lambda: run({"r": R(v="x")}, good))[0],
        tried(
            lambda: dg.materialize(
                [a, *with_them], resources={"r": R(v="z")}, run_config=good
            ).output_for_node("b")
        ),
        tried(lambda: dg.materialize([a, b], resources={"r": R(v="x"), "k": "k"}, selection=[a]).success),
        tried(
            lambda: (
                dg.materialize(
                    [a, b], resources={"r": R(v="x"), "k": "k"}, selection=[a], run_config=good
                ).success
            )
        ),
        tried(lambda: dg.with_resources([b], {"k": "K"}, {"k": 3}))[0],
    ]


@program
def a_resource_inside_waits_for_the_configuration_though_it_has_defaults(dg):
    class Inner(dg.ConfigurableResource):
        name: str = "default"

    class Outer(dg.ConfigurableResource):
        inner: Inner

    @dg.asset
    def a(outer: Outer):
        return outer.inner.name

    inner = Inner.configure_at_launch()
    resources = {"inner": inner, "outer": Outer(inner=inner)}
    config = {"resources": {"inner": {"config": {"name": "late"}}}}
    return [
        dg.materialize([a], resources=resources, run_config=config).output_for_node("a"),
        dg.materialize([a], resources=resources).output_for_node("a"),
    ]


if __name__ == "__main__":
    main(PROGRAMS)
