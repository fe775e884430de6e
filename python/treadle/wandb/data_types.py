"""Tables and media under the name that programs import them from: `from wandb.data_types import Table`."""

from treadle.wandb._histogram import Histogram
from treadle.wandb._image_layers import BoundingBoxes2D, ImageMask
from treadle.wandb._joined import Classes, JoinedTable, PartitionedTable
from treadle.wandb._values import (
    Audio,
    Bokeh,
    Html,
    Image,
    Media,
    Molecule,
    Object3D,
    Plotly,
    Table,
    Video,
    WBValue,
)

__all__ = [
    "Audio",
    "Bokeh",
    "BoundingBoxes2D",
    "Classes",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "JoinedTable",
    "Media",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Table",
    "Video",
    "WBValue",
]
