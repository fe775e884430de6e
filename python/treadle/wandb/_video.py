"""Frames as a video file. GIF is written by imageio, mp4, webm and ogg by moviepy, as the SDK does."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

FORMATS = ("gif", "mp4", "webm", "ogg")
_NEEDS = 'wandb.Video requires {} when passing raw data. Install with "pip install wandb[media]"'


def check_format(format: str | None, source: str) -> str:
    if format is None:
        raise ValueError(f"wandb.Video requires a `format` argument when initializing with {source}.")
    if format not in FORMATS:
        raise ValueError(f"wandb.Video accepts {', '.join(FORMATS)} formats")
    return format


def encoded(frames: Any, format: str, fps: int) -> tuple[bytes, int, int]:
    """(file, width, height) of frames: time x channels x height x width, or several of these side by side."""
    import os
    import tempfile
    from importlib import import_module

    pictures = _pictures(frames)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"video.{format}")
        if format == "gif":
            try:
                imageio = import_module("imageio")
            except ImportError as error:
                raise ImportError(_NEEDS.format("imageio")) from error
            writer = imageio.save(path, quantizer=0, palettesize=256, loop=0, duration=1000 / fps)
            for picture in pictures:
                writer.append_data(picture)
            writer.close()
        else:
            try:
                clips = import_module("moviepy.video.io.ImageSequenceClip")
            except ImportError as error:
                raise ImportError(_NEEDS.format("moviepy")) from error
            clips.ImageSequenceClip(list(pictures), fps=fps).write_videofile(path, logger=None)
        with open(path, "rb") as file:
            return file.read(), int(pictures.shape[2]), int(pictures.shape[1])


def _pictures(frames: Any) -> Any:
    """time x height x width x channels. Videos of one batch stand in a grid, black where there is none."""
    from importlib import import_module

    numpy = import_module("numpy")
    frames = numpy.asarray(frames)
    if frames.ndim < 4:
        raise ValueError("Video must be at least 4 dimensions: time, channels, height, width")
    if frames.ndim == 4:
        frames = frames[None]
    frames = frames.astype("uint8")
    count, time, channels, height, width = frames.shape
    places = 1 << (count - 1).bit_length()
    if places != count:
        empty = numpy.zeros((places - count, time, channels, height, width), "uint8")
        frames = numpy.concatenate((frames, empty))
    rows = 1 << ((places.bit_length() - 1) // 2)
    grid = frames.reshape(rows, places // rows, time, channels, height, width)
    grid = numpy.transpose(grid, (2, 0, 4, 1, 5, 3))
    return grid.reshape(time, rows * height, places // rows * width, channels)
