"""Help, version, completion, and the reference page that must agree with the program."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

GROUPS = {
    "issuer",
    "pool",
    "automation",
    "run",
    "runs",
    "asset",
    "artifact",
    "registry",
    "user",
    "org",
    "team",
    "member",
    "key",
}
REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/command-line.md"


def commands(cli: Cli, *path: str) -> list[tuple[str, ...]]:
    """Every command, as completion knows them."""
    found: list[tuple[str, ...]] = []
    for line in cli("__complete", *path, "").out.splitlines():
        word = line.split("\t")[0]
        if path and path[0] not in GROUPS:
            continue
        if word.startswith(":") or word == "latest":
            continue
        found += [(*path, word), *commands(cli, *path, word)] if len(path) < 2 else []
    return found


def test_every_command_helps(treadle: Cli) -> None:
    every = commands(treadle)
    assert ("artifact", "put") in every
    assert len(every) > 18
    for path in every:
        done = treadle(*path, "--help")
        assert done.out.startswith(done.out.split("\n")[0])
        assert f"Usage: treadle {' '.join(path)}" in done.out
        assert "Options of every command" in done.out
        if len(path) == 2 or path[0] not in GROUPS:
            assert "Examples\n" in done.out, f"{path} has no example to learn from"
    assert treadle("help", "artifact", "put").out == treadle("artifact", "put", "--help").out


def test_no_command_is_a_usage_error_that_helps(treadle: Cli) -> None:
    assert "Commands\n" in treadle(code=2).out


def test_output_that_cannot_be_written_is_no_success(treadle: Cli) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [treadle.program, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 5
    assert "No space left on device" in done.stderr


def test_a_reader_that_closes_the_pipe_early_is_no_failure(treadle: Cli) -> None:
    script = f"{treadle.program} --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_version(treadle: Cli) -> None:
    told = treadle("--version").out
    assert told.startswith("treadle 0.")
    for words in (("--version", "--json"), ("--json", "version")):
        assert f"treadle {json.loads(treadle(*words).out)['version']}\n" == told


def test_the_reference_page_is_what_the_program_says(treadle: Cli) -> None:
    page = REFERENCE.read_text()
    begin = page.index("## Options of every command")
    assert page[begin:] == treadle("__reference").out, (
        "docs/reference/command-line.md and the program differ. Replace everything from "
        "'## Options of every command' on by the output of `build/release/bin/treadle __reference`."
    )


def test_the_reference_page_names_every_exit_code(treadle: Cli) -> None:
    page = REFERENCE.read_text()
    for code in (0, 1, 2, 3, 4, 5, 70, 130):
        assert f"| {code} |" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_good_shell(treadle: Cli, shell: str) -> None:
    script = treadle("completion", shell).out
    assert "__complete" in script
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr
    elif shell == "bash":
        pytest.fail("bash is needed to check its completion script")


def bash_completions(treadle: Cli, line: str) -> list[str]:
    """What bash itself would offer at the end of `line`."""
    words = line.split(" ")
    script = treadle.folder / "complete.sh"
    script.write_text(
        treadle("completion", "bash").out
        + f"COMP_WORDS=({' '.join(repr(word) for word in [str(treadle.program), *words[1:]])})\n"
        + f"COMP_CWORD={len(words) - 1}\n"
        + "compopt() { :; }\n_treadle_complete\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(
        ["bash", script], cwd=treadle.folder, env=treadle.env, text=True, capture_output=True, check=True
    )
    return done.stdout.split()


def test_bash_completes_commands_options_choices_and_kept_names(treadle: Cli) -> None:
    (treadle.folder / "a.txt").write_text("a")
    treadle("artifact", "put", "iris", "a.txt")
    treadle("artifact", "put", "model", "a.txt", "--type", "model")
    assert bash_completions(treadle, "treadle mat") == ["materialize"]
    assert bash_completions(treadle, "treadle artifact ve") == ["verify"]
    assert bash_completions(treadle, "treadle artifact show ") == ["iris", "model"]
    assert bash_completions(treadle, "treadle materialize --exec") == ["--executor"]
    assert bash_completions(treadle, "treadle materialize --executor ") == ["in_process", "process"]
    assert bash_completions(treadle, "treadle artifact put x a.") == ["a.txt"]
    assert bash_completions(treadle, "treadle artifact show nothing-like-it") == []


def test_reading_stops_quietly_when_nobody_listens(treadle: Cli) -> None:
    """`treadle __reference | head -1`."""
    with treadle.start("__reference") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
