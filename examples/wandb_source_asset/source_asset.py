"""An artifact made elsewhere (by hand, or by a script) is the input of a pipeline.

python make_words.py
treadle materialize -f source_asset.py
"""

from pathlib import Path

from treadle import Definitions, SourceAsset, asset
from treadle.wandb import Artifact, WandbArtifactsIOManager

words = SourceAsset("words")


@asset(metadata={"wandb_artifact_configuration": {"type": "results"}})
def longest(words: Artifact) -> str:
    text = Path(words.get_path("words.txt").download()).read_text(encoding="utf-8")
    return max(text.split(), key=len)


defs = Definitions(
    assets=[words, longest],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="source")},
)
