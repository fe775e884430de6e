"""Files that ops hand to each other by reference."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

import treadle as dg
from treadle._errors import CheckError
from treadle._io.file_manager import LocalFileManager


def test_ops_hand_files_to_each_other(tmp_path: Path) -> None:
    @dg.op(required_resource_keys={"files"})
    def write(context: Any) -> Any:
        files = context.resources.files
        return files.write_data(b"foo"), files.write(io.StringIO("bar"), mode="w", ext="txt")

    @dg.op(required_resource_keys={"files"})
    def read(context: Any, handles: Any) -> Any:
        first, second = handles
        with context.resources.files.read(second, mode="r") as text:
            return context.resources.files.read_data(first), text.read(), second.path_desc

    @dg.job(resource_defs={"files": dg.local_file_manager.configured({"base_dir": str(tmp_path / "f")})})
    def job() -> None:
        read(write())

    data, text, path = job.execute_in_process().output_for_node("read")
    assert (data, text) == (b"foo", "bar")
    assert path.startswith(str(tmp_path / "f"))
    assert path.endswith(".txt")


def test_files_without_a_folder_are_kept_in_the_home(tmp_path: Path) -> None:
    @dg.op(required_resource_keys={"files"})
    def write(context: Any) -> str:
        return str(context.resources.files.write_data(b"x").path)

    @dg.job(resource_defs={"files": dg.local_file_manager})
    def job() -> None:
        write()

    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    path = job.execute_in_process(instance=instance).output_for_node("write")
    assert Path(path).parent == Path(instance.storage_directory()) / "file_manager"


def test_temporary_copies_go_together(tmp_path: Path) -> None:
    files = LocalFileManager(str(tmp_path))
    handle = files.write_data(b"data", ext="bin")
    copy = files.copy_handle_to_local_temp(handle)
    assert Path(copy).read_bytes() == b"data"
    files.delete_local_temp()
    assert not Path(copy).exists()
    assert Path(handle.path).exists()
    with pytest.raises(CheckError, match="file_handle"):
        files.read_data("path")  # type: ignore[arg-type]
