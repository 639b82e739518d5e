"""Images and sounds as numbers: features for quick models, near-duplicates.

Every function takes the cells of an image or audio column, which are digests.
"""

from mlkit.data.media.describing import features
from mlkit.data.media.nearness import near, pairs
from mlkit.data.media.unpacking import unpacked

__all__ = ["features", "near", "pairs", "unpacked"]
