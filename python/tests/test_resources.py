"""Resources and IO managers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import treadle as dg


def test_a_resource_is_handed_over_by_key() -> None:
    @dg.asset(required_resource_keys={"factor"})
    def a(context: dg.AssetExecutionContext) -> int:
        return 2 * int(context.resources.factor)

    assert dg.materialize([a], resources={"factor": 21}).output_for_node("a") == 42


def test_only_required_resources_are_there() -> None:
    @dg.asset
    def a(context: dg.AssetExecutionContext) -> None:
        _ = context.resources.factor

    with pytest.raises(dg.DagsterUnknownResourceError, match="factor"):
        dg.materialize([a], resources={"factor": 1})


def test_a_missing_resource_is_told_before_anything_runs() -> None:
    ran = []

    @dg.asset
    def first() -> None:
        ran.append(1)

    @dg.asset(required_resource_keys={"nowhere"})
    def second() -> None: ...

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="nowhere"):
        dg.materialize([first, second])
    assert ran == []


def test_resource_functions_are_set_up_once_and_torn_down() -> None:
    log: list[str] = []

    @dg.resource(config_schema={"size": int})
    def pool(context: dg.InitResourceContext) -> Iterator[list[str]]:
        log.append(f"up {context.resource_config['size']}")
        yield log
        log.append("down")

    @dg.asset(required_resource_keys={"pool"})
    def a(context: dg.AssetExecutionContext) -> None:
        context.resources.pool.append("a")

    @dg.asset(required_resource_keys={"pool"}, deps=[a])
    def b(context: dg.AssetExecutionContext) -> None:
        context.resources.pool.append("b")

    dg.materialize([a, b], resources={"pool": pool.configured({"size": 3})})
    assert log == ["up 3", "a", "b", "down"]


def test_resources_can_need_each_other() -> None:
    @dg.resource
    def base() -> int:
        return 40

    @dg.resource(required_resource_keys={"base"})
    def derived(context: dg.InitResourceContext) -> int:
        return int(context.resources.base) + 2

    @dg.asset(required_resource_keys={"derived"})
    def a(context: dg.AssetExecutionContext) -> int:
        return int(context.resources.derived)

    assert dg.materialize([a], resources={"base": base, "derived": derived}).output_for_node("a") == 42


def test_run_config_configures_resources() -> None:
    @dg.resource
    def setting(context: dg.InitResourceContext) -> Any:
        return context.resource_config["value"]

    @dg.asset(required_resource_keys={"setting"})
    def a(context: dg.AssetExecutionContext) -> str:
        return str(context.resources.setting)

    config = {"resources": {"setting": {"config": {"value": "x"}}}}
    assert dg.materialize([a], resources={"setting": setting}, run_config=config).output_for_node("a") == "x"


def test_configurable_resources_are_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    log = []

    class Api(dg.ConfigurableResource):
        url: str
        retries: int = 3

        def setup_for_execution(self, context: dg.InitResourceContext) -> None:
            log.append("up")

        def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
            log.append("down")

    a = dg.asset(_annotated(Api))
    monkeypatch.setenv("API_URL", "http://here")
    result = dg.materialize([a], resources={"api": Api(url=dg.EnvVar("API_URL"))})
    assert result.output_for_node("fetch") == "http://here 3"
    assert log == ["up", "down"]
    with pytest.raises(ValueError, match="Field required"):  # pydantic's own error
        Api()
    monkeypatch.delenv("API_URL")
    with pytest.raises(dg.DagsterInvalidConfigError, match="API_URL"):
        dg.materialize([a], resources={"api": Api(url=dg.EnvVar("API_URL"))})


def _annotated(cls: type) -> Any:
    def fetch(api: Any) -> str:
        return f"{api.url} {api.retries}"

    fetch.__annotations__["api"] = cls
    return fetch


def test_env_vars_are_not_read_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3")
    var = dg.EnvVar("SECRET")
    with pytest.raises(RuntimeError, match="defers resolution"):
        str(var)
    assert var.get_value() == "s3"
    assert dg.EnvVar("NOT_SET_AT_ALL").get_value("x") == "x"
    monkeypatch.setenv("NUMBER", "5")
    assert dg.EnvVar.int("NUMBER").get_value() == 5


def test_a_failing_resource_fails_the_run() -> None:
    @dg.resource
    def broken() -> Any:
        raise ConnectionError("no route")

    @dg.asset(required_resource_keys={"broken"})
    def a() -> None: ...

    result = dg.materialize([a], resources={"broken": broken}, raise_on_error=False)
    assert not result.success
    with pytest.raises(dg.DagsterResourceFunctionError, match="ResourceDefinition broken") as raised:
        dg.materialize([a], resources={"broken": broken})
    assert isinstance(raised.value.__cause__, ConnectionError)


class Shelf(dg.IOManager):
    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], Any] = {}
        self.told: list[Any] = []

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        self.kept[context.asset_key.parts] = obj
        self.told.append(("out", context.step_key, context.name, dict(context.definition_metadata)))
        context.add_output_metadata({"kept": True})

    def load_input(self, context: dg.InputContext) -> Any:
        upstream = context.upstream_output
        assert upstream is not None
        self.told.append(("in", context.name, upstream.step_key, upstream.name))
        context.add_input_metadata({"read": 1})
        return self.kept[context.asset_key.parts]


def test_an_io_manager_stores_and_loads() -> None:
    shelf = Shelf()

    @dg.asset(metadata={"m": 1}, key_prefix="p")
    def a() -> int:
        return 1

    @dg.asset(ins={"x": dg.AssetIn(["p", "a"])})
    def b(x: int) -> int:
        return x + 1

    result = dg.materialize([a, b], resources={"io_manager": shelf})
    assert shelf.kept == {("p", "a"): 1, ("b",): 2}
    assert shelf.told == [
        ("out", "p__a", "result", {"m": 1}),
        ("in", "x", "p__a", "result"),
        ("out", "b", "result", {}),
    ]
    [materialization] = result.asset_materializations_for_node("b")
    assert materialization.metadata == {"kept": dg.MetadataValue.bool(True)}
    loaded = next(e for e in result.all_events if e.is_loaded_input)
    assert loaded.metadata == {"read": dg.MetadataValue.int(1)}


def test_assets_choose_their_io_manager() -> None:
    mine, other = Shelf(), Shelf()

    @dg.asset(io_manager_key="mine")
    def a() -> int:
        return 1

    @dg.asset(io_manager_def=other)
    def b(a: int) -> int:
        return a

    @dg.asset
    def c(b: int) -> int:
        return b

    assert dg.materialize([a, b, c], resources={"mine": mine}).output_for_node("c") == 1
    assert mine.kept == {("a",): 1}
    assert other.kept == {("b",): 1}


def test_an_io_manager_can_be_a_function_with_resources() -> None:
    shelf = Shelf()

    @dg.io_manager(required_resource_keys={"prefix"})
    def manager(context: dg.InitResourceContext) -> Shelf:
        assert context.resources.prefix == "p"
        return shelf

    @dg.asset
    def a() -> int:
        return 5

    dg.materialize([a], resources={"io_manager": manager, "prefix": "p"})
    assert shelf.kept == {("a",): 5}


def test_configurable_io_managers_have_fields() -> None:
    kept = {}

    class Store(dg.ConfigurableIOManager):
        prefix: str

        def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
            kept[self.prefix + context.name] = obj

        def load_input(self, context: dg.InputContext) -> Any: ...

    @dg.asset
    def a() -> int:
        return 5

    dg.materialize([a], resources={"io_manager": Store(prefix="x/")})
    assert kept == {"x/result": 5}


def test_a_source_asset_is_loaded_by_its_own_manager() -> None:
    shelf = Shelf()
    shelf.kept["raw",] = 9
    raw = dg.SourceAsset("raw", io_manager_key="shelf")

    class Loader(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: Any) -> None: ...

        def load_input(self, context: dg.InputContext) -> Any:
            return shelf.kept[context.asset_key.parts]

    @dg.asset
    def a(raw: int) -> int:
        return raw

    assert dg.materialize([raw, a], resources={"shelf": Loader()}).output_for_node("a") == 9


def test_contexts_for_testing_io_managers() -> None:
    shelf = Shelf()
    output = dg.build_output_context(asset_key="a", step_key="a", name="result")
    shelf.handle_output(output, 3)
    assert output.get_logged_metadata() == {"kept": dg.MetadataValue.bool(True)}
    assert shelf.load_input(dg.build_input_context(asset_key="a", name="x", upstream_output=output)) == 3


class TreesConfig(dg.Config):
    trees: int
    depth: int = 3


def test_a_config_parameter_receives_the_runs_configuration() -> None:
    @dg.asset
    def forest(config: TreesConfig) -> int:
        return config.trees * config.depth

    run_config = dg.RunConfig(ops={"forest": TreesConfig(trees=5)})
    assert dg.materialize([forest], run_config=run_config).output_for_node("forest") == 15
    plain = {"ops": {"forest": {"config": {"trees": 2, "depth": 4}}}}
    assert dg.materialize([forest], run_config=plain).output_for_node("forest") == 8
    with pytest.raises(dg.DagsterInvalidConfigError, match="'trees'"):
        dg.materialize([forest])
    assert forest(config=TreesConfig(trees=1)) == 3


def test_a_mock_is_the_resource_and_nothing_is_entered() -> None:
    from unittest.mock import MagicMock

    mock = MagicMock()

    @dg.asset(required_resource_keys={"database"})
    def one(context: dg.AssetExecutionContext) -> None:
        with context.resources.database.connect() as connection:
            connection.execute("select 1")

    assert dg.materialize([one], resources={"database": mock}).success
    mock.connect.return_value.__enter__.return_value.execute.assert_called_once_with("select 1")
