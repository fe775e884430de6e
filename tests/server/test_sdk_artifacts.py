"""Artifacts of the real SDK: written, found, read, named, linked, deleted."""

from __future__ import annotations

from real_server import Sdk

LOG = """
import os, wandb
def make(text, name="data", **kw):
    os.makedirs("in/sub", exist_ok=True)
    open("in/a.txt", "w").write(text)
    open("in/sub/b.bin", "wb").write(bytes(range(256)) * 300)
    run = wandb.init(project="iris")
    art = wandb.Artifact(name, type="dataset", metadata={"n": 1, "deep": {"x": [1]}}, description="d")
    art.add_dir("in")
    logged = run.log_artifact(art, **kw)
    logged.wait()
    run.finish()
    return logged
"""


def test_a_version_is_written_and_read_back(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
first = make("one", aliases=["best"])
api = wandb.Api()
art = api.artifact("local/iris/data:latest")
path = art.download("out")
run = art.logged_by()
result = dict(version=art.version, aliases=sorted(art.aliases), size=art.size, type=art.type,
    metadata=art.metadata, description=art.description, files=sorted(f.name for f in art.files()),
    text=open(path + "/a.txt").read(), binary=os.path.getsize(path + "/sub/b.bin"), digest=art.digest == first.digest,
    run=run is not None, entry=open(art.get_entry("a.txt").download("one")).read(), state=art.state,
    exists=[api.artifact_exists("local/iris/data:v0"), api.artifact_exists("local/iris/none:v0"),
            api.artifact_collection_exists("local/iris/data", "dataset")], manifest=len(art.manifest.entries))
art.verify(path)
"""
    )
    assert result == {
        "version": "v0",
        "aliases": ["best", "latest"],
        "size": 76803,
        "type": "dataset",
        "metadata": {"n": 1, "deep": {"x": [1]}},
        "description": "d",
        "files": ["a.txt", "sub/b.bin"],
        "text": "one",
        "binary": 76800,
        "digest": True,
        "run": True,
        "entry": "one",
        "state": "COMMITTED",
        "exists": [True, False, True],
        "manifest": 2,
    }


def test_equal_content_is_one_version_and_new_content_the_next(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
result = [make("one").version, make("one", aliases=["again"]).version, make("two").version]
api = wandb.Api()
result.append(sorted(api.artifact("local/iris/data:v0").aliases))
result.append([a.version for a in api.artifacts("dataset", "local/iris/data")])
"""
    )
    assert result == ["v0", "v0", "v1", ["again"], ["v1", "v0"]]


def test_use_makes_lineage(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
make("one")
run = wandb.init(project="iris", id="user")
used = run.use_artifact("data:latest")
path = used.download()
out = wandb.Artifact("model", type="model")
with out.new_file("weights.txt") as f:
    f.write("w")
run.log_artifact(out).wait()
run.finish()
api = wandb.Api()
run = api.run("local/iris/user")
result = [open(path + "/a.txt").read(), [a.name for a in run.used_artifacts()],
          [a.name for a in run.logged_artifacts() if a.type == "model"],
          [r.id for r in api.artifact("local/iris/data:v0").used_by()]]
"""
    )
    assert result == ["one", ["data:v0"], ["model:v0"], ["user"]]


def test_names_tags_and_descriptions_change_and_content_does_not(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
make("one"); make("two")
api = wandb.Api()
art = api.artifact("local/iris/data:v0")
digest = art.digest
art.aliases.append("prod"); art.tags = ["checked", "small"]; art.description = "new"; art.metadata["n"] = 2
art.save()
back = api.artifact("local/iris/data:prod")
result = [back.version, sorted(back.tags), back.description, back.metadata["n"], back.digest == digest]
back.aliases.remove("prod"); back.save()
result.append(api.artifact_exists("local/iris/data:prod"))
back.delete(delete_aliases=True)
result.append(api.artifact_exists("local/iris/data:v0"))
result.append(make("three").version)
col = api.artifact_collection("dataset", "local/iris/data")
col.description = "all of it"; col.tags = ["t"]; col.name = "renamed"; col.save()
again = api.artifact_collection("dataset", "local/iris/renamed")
result.append([again.description, list(again.tags), again.type])
result.append([t.name for t in api.artifact_types("local/iris") if t.name == "dataset"])
again.delete()
result.append(api.artifact_collection_exists("local/iris/renamed", "dataset"))
"""
    )
    assert result == [
        "v0",
        ["checked", "small"],
        "new",
        2,
        True,
        False,
        False,
        "v2",
        ["all of it", ["t"], "dataset"],
        ["dataset"],
        False,
    ]


def test_incremental_versions_overlay_the_last(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
make("one")
run = wandb.init(project="iris")
art = wandb.Artifact("data", type="dataset", incremental=True)
with art.new_file("c.txt") as f:
    f.write("new")
logged = run.log_artifact(art)
logged.wait()
run.finish()
back = wandb.Api().artifact("local/iris/data:latest")
path = back.download("inc")
result = [back.version, sorted(back.manifest.entries), open(path + "/a.txt").read(), open(path + "/c.txt").read()]
"""
    )
    assert result == ["v1", ["a.txt", "c.txt", "sub/b.bin"], "one", "new"]


def test_references_tables_and_media_are_kept(sdk: Sdk) -> None:
    result = sdk(
        """
        import os, wandb
        open("local.txt", "w").write("hello")
        run = wandb.init(project="iris", id="media")
        art = wandb.Artifact("refs", type="dataset")
        art.add_reference("file://" + os.path.abspath("local.txt"), name="local.txt")
        web = wandb.Artifact("web", type="dataset")
        web.add_reference("https://example.invalid/x.bin", name="x.bin", checksum=False)
        run.log_artifact(web).wait()
        table = wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])
        art.add(table, "table")
        run.log_artifact(art).wait()
        run.log({"t": table, "html": wandb.Html("<b>x</b>"), "hist": wandb.Histogram(np_histogram=([1, 2], [0, 1, 2]))})
        run.finish()
        api = wandb.Api()
        back = api.artifact("local/iris/refs:v0")
        path = back.get_entry("local.txt").download("refs")
        result = [api.artifact("local/iris/web:v0").get_entry("x.bin").ref, open(path).read(), back.get("table").data,
                  api.artifact("local/iris/run-media-t:v0").get("t").data,
                  sorted(f.name.split("/")[1] for f in api.run("local/iris/media").files() if f.name.startswith("media/"))]
        """
    )
    assert result[0] == "https://example.invalid/x.bin"
    assert result[1] == "hello"
    assert result[2] == [[1, "x"], [2, "y"]]
    assert result[3] == [[1, "x"], [2, "y"]]
    assert {"html", "table"} <= set(result[4])


def test_the_command_line_puts_and_gets(sdk: Sdk) -> None:
    (sdk.folder / "put").mkdir()
    (sdk.folder / "put" / "x.txt").write_text("content")
    sdk.cli("artifact", "put", "--name", "iris/cli", "--type", "dataset", "put")
    sdk.cli("artifact", "get", "local/iris/cli:latest", "--root", "got")
    assert (sdk.folder / "got" / "x.txt").read_text() == "content"
    assert "cli" in sdk.cli("artifact", "ls", "local/iris")


def test_what_the_sdk_logs_is_what_treadle_keeps(sdk: Sdk) -> None:
    sdk(LOG + "\nmake('one', aliases=['best'])\n")
    kept = sdk.server.admin("artifact", "show", "iris/data:best")
    assert kept["version"]["size"] == 76803


def test_runs_of_one_id_in_two_projects_have_lineages_of_their_own(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        for project in ("one", "two"):
            with wandb.init(project=project, id="same") as run:
                art = wandb.Artifact(f"made-{project}", type="data")
                with art.new_file("f") as f:
                    f.write(project)
                run.log_artifact(art).wait()
            with wandb.init(project=project, id="reader") as run:
                run.use_artifact(f"made-{project}:latest")
                if project == "two":
                    run.use_artifact("one/made-one:latest")
        api = wandb.Api()
        result = []
        for project in ("one", "two"):
            made, reader = api.run(f"{project}/same"), api.run(f"{project}/reader")
            result.append([sorted(a.name for a in made.logged_artifacts()),
                           sorted(a.name for a in reader.used_artifacts())])
            version = api.artifact(f"{project}/made-{project}:v0")
            result.append([version.logged_by().project, sorted(r.project for r in version.used_by())])
        """
    )
    assert result == [
        [["made-one:v0"], ["made-one:v0"]],
        ["one", ["one", "two"]],
        [["made-two:v0"], ["made-one:v0", "made-two:v0"]],
        ["two", ["two"]],
    ]


def test_a_run_that_logs_the_same_content_again_has_it_among_its_outputs(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        names = []
        for number in ("first", "second"):
            with wandb.init(project="p", id=number) as run:
                art = wandb.Artifact("same", type="data")
                with art.new_file("f") as f:
                    f.write("content")
                run.log_artifact(art).wait()
            names.append([a.name for a in wandb.Api().run(f"p/{number}").logged_artifacts()])
        result = names
        """
    )
    assert result == [["same:v0"], ["same:v0"]]


def test_a_description_that_was_never_given_is_none_and_an_empty_one_is_empty(sdk: Sdk) -> None:
    result = sdk(
        LOG
        + """
art = make("one")
art.link("local/iris/picked")
result = []
for kind in ("data", "picked"):
    said = [wandb.Api().artifact_collection("dataset", f"local/iris/{kind}").description]
    for text in ("", "words", ""):
        col = wandb.Api().artifact_collection("dataset", f"local/iris/{kind}")
        col.description = text; col.save()
        said.append(wandb.Api().artifact_collection("dataset", f"local/iris/{kind}").description)
    result.append(said)
"""
    )
    assert result == [[None, "", "words", ""]] * 2
