# mypy: ignore-errors
# ruff: noqa: PTH118, PTH123
"""Programs of IO managers that mean the same under Dagster and under Treadle. Run as a script it prints what
each did, as JSON: `python io_parity_programs.py dagster`."""

import importlib
import json
import os
import pathlib
import tempfile

from config_parity_programs import main, tried

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file())


@program
def files_of_assets(dg):
    folder = tempfile.mkdtemp()

    @dg.asset(key_prefix=["a", "b"])
    def one():
        return [1, 2]

    @dg.asset
    def two(one):
        return len(one)

    @dg.asset
    def nothing() -> None:
        pass

    def run(manager, config=None):
        result = dg.materialize(
            [one, two, nothing], resources={"io_manager": manager}, run_config=config or {}
        )
        event = result.asset_materializations_for_node("two")[0]
        path = event.metadata["path"].value
        return [files_below(folder), os.path.relpath(path, folder)]

    @dg.asset
    def three(two):
        return two + 1

    manager = dg.FilesystemIOManager(base_dir=folder)
    defs = dg.Definitions([one, two, three], resources={"io_manager": manager})
    return [
        run(dg.FilesystemIOManager(base_dir=folder)),
        run(dg.fs_io_manager.configured({"base_dir": folder})),
        run(dg.fs_io_manager, {"resources": {"io_manager": {"config": {"base_dir": folder}}}}),
        defs.load_asset_value("two"),
        defs.load_asset_value(["a", "b", "one"]),
        tried(lambda: defs.load_asset_value("three"))[0],
        tried(lambda: defs.load_asset_value("never"))[0],
    ]


@program
def files_of_ops(dg):
    folder = tempfile.mkdtemp()

    @dg.op(out=dg.DynamicOut())
    def many():
        for i in range(3):
            yield dg.DynamicOutput(i, str(i))

    @dg.op
    def double(x):
        return x * 2

    @dg.op
    def total(xs):
        return sum(xs)

    @dg.job(resource_defs={"io_manager": dg.fs_io_manager.configured({"base_dir": folder})})
    def j():
        total(many().map(double).collect())

    result = j.execute_in_process()
    return [result.output_for_node("total"), [f.replace(result.run_id, "RUN") for f in files_below(folder)]]


@program
def own_format(dg):
    folder = tempfile.mkdtemp()

    class Text(dg.UPathIOManager):
        extension = ".txt"

        def dump_to_path(self, context, obj, path):
            path.write_text(obj)

        def load_from_path(self, context, path):
            return path.read_text()

        def get_metadata(self, context, obj):
            return {"length": len(obj)}

    upath = importlib.import_module("upath").UPath if importlib.util.find_spec("upath") else pathlib.Path

    @dg.io_manager(config_schema={"base": str})
    def text(context):
        return Text(upath(context.resource_config["base"]))

    @dg.asset
    def a():
        return "hello"

    @dg.asset
    def b(a):
        return a + "!"

    result = dg.materialize([a, b], resources={"io_manager": text.configured({"base": folder})})
    metadata = result.asset_materializations_for_node("b")[0].metadata
    return [
        files_below(folder),
        {k: v.value for k, v in metadata.items() if k != "path"},
        result.output_for_node("b"),
    ]


@program
def what_managers_are_told(dg):
    log = []

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            log.append(
                [
                    "out",
                    context.name,
                    context.step_key,
                    context.has_asset_key and context.asset_key.path,
                    dict(context.definition_metadata),
                    context.config,
                    context.resource_config,
                    context.get_identifier()[1:],
                    context.mapping_key,
                    repr(obj),
                ]
            )
            context.add_output_metadata({"seen": 1})

        def load_input(self, context):
            up = context.upstream_output
            log.append(
                [
                    "in",
                    context.name,
                    context.has_asset_key and context.asset_key.path,
                    dict(context.definition_metadata or {}),
                    context.config,
                    context.resource_config,
                    up.name,
                    up.step_key,
                    dict(up.definition_metadata or {}),
                    context.get_identifier()[1:],
                ]
            )
            return 7

    @dg.io_manager(
        config_schema={"r": int},
        output_config_schema={"o": dg.Field(str, default_value="od")},
        input_config_schema={"i": dg.Field(int, default_value=5)},
    )
    def manager(context):
        return Manager()

    @dg.op(out=dg.Out(metadata={"m": 1}))
    def first():
        return 1

    @dg.op(ins={"x": dg.In(metadata={"n": 2}, input_manager_key="io_manager")})
    def second(x):
        return x

    @dg.job(resource_defs={"io_manager": manager})
    def j():
        second(first())

    def run(config):
        del log[:]
        result = j.execute_in_process(run_config=config)
        return [list(log), result.success]

    good = {"resources": {"io_manager": {"config": {"r": 3}}}}
    return [
        run(good),
        run(
            {
                **good,
                "ops": {"first": {"outputs": {"result": {"o": "x"}}}, "second": {"inputs": {"x": {"i": 9}}}},
            }
        ),
        tried(lambda: run({**good, "ops": {"first": {"outputs": {"result": {"o": 1}}}}})),
        tried(lambda: run({})),
    ]


@program
def input_managers(dg):
    @dg.input_manager
    def constant(_):
        return 3

    @dg.input_manager(config_schema={"base": int}, input_config_schema={"add": int})
    def adding(context):
        return context.resource_config["base"] + context.config["add"]

    class Loader(dg.InputManager):
        def load_input(self, context):
            return [context.name, context.upstream_output is None]

    @dg.input_manager
    def of_class(_):
        return Loader()

    seen = []

    @dg.op(
        ins={
            "a": dg.In(input_manager_key="constant"),
            "b": dg.In(input_manager_key="adding"),
            "c": dg.In(input_manager_key="of_class"),
        }
    )
    def o(a, b, c):
        seen.append([a, b, c])

    @dg.job(resource_defs={"constant": constant, "adding": adding, "of_class": of_class})
    def j():
        o()

    config = {
        "resources": {"adding": {"config": {"base": 10}}},
        "ops": {"o": {"inputs": {"b": {"add": 1}}}},
    }
    good = tried(lambda: j.execute_in_process(run_config=config).success)
    return [good, seen, tried(lambda: j.execute_in_process())]


@program
def classes_as_managers(dg):
    folder = tempfile.mkdtemp()

    class Json(dg.ConfigurableIOManager):
        folder: str
        indent: int = 0

        def path(self, context):
            return os.path.join(self.folder, *context.asset_key.path)

        def handle_output(self, context, obj):
            with open(self.path(context), "w") as f:
                json.dump([obj, self.indent], f)

        def load_input(self, context):
            with open(self.path(context)) as f:
                return json.load(f)

    class Factory(dg.ConfigurableIOManagerFactory):
        folder: str

        def create_io_manager(self, context):
            return Json(folder=self.folder, indent=9)

    @dg.io_manager(config_schema={"folder": str})
    def legacy(context):
        return Json(folder=context.resource_config["folder"], indent=5)

    class Adapter(dg.ConfigurableLegacyIOManagerAdapter):
        folder: str

        @property
        def wrapped_io_manager(self):
            return legacy

    @dg.asset
    def a():
        return 1

    @dg.asset
    def b(a):
        return a

    def run(manager, config=None):
        dg.materialize([a, b], resources={"io_manager": manager}, run_config=config or {})
        with open(os.path.join(folder, "b")) as f:
            return json.load(f)

    return [
        run(Json(folder=folder)),
        run(
            Json.configure_at_launch(indent=2), {"resources": {"io_manager": {"config": {"folder": folder}}}}
        ),
        run(Json(folder=folder), {"resources": {"io_manager": {"config": {"indent": 4, "folder": folder}}}}),
        run(Factory(folder=folder)),
        run(Factory.configure_at_launch(), {"resources": {"io_manager": {"config": {"folder": folder}}}}),
        run(Adapter(folder=folder)),
        tried(lambda: run(Factory.configure_at_launch())),
    ]


@program
def in_memory(dg):
    @dg.op
    def one():
        return object

    @dg.op
    def two(x):
        return x is object

    @dg.job(resource_defs={"io_manager": dg.mem_io_manager})
    def j():
        two(one())

    manager = dg.InMemoryIOManager()

    @dg.asset
    def a():
        return 5

    result = dg.materialize([a], resources={"io_manager": manager})
    return [
        j.execute_in_process().output_for_node("two"),
        [[k[1:], v] for k, v in manager.values.items()],
        result.output_for_node("a"),
    ]


@program
def managers_in_tests(dg):
    class M(dg.IOManager):
        def handle_output(self, context, obj):
            context.add_output_metadata({"n": obj})
            self.key = list(context.asset_key.path)
            self.value = obj, context.resources.r, context.definition_metadata

        def load_input(self, context):
            return self.value, context.upstream_output.name

    m = M()
    out = dg.build_output_context(
        asset_key="a/b" if False else ["a", "b"], name="n", resources={"r": 3}, definition_metadata={"k": 1}
    )
    m.handle_output(out, 4)
    into = dg.build_input_context(upstream_output=dg.build_output_context(name="up"))
    return [
        m.key,
        repr(m.load_input(into)),
        {k: v.value if hasattr(v, "value") else v for k, v in out.get_logged_metadata().items()},
        tried(lambda: dg.build_output_context().run_id),
        tried(lambda: dg.build_output_context().asset_key)[0],
        tried(lambda: dg.build_input_context().upstream_output),
        dg.build_output_context(step_key="s", name="n", run_id="r", mapping_key="m").get_identifier(),
        dg.build_output_context(config={"a": 1}, resource_config={"b": 2}).resource_config,
    ]


@program
def missing_managers(dg):
    @dg.op(out=dg.Out(io_manager_key="absent"))
    def o():
        return 1

    def declare():
        @dg.job
        def j():
            o()

        j.execute_in_process()

    return tried(declare)[0]


if __name__ == "__main__":
    main(PROGRAMS)
