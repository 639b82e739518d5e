"""The door of a model in ONNX: the operations of `Encoder.transform`, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from mlkit.model.encoding.descriptors import Descriptor
from mlkit.model.encoding.embeddings import Embedding
from mlkit.model.encoding.encode import Encoder
from mlkit.model.encoding.normal import Normal
from mlkit.model.encoding.rates import Rates
from mlkit.model.encoding.texts import CAP, COUNTS, LENGTHS, UNIT, Texts
from mlkit.model.formats.nodes import Nodes
from mlkit.model.problem import Problem

__all__ = ["Door"]


class Door(Nodes):
    """A graph that encodes cleaned columns.

    Parameters
    ----------
    problem
        Whose features are the inputs.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.features)
        self.problem = problem
        self.texts: dict[Any, str] = {}
        self.embedded: dict[str, str] = {}
        self.described: dict[str, str] = {}

    def encode(self, encoder: Encoder) -> str:
        """Encode the columns as `Encoder.transform` does."""
        blocks = self._numbers(encoder) if encoder.numbers else []
        blocks += [self._ones(name, v) for name, v in encoder.levels.items()]
        blocks += [self._rates(name, rates) for name, rates in encoder.rates.items()]
        blocks += [self._text(name, texts) for name, texts in encoder.texts.items()]
        blocks += [self._embedding(name, e) for name, e in encoder.embeddings.items()]
        blocks += [b for n, told in encoder.media.items() for b in self._media(n, told)]
        if not blocks:
            return self._nothing()
        return self.node("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]

    def _numbers(self, encoder: Encoder) -> list[str]:
        raw = self.node("Concat", *encoder.numbers, axis=1)
        nan = self.constant(np.array([np.nan], np.float32))
        raw = self.node("Where", self.node("IsInf", raw), nan, raw)
        missing = self.node("IsNaN", raw)
        cells = self.node("Where", missing, self.constant(encoder.fill), raw)
        if encoder.normal is not None:
            cells = self._normal(cells, encoder.normal)
        elif encoder.clip:
            cells = self.node("Sub", cells, self.constant(encoder.mean))
            cells = self.node("Div", cells, self.constant(encoder.scale))
            limits = [np.float32(-encoder.clip), np.float32(encoder.clip)]
            cells = self.node("Clip", cells, *map(self.constant, limits))
        if not encoder.flags:
            return [cells]
        places = [encoder.numbers.index(name) for name in encoder.flags]
        flags = self.node("Cast", missing, to=TensorProto.FLOAT)
        picked = self.constant(np.array(places, np.int64))
        return [cells, self.node("Gather", flags, picked, axis=1)]

    def _normal(self, cells: str, maps: Normal) -> str:
        """Count the knots that a cell reaches, and look its map up."""
        columns, knots = maps.knots.shape
        wide = self.node("Unsqueeze", cells, self.constant(np.array([2], np.int64)))
        met = self.node("GreaterOrEqual", wide, self.constant(maps.knots))
        count = self.node(
            "ReduceSum",
            self.node("Cast", met, to=TensorProto.FLOAT),
            self.constant(np.array([2], np.int64)),
            keepdims=0,
        )
        first = np.arange(columns, dtype=np.float32) * (knots + 1)
        place = self.node("Add", count, self.constant(first))
        place = self.node("Cast", place, to=TensorProto.INT64)
        start, slope, level = (
            self.node("Gather", self.constant(table.ravel()), place)
            for table in (maps.start, maps.slope, maps.level)
        )
        away = self.node("Mul", slope, self.node("Sub", cells, start))
        return self.node("Add", level, away)

    def _ones(self, name: str, levels: list[str]) -> str:
        ones = self.node(
            "OneHotEncoder", name, domain="ai.onnx.ml", cats_strings=levels, zeros=1
        )
        return self.node(
            "Reshape", ones, self.constant(np.array([0, len(levels)], np.int64))
        )

    def _rates(self, name: str, rates: Rates) -> str:
        """Look a word's rates up; any other word has the last."""
        place = self.node(
            "LabelEncoder",
            name,
            domain="ai.onnx.ml",
            keys_strings=rates.levels,
            values_int64s=list(range(len(rates.levels))),
            default_int64=len(rates.levels),
        )
        place = self.node("Reshape", place, self.constant(np.array([-1], np.int64)))
        return self.node("Gather", self.constant(rates.table), place)

    def _text(self, name: str, texts: Texts) -> str:
        """Count words, weigh them, and sum; all in whole numbers till the end."""
        key = (name, tuple(texts.words), texts.weights.tobytes(), texts.mean.tobytes())
        if key not in self.texts:
            self.texts[key] = self._counted(name, texts)
        return self.texts[key]

    def _counted(self, name: str, texts: Texts) -> str:
        flat = self.node("Reshape", name, self.constant(np.array([-1], np.int64)))
        ended = self.node("StringConcat", flat, self.constant(np.array([" ."])))
        split = self.fresh("StringSplit")
        outs = [split, f"{split}/count"]
        self.nodes.append(helper.make_node("StringSplit", [ended], outs, delimiter=" "))
        counts = self.node("TfIdfVectorizer", split, **_pool(texts.words))
        most = self.node("Min", counts, self.constant(np.array([CAP], np.float32)))
        place = self.node("Cast", most, to=TensorProto.INT64)
        weighed = self.node("Gather", self.constant(COUNTS), place)
        axis = self.constant(np.array([1], np.int64))
        whole = self.node("ReduceSum", weighed, axis, keepdims=1)
        share = self.constant(np.array([1 / UNIT], np.float32))
        length = self.node("Floor", self.node("Mul", whole, share))
        top = self.constant(np.array([len(LENGTHS) - 1], np.float32))
        length = self.node("Cast", self.node("Min", length, top), to=TensorProto.INT64)
        sums = self.node("MatMul", weighed, self.constant(texts.weights))
        scale = self.node("Gather", self.constant(LENGTHS), length)
        cells = self.node("Mul", sums, scale)
        cells = self.node("Sub", cells, self.constant(texts.mean))
        return self.node("Mul", cells, self.constant(texts.scale))

    def _embedding(self, name: str, points: Embedding) -> str:
        """Take a text's sentence embedding as an input of its own, and scale it."""
        given = self._given(self.embedded, name, f"{name}: embedding")
        cells = self.node("Sub", given, self.constant(points.mean))
        return self.node("Mul", cells, self.constant(np.array([points.scale])))

    def _media(self, name: str, told: Descriptor) -> list[str]:
        """Take what describes an image or sound as an input, and scale it."""
        given = self._given(self.described, name, f"{name}: descriptor")
        missing, mean = self.node("IsNaN", given), self.constant(told.mean)
        cells = self.node("Sub", self.node("Where", missing, mean, given), mean)
        cells = self.node("Mul", cells, self.constant(told.scale))
        if not told.flag:
            return [cells]
        first = self.constant(np.array([0], np.int64))
        flags = self.node("Cast", missing, to=TensorProto.FLOAT)
        return [cells, self.node("Gather", flags, first, axis=1)]

    def _given(self, taken: dict[str, str], name: str, word: str) -> str:
        """Return the input that a column's numbers come in by."""
        while name not in taken and word in self.names:
            word += "_"
        return taken.setdefault(name, word)

    def _nothing(self) -> str:
        """Return a matrix of one column of zeros."""
        name = self.problem.features[0]
        if name not in self.problem.numbers:
            return self._ones(name, ["\x01(nothing)"])
        zero = self.constant(np.zeros(1, np.float32))
        finite = self.node("Not", self.node("IsNaN", name))
        never = self.node("And", finite, self.constant(np.zeros(1, bool)))
        return self.node("Add", self.node("Cast", never, to=TensorProto.FLOAT), zero)


def _pool(words: Sequence[str]) -> dict[str, Any]:
    """Return what tells the node that counts words which words, and in what order."""
    single = [at for at, word in enumerate(words) if " " not in word]
    pairs = [at for at, word in enumerate(words) if " " in word]
    return {
        "mode": "TF",
        "min_gram_length": 1,
        "max_gram_length": 2 if pairs else 1,
        "max_skip_count": 0,
        "ngram_counts": [0, len(single)] if pairs else [0],
        "ngram_indexes": [*single, *pairs],
        "pool_strings": [
            part for at in [*single, *pairs] for part in words[at].split()
        ],
    }
