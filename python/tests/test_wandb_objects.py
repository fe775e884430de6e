"""W&B objects beyond the plain table: joined and partitioned tables, sounds, points; drafts of versions."""

from __future__ import annotations

import io
import json
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treadle import DagsterInstance, wandb


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    with wandb.init(project="p", instance=DagsterInstance.local_temp(str(tmp_path / "home"))) as begun:
        yield begun


def logged(run: Any, artifact: Any) -> Any:
    run.log_artifact(artifact)
    return wandb.Api(instance=run._host.instance).artifact(artifact.qualified_name)


def test_joined_tables(run: Any) -> None:
    one = wandb.Table(columns=["id", "a"], data=[[1, "x"]])
    two = wandb.Table(columns=["id", "b"], data=[[1, 2.5]])
    artifact = wandb.Artifact("joined", "dataset")
    artifact.add(one, "first")
    artifact.add(wandb.JoinedTable("first.table.json", two, "id"), "both")
    found = logged(run, artifact)
    document = json.loads(Path(found.get_path("both.joined-table.json").download()).read_text())
    assert document["_type"] == "joined-table"
    assert (document["table1"], document["join_key"]) == ("first.table.json", "id")
    assert document["table2"] in [e.path for e in found.files()]
    both = found.get("both")
    assert (both._table1.data, both._table2.data) == (one.data, two.data)
    with pytest.raises(ValueError, match="join_key should be"):
        wandb.JoinedTable(one, two, ["a"])
    with pytest.raises(ValueError, match="table1 should be"):
        wandb.JoinedTable("no table", two, "id")


def test_partitioned_tables(run: Any) -> None:
    artifact = wandb.Artifact("parts", "dataset")
    for i in range(3):
        artifact.add(wandb.Table(columns=["n"], data=[[i], [i * 10]]), f"parts/{i}")
    artifact.add(wandb.PartitionedTable("parts"), "whole")
    found = logged(run, artifact)
    document = json.loads(Path(found.get_path("whole.partitioned-table.json").download()).read_text())
    assert document == {"_type": "partitioned-table", "parts_path": "parts"}
    rows = list(found.get("whole").iterrows())
    assert rows == [(0, [0]), (1, [0]), (2, [1]), (3, [10]), (4, [2]), (5, [20])]


def test_sounds_points_and_classes(run: Any) -> None:
    numpy = pytest.importorskip("numpy")
    sound = wandb.Audio(numpy.array([0.0, 0.5, -1.0]), sample_rate=8000, caption="beep")
    with wave.open(io.BytesIO(sound.content)) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 3, 1)
    with pytest.raises(ValueError, match="sample_rate"):
        wandb.Audio([0.0])
    points = wandb.Object3D(numpy.zeros((2, 3)))
    assert json.loads(points.content) == [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    with pytest.raises(ValueError, match="n x 3"):
        wandb.Object3D(numpy.zeros((2, 5)))
    run.log({"points": points, "sounds": [sound, sound]})
    artifact = wandb.Artifact("objects", "dataset")
    artifact.add(sound, "sound")
    artifact.add(points, "points")
    artifact.add(wandb.Classes([{"id": 1, "name": "cat"}]), "classes")
    found = logged(run, artifact)
    assert found.get("sound") == sound
    assert found.get("points").content == points.content
    assert found.get("classes") == wandb.Classes([{"id": 1, "name": "cat"}])
    run.finish()
    row = next(iter(wandb.Api(instance=run._host.instance).run(run.path).scan_history()))
    assert row["points"]["path"].endswith(".pts.json")
    assert (row["sounds"]["_type"], row["sounds"]["count"]) == ("audio", 2)
    assert row["sounds"]["captions"] == ["beep", "beep"]


def test_a_draft_of_a_version_and_incremental_artifacts(run: Any, tmp_path: Path) -> None:
    first = wandb.Artifact("data", "dataset", metadata={"a": 1})
    for name in ("keep.txt", "change.txt", "remove.txt"):
        with first.new_file(name) as file:
            file.write(name)
    first.add_reference("s3://bucket/key", name="there")
    version = logged(run, first)
    draft = version.new_draft()
    draft.remove("remove.txt")
    with draft.new_file("change.txt", "w") as file:
        file.write("changed")
    second = logged(run, draft)
    assert second.version == "v1"
    assert second.metadata == {"a": 1}
    assert [e.path for e in second.files()] == ["change.txt", "keep.txt", "there"]
    assert Path(second.get_path("change.txt").download()).read_text() == "changed"
    assert second.get_path("there").ref == "s3://bucket/key"

    more = wandb.Artifact("data", "dataset", incremental=True)
    with more.new_file("new.txt") as file:
        file.write("new")
    third = logged(run, more)
    assert [e.path for e in third.files()] == ["change.txt", "keep.txt", "new.txt", "there"]
    assert Path(third.get_path("keep.txt").download()).read_text() == "keep.txt"


def test_boxes_and_masks_over_an_image(run: Any) -> None:
    numpy = pytest.importorskip("numpy")
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1, "scores": {"p": 0.5}}
    image = wandb.Image(
        numpy.zeros((2, 3, 3), "uint8"),
        boxes={"truth": {"box_data": [box], "class_labels": {1: "cat"}}},
        masks={"guess": {"mask_data": numpy.array([[0, 1, 2], [0, 0, 0]]), "class_labels": {2: "dog"}}},
        classes=[{"id": 0, "name": "sky"}],
    )
    artifact = wandb.Artifact("images", "dataset")
    artifact.add(image, "layered")
    found = logged(run, artifact)
    document = json.loads(Path(found.get_path("layered.image-file.json").download()).read_text())
    assert document["boxes"] == {"truth": [box]}
    assert document["masks"]["guess"]["path"].startswith("media/images/mask/")
    classes = json.loads(Path(found.get_path(document["classes"]["path"]).download()).read_text())
    names = {c["id"]: c["name"] for c in classes["class_set"]}
    assert names == {1: "cat", 2: "dog", 0: "sky"}
    back = found.get("layered")
    assert back._masks["guess"].content == image._masks["guess"].content
    run.log({"one": image, "two": [image, image]})
    run.finish()
    public = wandb.Api(instance=run._host.instance).run(run.path)
    row = next(iter(public.scan_history()))
    boxes = row["one"]["boxes"]["truth"]
    assert boxes["_type"] == "boxes2D"
    assert json.loads(public.file(boxes["path"]).read())["class_labels"] == {"1": "cat"}
    assert row["one"]["masks"]["guess"]["path"].endswith(".mask.png")
    assert len(row["two"]["all_boxes"]) == 2
    with pytest.raises(TypeError, match="must contain a position"):
        wandb.Image(b"x", boxes={"bad": {"box_data": [{"position": {}}]}})


def test_the_cache_never_grows_beyond_its_size(tmp_path: Path) -> None:
    import os

    from treadle.wandb._cache import Cache

    cache = Cache(str(tmp_path), 60, megabytes=1)
    for number in range(3):
        place = Path(cache.folder, "artifacts", f"v{number}")
        place.mkdir(parents=True)
        (place / "file").write_bytes(b"x" * 600_000)
        os.utime(place / "file", (1_000 + number, 1_000 + number))
    other = Cache(str(tmp_path), 60, megabytes=1)
    other.hold()
    cache.hold()
    cache.close()
    kept = Path(cache.folder, "artifacts")
    assert len(list(kept.iterdir())) == 3, "somebody reads"
    other.close()
    assert len(list(kept.iterdir())) == 1


def test_frames_are_a_video(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip("imageio")
    frames = numpy.zeros((5, 3, 4, 6), "uint8")
    frames[:, 0] = 250
    video = wandb.Video(frames, format="gif", fps=5)
    assert video.content[:6] == b"GIF89a"
    written: dict[str, bytes] = {}
    document = video._to_json(written.__setitem__)
    assert (document["width"], document["height"]) == (6, 4)
    assert list(written) == [document["path"]]
    assert document["path"].endswith(".gif")
    # Three of them stand in a grid of two by two.
    several = wandb.Video(numpy.zeros((3, 2, 3, 4, 6), "uint8"), format="gif")
    assert several._size == (12, 8)


def test_what_a_video_needs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    numpy = pytest.importorskip("numpy")
    frames = numpy.zeros((2, 3, 4, 4), "uint8")
    with pytest.raises(ValueError, match="requires a `format` argument"):
        wandb.Video(frames)
    with pytest.raises(ValueError, match="gif, mp4, webm, ogg formats"):
        wandb.Video("film.avi")
    with pytest.raises(ValueError, match="at least 4 dimensions"):
        wandb.Video(frames[0], format="gif")
    monkeypatch.setitem(sys.modules, "moviepy", None)
    with pytest.raises(ImportError, match="requires moviepy"):
        wandb.Video(frames, format="mp4")


def test_cells_that_are_no_number_are_nothing() -> None:
    table = wandb.Table(columns=["a"], data=[[float("nan")], [float("inf")]])
    assert table.data == [[None], [float("inf")]]


def test_types_come_from_data_types_too() -> None:
    from treadle.wandb import data_types

    assert wandb.data_types is data_types
    assert data_types.Table is wandb.Table
