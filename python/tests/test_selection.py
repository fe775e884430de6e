"""AssetSelection: what each way of selecting means among the same few assets."""

from __future__ import annotations

import pytest

import treadle as dg
from treadle._errors import DagsterInvalidAssetSelectionError

S = dg.AssetSelection


@dg.asset(group_name="raw", kinds={"csv"}, tags={"domain": "botany"}, owners=["team:data"])
def source() -> int:
    return 1


@dg.asset(key_prefix="clean", group_name="clean", deps=[source])
def left() -> int:
    return 1


@dg.asset(key_prefix="clean", group_name="clean", deps=[source])
def right() -> int:
    return 1


@dg.asset(deps=[left, right])
def report() -> int:
    return 1


ALL = [source, left, right, report]
EVERYTHING = {"source", "clean/left", "clean/right", "report"}


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (S.all(), EVERYTHING),
        (S.keys("source", ["clean", "left"]), {"source", "clean/left"}),
        (S.assets(left, report), {"clean/left", "report"}),
        (S.groups("clean"), {"clean/left", "clean/right"}),
        (S.groups("clean", "raw"), EVERYTHING - {"report"}),
        (S.key_prefixes("clean"), {"clean/left", "clean/right"}),
        (S.key_substring("ft"), {"clean/left"}),
        (S.kind("csv"), {"source"}),
        (S.tag("domain", "botany"), {"source"}),
        (S.owner("team:data"), {"source"}),
        (S.keys("report").upstream(), EVERYTHING),
        (S.keys("report").upstream(depth=1), EVERYTHING - {"source"}),
        (S.keys("report").upstream(include_self=False), EVERYTHING - {"report"}),
        (S.keys("source").downstream(depth=1), EVERYTHING - {"report"}),
        (S.assets(left).downstream(), {"clean/left", "report"}),
        (S.groups("clean", "raw").sinks(), {"clean/left", "clean/right"}),
        (S.groups("clean", "raw").roots(), {"source"}),
        (S.groups("clean") | S.keys("report"), EVERYTHING - {"source"}),
        (S.all() - S.groups("clean"), {"source", "report"}),
        (S.groups("clean") & S.assets(left).downstream(), {"clean/left"}),
        ((S.assets(left) | S.assets(right)).upstream(include_self=False), {"source"}),
        (S.keys("source") - S.keys("source"), set()),
    ],
)
def test_a_selection_means(selection: dg.AssetSelection, meant: set[str]) -> None:
    assert {k.to_user_string() for k in selection.resolve(ALL)} == meant


def test_text_and_lists_are_selections_too() -> None:
    assert S.from_coercible("group:clean").resolve(ALL) == {left.key, right.key}
    assert S.from_coercible(["source", "report"]).resolve(ALL) == {source.key, report.key}
    assert S.from_coercible([left]).resolve(ALL) == {left.key}
    assert S.from_coercible([right.key]).resolve(ALL) == {right.key}


def test_a_mistake_in_a_selection_is_told() -> None:
    with pytest.raises(dg.DagsterInvalidSubsetError, match="sourcee"):
        S.keys("sourcee").resolve(ALL)
    with pytest.raises(DagsterInvalidAssetSelectionError, match="Invalid selection string: group:"):
        S.from_string("group:")
