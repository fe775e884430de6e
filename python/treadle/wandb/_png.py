"""Pictures as PNG, without any library but what the caller's own picture comes from."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_MAGIC = b"\x89PNG\r\n\x1a\n"


def of_pil(image: Any, mode: str | None) -> bytes:
    import io

    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, format="png")
    return file.getvalue()


def of_figure(figure: Any) -> bytes:
    """Of a matplotlib figure."""
    import io

    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def of_array(array: Any, normalize: bool) -> bytes:
    """Of a NumPy array (or a tensor): whole numbers 0..255; other numbers in 0..1 when `normalize`."""
    from importlib import import_module

    numpy = import_module("numpy")
    values = numpy.asarray(array)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4):
        raise ValueError(
            "An image array must be height x width, or height x width x 1, 3 or 4 channels, not"
            f" {values.shape}."
        )
    if normalize and values.dtype.kind == "f" and values.size and values.min() >= 0 and values.max() <= 1:
        values = values * 255
    raw = values.clip(0, 255).astype("uint8")
    height, width, channels = raw.shape
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return _encode(width, height, color, [row.tobytes() for row in raw])


def _encode(width: int, height: int, color: int, rows: list[bytes]) -> bytes:
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum_ = zlib.crc32(kind + content)
        return len(content).to_bytes(4, "big") + kind + content + sum_.to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, color, 0, 0, 0))
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return _MAGIC + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def size_of(content: bytes) -> tuple[int, int]:
    """(width, height) of a PNG; of other formats through PIL when it is there, else (0, 0)."""
    if content.startswith(_MAGIC):
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    import io
    from importlib import import_module

    try:
        size = import_module("PIL.Image").open(io.BytesIO(content)).size
    except ImportError:
        return 0, 0
    return int(size[0]), int(size[1])
