"""A run's own code: its main script as a file of the run, what is below a folder as an artifact."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._run import Run

_OWN_FOLDERS = ("wandb", ".wandb")


def is_wanted(save_code: bool | None) -> bool:
    """As W&B decides: the environment may ask for it, and refuse it, where the program does not."""
    if save_code is False:
        return False
    asked, refused = os.environ.get("WANDB_SAVE_CODE"), os.environ.get("WANDB_DISABLE_CODE")
    if asked is None and refused is None:
        return bool(save_code)
    return _is_true(asked) and not _is_true(refused)


def save_program(run: Run) -> None:
    """The script that was started, as `code/<its path from here>`."""
    from treadle.wandb._system import program_name

    program = program_name()
    if not program or not os.path.isfile(program) or os.path.isabs(program) or program.startswith(".."):
        return
    place = f"code/{program}"
    run._put(place, program)
    run._note_own("code_path", place)


def log_code(
    run: Run,
    root: str | None,
    name: str | None,
    include_fn: Callable[..., bool] | None,
    exclude_fn: Callable[..., bool] | None,
) -> Artifact | None:
    import re

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._system import program_name

    if name is None:
        name = re.sub(r"[^a-zA-Z0-9_\-.]", "_", f"source-{run.project}-{program_name() or 'code'}")
        name = name if len(name) <= 128 else f"{name[:63]}..{name[-63:]}"
    artifact = Artifact(name, "code")
    top = os.path.abspath(root) if root is not None else None
    for folder, folders, files in os.walk(top) if top is not None else ():
        folders.sort()
        for file in sorted(files):
            path = os.path.join(folder, file)
            if _says(include_fn or _is_code, path, top) and not _says(exclude_fn or _is_ours, path, top):
                artifact.add_file(path, os.path.relpath(path, top))
    if not artifact._entries:
        run._warn(
            "No relevant files were detected in the specified directory. No code will be logged to your run."
        )
        return None
    logged = run.log_artifact(artifact)
    run._note_own("code_path", logged.name)
    return logged


def _says(function: Callable[..., bool], path: str, root: str | None) -> bool:
    """Functions of one argument do not hear the root."""
    import inspect

    return bool(function(path, root) if len(inspect.signature(function).parameters) == 2 else function(path))


def _is_code(path: str) -> bool:
    file = os.path.basename(path)
    return file.endswith(".py") or file.startswith("Dockerfile") or file == "requirements.txt"


def _is_ours(path: str, root: str) -> bool:
    return os.path.relpath(path, root).split(os.sep)[0] in _OWN_FOLDERS


def _is_true(text: Any) -> bool:
    return text is not None and str(text).strip().lower() in ("1", "true", "t", "yes", "y", "on")
