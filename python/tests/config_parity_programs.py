# mypy: ignore-errors
# ruff: noqa: PTH118, PTH123, RUF012, UP045, SIM115
"""Programs of configuration and resources that mean the same under Dagster and under Treadle. Run as a
script it prints what each did, as JSON: `python config_parity_programs.py dagster`."""

import enum
import importlib
import json
import logging
import os
import random
import re
import sys
import tempfile
import warnings
from typing import Any, Dict, List, Literal, Mapping, Optional, Union  # noqa: F401, UP035

import pydantic

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


def plain(text):
    """Without what Treadle adds (the nearest name), stack traces, addresses and the package's own name."""
    text = re.sub(r" Did you mean [^?]*\?", "", str(text))
    text = re.sub(r"(for enum type|in enum type)(.*?)\.$", r"\1\2", text)
    text = re.sub(r"failed:\n(?:[\w.]*\.)?PostProcessingError", "failed:\nPostProcessingError", text)
    text = re.sub(r"\nStack Trace:\n(?:  .*\n)*", "", text)
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"(dagster|treadle)\._[\w.]+\.", "", text)
    return text.rstrip()


def tried(call):
    try:
        return call()
    except Exception as e:
        return [type(e).__name__, plain(e)]


def lines_of(error):
    """The mistakes of a configuration; Dagster tells several unknown names in no order."""
    return [type(error).__name__, *sorted(plain(error).split("\n    Error "))]


def checked(dg, schema, config):
    """What an op with this schema sees of this configuration."""
    seen = []

    @dg.op(config_schema=schema)
    def takes(context):
        seen.append(repr(context.op_config))

    @dg.job
    def job():
        takes()

    try:
        job.execute_in_process(run_config={"ops": {"takes": {"config": config}}})
    except dg.DagsterInvalidConfigError as e:
        # Where two fields of a class are wrong, Dagster tells them in the order in which a set has them.
        return sorted(plain(m) for m in e.error_messages)
    return seen


@program
def scalars(dg):
    values = [1, -1, 1.5, "x", "", True, None, [], {}, [1], {"a": 1}, 10**30, float("inf"), (1, 2), {1}]
    kinds = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict, "ints": [int]}
    return {n: [tried(lambda k=k, v=v: checked(dg, k, v)) for v in values] for n, k in kinds.items()}


@program
def shapes(dg):
    schema = {"a": int, "b": dg.Field(str, default_value="x"), "c": {"d": dg.Field([int], is_required=False)}}
    configs = [
        {},
        {"a": 1},
        {"a": 1, "c": {}},
        {"a": 1, "c": {"d": [1, "x", None]}},
        {"a": None, "z": 1},
        {"z": 1, "y": 2},
        [],
        "x",
        {"c": 5},
    ]
    return [checked(dg, schema, c) for c in configs]


@program
def several_missing(dg):
    optional = dg.Field(dg.Noneable(int), is_required=True)
    schema = {"one": int, "two": float, "three": dg.Noneable(str), "four": optional}
    return [checked(dg, schema, c) for c in ({}, {"one": 1}, {"four": None, "one": 1, "two": 2})]


@program
def selectors(dg):
    schema = dg.Selector({"x": int, "y": {"z": dg.Field(str, default_value="q")}})
    one = dg.Selector({"x": dg.Field(int, default_value=4)})
    configs = [{}, {"x": 1}, {"y": {}}, {"y": None}, {"x": 1, "y": {}}, {"w": 1}, "x", None, {"x": "s"}]
    return [[checked(dg, s, c) for c in configs] for s in (schema, one)]


@program
def permissive_maps_enums(dg):
    color = dg.Enum("Color", [dg.EnumValue("RED", 1), dg.EnumValue("BLUE", 2), dg.EnumValue("GREEN")])

    class Size(enum.Enum):
        S = 1
        L = 2

    size = dg.Enum.from_python_enum(Size)
    direct = dg.Enum.from_python_enum_direct_values(Size, "SizeByValue")
    return [
        checked(dg, dg.Permissive({"a": int}), {"a": 1, "b": [1, {"c": None}]}),
        checked(dg, dg.Permissive({"a": int}), {"a": "x", "b": 2}),
        checked(dg, dg.Permissive(), {"a": "x", "b": 2}),
        checked(dg, {str: int}, {"a": 1, "b": "x"}),
        checked(dg, dg.Map(str, {"v": float}, "name"), {"a": {"v": 1}, "b": {}}),
        checked(dg, dg.Map(int, str), {1: "a", 2: "b"}),
        checked(dg, dg.Map(int, str), {"1": "a"}),
        [checked(dg, color, c) for c in ("RED", "BLUE", "GREEN", "red", 1, None)],
        [checked(dg, size, c) for c in ("S", "XL", 2)],
        [checked(dg, direct, c) for c in ("S", "L")],
        checked(dg, {"c": dg.Field(color, default_value="RED")}, {}),
    ]


@program
def sources(dg):
    os.environ.update(SOME_TEXT="t", SOME_INT="12", SOME_WORD="word", SOME_TRUE="yes", SOME_FALSE="False")
    os.environ.pop("SURELY_NOT_SET", None)
    schema = {"s": dg.StringSource, "i": dg.IntSource, "b": dg.BoolSource}
    good = {"s": {"env": "SOME_TEXT"}, "i": {"env": "SOME_INT"}, "b": {"env": "SOME_TRUE"}}
    return [
        checked(dg, schema, good),
        checked(dg, schema, {"s": "x", "i": 3, "b": False}),
        checked(dg, schema, {**good, "b": {"env": "SOME_FALSE"}}),
        checked(dg, schema, {**good, "i": {"env": "SOME_WORD"}}),
        checked(dg, schema, {**good, "s": {"env": "SURELY_NOT_SET"}}),
        checked(dg, schema, {**good, "s": {"environment": "X"}, "i": "3"}),
        checked(dg, schema, {**good, "s": {}}),
        checked(dg, dg.ScalarUnion(int, {"x": int}), 3),
        checked(dg, dg.ScalarUnion(int, {"x": int}), {"x": "y"}),
        checked(dg, dg.ScalarUnion(int, {"x": int}), "y"),
    ]


@program
def fields(dg):
    def field(*args, **kwargs):
        f = dg.Field(*args, **kwargs)
        return [
            f.is_required,
            f.default_provided,
            f.default_value if f.default_provided else None,
            f.description,
        ]

    return [
        tried(lambda: field(int)),
        tried(lambda: field(int, default_value=3, description="three")),
        tried(lambda: field(int, default_value="x")),
        tried(lambda: field(int, is_required=False)),
        tried(lambda: field(dg.Noneable(int))),
        tried(lambda: field(dg.Noneable(int), is_required=True)),
        tried(lambda: field({"a": dg.Field(int, default_value=1)})),
        tried(lambda: field({"a": int})),
        tried(lambda: field({"a": dg.Field(int, is_required=False)})),
        tried(lambda: field(dg.Selector({"a": dg.Field(int, default_value=2)}))),
        tried(lambda: field(dg.Permissive())),
        tried(lambda: field(list)),
        tried(lambda: field([int], default_value=[1, 2])),
        tried(lambda: field(int, default_value=1, is_required=True)),
        tried(lambda: field(str, default_value=lambda: 1)),
        tried(lambda: field(dg.StringSource, default_value=dg.EnvVar("X"))),
    ]


@program
def what_is_no_schema(dg):
    class Something:
        pass

    return [
        tried(lambda: dg.Field([int, str]) and None),
        tried(lambda: dg.Field([Something]) and None)[:1],
        tried(lambda: dg.Field(Optional[int]) and None),
        tried(lambda: dg.Field(list[int]) and None),
        tried(lambda: dg.Field({Something: int}) and None)[:1],
        tried(lambda: dg.Shape({"a": None}) and None),
        tried(lambda: dg.Noneable(dg.Permissive) and None)[:1],
        tried(lambda: dg.Map(dg.Permissive(), int) and None)[:1],
    ]


# --- random schemas and values


def random_schema(dg, rng, depth):
    kinds = ["int", "float", "str", "bool", "any", "env"]
    if depth:
        kinds += ["shape", "shape", "shape", "permissive", "selector", "array", "map", "noneable", "enum"]
    kind = rng.choice(kinds)
    deeper = lambda: random_schema(dg, rng, depth - 1)  # noqa: E731
    if kind in ("shape", "permissive", "selector"):
        fields = {}
        for name in sorted(rng.sample("abcde", rng.randint(1, 3))):  # Dagster takes equal shapes for one
            inner = deeper()
            # Dagster fails where a selector's only field is optional and absent.
            optional = dg.Field(inner, is_required=kind == "selector")
            fields[name] = rng.choice([inner, dg.Field(inner), optional])
        return {"shape": dg.Shape, "permissive": dg.Permissive, "selector": dg.Selector}[kind](fields)
    if kind == "array":
        return dg.Array(deeper())
    if kind == "map":
        return dg.Map(str, deeper())
    if kind == "noneable":
        return dg.Noneable(deeper())
    if kind == "enum":
        return dg.Enum("E", [dg.EnumValue("p"), dg.EnumValue("q", 7)])
    if kind == "env":
        return rng.choice([dg.StringSource, dg.IntSource, dg.BoolSource])
    return {"int": int, "float": float, "str": str, "bool": bool, "any": None}[kind] or dg.Permissive()


def random_value(rng, depth):
    kind = rng.choice(["int", "float", "str", "bool", "none", "dict", "dict", "dict", "list", "env"])
    if kind == "dict" and depth:
        return {n: random_value(rng, depth - 1) for n in rng.sample("abcdef", rng.randint(0, 4))}
    if kind == "list" and depth:
        return [random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind == "env":
        return {"env": rng.choice(["RANDOM_NUMBER", "RANDOM_UNSET"])}
    return {"int": 3, "float": 0.5, "str": rng.choice(["p", "x"]), "bool": True}.get(kind)


@program
def random_configuration(dg):
    """Hundreds of schemas and values: the same is right, the same is wrong, with the same words."""
    os.environ["RANDOM_NUMBER"] = "31"
    os.environ.pop("RANDOM_UNSET", None)
    rng = random.Random(20261122)
    name = "treadle._config.process" if dg.__name__ == "treadle" else "dagster._config"
    process = importlib.import_module(name).process_config
    seen = []
    for _ in range(400):
        schema = dg.Shape({"root": random_schema(dg, rng, 3)})
        for _ in range(6):
            result = process(schema, {"root": random_value(rng, 3)})
            if result.success:
                seen.append(repr(result.value))
            else:
                seen.append(sorted(plain(e.message) for e in result.errors))
    return seen


# --- Config classes


def with_config(dg, cls, config, **more):
    seen = []

    @dg.op
    def takes(config: cls):
        seen.append(repr(config) if isinstance(config, dg.Config) else config)
        seen.append(json.loads(config.model_dump_json()) if isinstance(config, dg.Config) else None)

    @dg.job
    def job():
        takes()

    try:
        run_config = {"ops": {"takes": {"config": config}}} if config is not None else {}
        job.execute_in_process(run_config=run_config)
    except dg.DagsterInvalidConfigError as e:
        return [plain(m) for m in e.error_messages]
    return seen


@program
def config_classes(dg):
    class Inner(dg.Config):
        x: int
        y: str = "why"

    class Color(enum.Enum):
        RED = "r"
        BLUE = "b"

    class Outer(dg.Config):
        """What it is."""

        name: str
        inner: Inner
        many: list[Inner] = []
        table: dict[str, int] = {}
        maybe: int | None = None
        rate: float = pydantic.Field(0.5, gt=0, description="how fast")
        kind: Literal["a", "b"] = "a"
        color: Color = Color.RED
        flags: list[bool] = pydantic.Field(default_factory=lambda: [True])

    good = {"name": "n", "inner": {"x": 1}}
    return [
        with_config(dg, Outer, c)
        for c in (
            good,
            {
                **good,
                "many": [{"x": 2}, {"x": 3, "y": "z"}],
                "table": {"a": 1},
                "maybe": 4,
                "rate": 2,
                "kind": "b",
            },
            {**good, "color": "BLUE"},
            {**good, "color": "b"},
            {**good, "kind": "c", "maybe": None},
            {"inner": {}},
            {**good, "many": [{"y": 1}], "table": {"a": "b"}, "extra": 1},
            {**good, "flags": [1]},
            {"name": {"env": "SOME_NAME_THAT_IS_NOT_SET"}, "inner": {"x": 1}},
        )
    ]


@program
def unions(dg):
    class Cat(dg.Config):
        pet: Literal["cat", "kitten"]
        meows: int

    class Dog(dg.Config):
        pet: Literal["dog"]
        barks: float = 1.5

    class Home(dg.Config):
        pet: Cat | Dog = pydantic.Field(discriminator="pet")
        n: int = 1

    return [
        with_config(dg, Home, {"pet": {"cat": {"meows": 2}}}),
        with_config(dg, Home, {"pet": {"kitten": {"meows": 2}}}),
        with_config(dg, Home, {"pet": {"dog": {}}}),
        with_config(dg, Home, {"pet": {"bird": {}}}),
        with_config(dg, Home, {"pet": {"cat": {}, "dog": {}}}),
        with_config(dg, Home, {}),
        tried(lambda: repr(Home(pet=Dog(pet="dog", barks=3.0)))),
        tried(lambda: repr(Home(pet={"cat": {"meows": 3}}))),
    ]


@program
def permissive_and_aliases(dg):
    class Open(dg.PermissiveConfig):
        a: int

    class Aliased(dg.Config):
        from_: str = pydantic.Field(alias="from")
        to: str | None

    return [
        with_config(dg, Open, {"a": 1, "b": {"c": [1]}}),
        with_config(dg, Open, {"b": 1}),
        with_config(dg, Aliased, {"from": "x", "to": None}),
        with_config(dg, Aliased, {"from": "x"}),
        with_config(dg, Aliased, {"from_": "x"}),
        with_config(dg, int, 3),
        with_config(dg, int, "x"),
    ]


@program
def frozen(dg):
    class C(dg.Config):
        a: int

    class R(dg.ConfigurableResource):
        a: int

    def assign(obj, name):
        setattr(obj, name, 2)

    return [tried(lambda o=o, n=n: assign(o, n)) for o in (C(a=1), R(a=1)) for n in ("a", "b")]


@program
def schemas_of_classes(dg):
    class Inner(dg.Config):
        x: int = 3

    class C(dg.Config):
        s: str
        o: int | None = None
        l: list[Inner] = []  # noqa: E741
        i: Inner = Inner(x=5)

    told = {}
    for name, f in sorted(C.to_fields_dict().items()):
        told[name] = [f.is_required, f.default_provided, f.default_value if f.default_provided else None]
    return [told, tried(lambda: C(s="x")._convert_to_config_dictionary())]


@program
def run_configs(dg):
    class C(dg.Config):
        a: int
        e: str = "x"

    rc = dg.RunConfig(ops={"x": C(a=1), "g": {"ops": {"y": C(a=dg.EnvVar.int("N"), e=dg.EnvVar("E"))}}})
    return [
        rc.to_config_dict(),
        rc == dg.RunConfig(ops={"x": C(a=1)}),
        tried(lambda: dg.RunConfig(ops=[1]))[0],
    ]


@program
def unusable_annotations(dg):
    class Thing:
        pass

    def config_class():
        class C(dg.Config):
            t: Thing

        @dg.op
        def o(config: C):
            pass

        @dg.job
        def j():
            o()

        j.execute_in_process()

    return tried(config_class)[0]


@program
def validated_run_config(dg):
    @dg.op(config_schema={"a": int, "b": dg.Field(str, default_value="x")})
    def o():
        pass

    @dg.op
    def p(n: int):
        pass

    @dg.job(resource_defs={"r": dg.make_values_resource(u=str)})
    def j():
        o()
        p()

    def ops(config):
        return dg.validate_run_config(j, config)["ops"]

    return [
        tried(lambda: ops({"ops": {"o": {"config": {"a": 1}}, "p": {"inputs": {"n": 3}}}})),
        tried(lambda: ops({"ops": {"o": {"config": {"a": 1}}, "p": {"inputs": {"n": {"value": 3}}}}})),
        tried(lambda: ops({"ops": {"o": {"config": {"a": "1"}}}})),
        tried(lambda: ops({"ops": {"o": {"config": {"a": 1}}, "p": {"inputs": {"n": 3}}, "q": {}}}))[0],
        tried(lambda: dg.validate_run_config("j", {}))[0],
        tried(
            lambda: dg.validate_run_config(
                j, {"ops": {"o": {"config": {"a": 1}}, "p": {"inputs": {"n": 3}}}}
            )["resources"]
        ),
    ]


@program
def yaml(dg):
    folder = tempfile.mkdtemp()
    texts = {
        "a.yaml": "ops:\n  x:\n    config: {a: 1, b: [1]}\n",
        "b.yaml": "ops:\n  x:\n    config: {b: [2]}\n  y: {}\n",
    }
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    return [
        dg.config_from_files([os.path.join(folder, "a.yaml"), os.path.join(folder, "b.yaml")]),
        dg.config_from_files([os.path.join(folder, "a*.yaml")]),
        tried(lambda: dg.config_from_files([os.path.join(folder, "none.yaml")]))[0],
        dg.config_from_yaml_strings(["a: 1\nb: {c: 2}", "b: {d: 3}"]),
        tried(lambda: dg.config_from_yaml_strings(["a: [", "b: 1"]))[0],
        tried(lambda: dg.config_from_pkg_resources([("no_such_package", "x.yaml")]))[0],
    ]


def main(programs):
    """Prints what the programs did under the package that the command line names."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.stderr = open(os.devnull, "w")
    dg = importlib.import_module(sys.argv[1])
    told = {}
    for key, fn in programs.items():
        try:
            told[key] = fn(dg)
        except Exception as e:
            import traceback

            last = traceback.format_exc()[-700:] if "-v" in sys.argv else ""
            told[key] = ["PROGRAM FAILED", type(e).__name__, plain(e), last]
    print(json.dumps(told, default=repr))


if __name__ == "__main__":
    main(PROGRAMS)
