"""What user code names and says reaches a terminal as harmless text, and --json as valid JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from trust import Project

# Colours, a window title, a bell, C1 control, a right-to-left override, an overwritten line.
EVIL = "\x1b[31m\x1b]0;title\x07\u009b1m\u202e\r"
PIPELINE = f"""
import treadle as dg
EVIL = {EVIL!a}

@dg.asset(description="says " + EVIL, metadata={{"plain": EVIL, "md": dg.MetadataValue.md("# " + EVIL)}})
def a(context):
    context.log.info("logged " + EVIL)
    return dg.MaterializeResult(value=1, metadata={{
        "text" + EVIL: EVIL,
        "url": dg.MetadataValue.url("http://x" + EVIL),
        "path": dg.MetadataValue.path(EVIL),
        "json": dg.MetadataValue.json({{EVIL: EVIL}}),
    }})

@dg.asset_check(asset=a, description=EVIL)
def failing():
    return dg.AssetCheckResult(passed=False, description="because " + EVIL, metadata={{"x": EVIL}})

class Bad(Exception):
    pass

Bad.__qualname__ = "Bad" + EVIL

@dg.asset(deps=[a])
def b():
    raise Bad("boom " + EVIL)
"""
LOOKS = (
    ["list", "-f", "pipeline.py"],
    ["check", "-f", "pipeline.py"],
    ["materialize", "--dry-run", "-f", "pipeline.py"],
    ["run", "show", "r"],
    ["run", "logs", "r"],
    ["run", "list"],
    ["asset", "show", "a"],
    ["artifact", "ls"],
    ["artifact", "show", "put"],
)


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_nothing_that_was_named_or_said_controls_the_terminal(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", PIPELINE)
    project.write("tiny", "tiny")
    said = [
        project("materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor, code=1),
        project(
            "artifact", "put", "put", "tiny", "--description", EVIL, "--metadata", '{"\\u001b": "\\u009b"}'
        ),
        project("artifact", "get", "put", "to" + EVIL),
        project("run", "show", EVIL, code=4),
        project("asset", "show", EVIL, code=2),
        project("list", "-f", EVIL, code=4),
        project("list", "-m", EVIL, code=3),
        project(EVIL, code=2),
        project("run", "list", "--" + EVIL, code=2),
        *(project(*words) for words in LOOKS),
    ]
    for done in said:
        shown = done.text + done.err
        assert not set("\x1b\x07\u009b\u202e\r") & set(shown), ascii(shown)
    everything = "".join(done.text + done.err for done in said)
    for text in ("logged \\x1b[31m", "because \\x1b[31m", "boom \\x1b[31m"):
        assert text in everything
    for words in LOOKS:
        project.json(*words)
    logged = [e["message"] for e in project.events("r") if e["type"] == "LOG"]
    assert any(EVIL in message for message in logged), "the record has what was said, unchanged"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("../x", "may not contain '/'"),
        ("a/b", "may not contain '/'"),
        ("", "may be empty"),
        ("a\x00b", "control or invisible characters"),
        ("a\x1bb", "control or invisible characters"),
        ("a\nb", "control or invisible characters"),
        ("a\u202eb", "control or invisible characters"),
        ("x" * 10_000_000, "at most 255 bytes"),
    ],
)
def test_a_hostile_asset_key_is_refused_with_its_rule(tmp_path: Path, name: str, rule: str) -> None:
    project = Project(tmp_path)
    told = ascii(name) if len(name) < 100 else f"'x' * {len(name)}"
    project.write("pipeline.py", f"import treadle as dg\n\n@dg.asset(key=[{told}])\ndef a(): return 1\n")
    refused = project("materialize", "-f", "pipeline.py", code=3)
    assert rule in " ".join(refused.text.split()) + " ".join(refused.err.split())
    assert len(refused.text + refused.err) < 10_000
    assert not project.home.exists() or project.json("run", "list") == {"runs": []}
