"""ONNX, written so that it agrees with the fitted model on every row.

The graph takes one input a cleaned column, of shape (rows, 1): ``float`` for a number
(NaN where missing), ``string`` for a category, and for a text as
`mlkit.model.encoding.tokens.plain` writes it; a sentence embedding of a text is an
input of its own, of shape (rows, 384), and so is what describes an image, (rows, 464),
or a sound, (rows, 289), with NaN where it is missing. It gives ``label`` and
``probabilities``, or ``value``. Thresholds are rounded down to float32, columns are
encoded in the same float32 operations as in training, and labels follow the same
rounding rule; so nothing is left to a converter.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from mlkit.core.descriptors import WIDTHS
from mlkit.model.encoding.embeddings import WIDTH
from mlkit.model.families import family
from mlkit.model.fitted import Model, Part
from mlkit.model.formats.doors import Door
from mlkit.model.formats.forms import (
    Bowls,
    Form,
    Linear,
    Quadratic,
    Ranked,
    Trees,
)
from mlkit.model.runtime import STEPS

__all__ = ["convert"]

OPSETS = {"": 18, "ai.onnx.ml": 3}
WITH_TEXT = {"": 20, "ai.onnx.ml": 3}
IR = 9


def convert(model: Model, threshold: float = 0.5) -> bytes:
    """Return a fitted model as ONNX; equal models give equal bytes.

    Parameters
    ----------
    model
        A fitted model of any family that tells its plain form.
    threshold
        Of two classes, the least probability that says the second.
    """
    build = _Build(model)
    matrices = [build.encode(encoder) for encoder in model.encoders]
    said = [build.part(part, matrices[part.encoder]) for part in model.parts]
    mixed = build.mix(said, [part.weight for part in model.parts])
    outputs = build.choose(mixed, threshold) if model.classes else build.value(mixed)
    return build.finish(outputs)


class _Build(Door):
    """A graph of a whole model."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.problem)
        self.model = model

    # the forms

    def part(self, part: Part, matrix: str) -> str:
        """Write one fitted member: probabilities of all classes, or scaled values."""
        form = family(part.family).form(part.estimator, self.problem.kind)
        if form is None:
            raise ValueError(f"{family(part.family).title} has no plain form")
        said = self.link(self.scores(matrix, form), form.link, len(part.seen))
        return self._all_classes(said, part.seen) if self.model.classes else said

    def scores(self, matrix: str, form: Form) -> str:
        """Write what a form computes, before its link."""
        if isinstance(form, Trees):
            return self.trees(matrix, form)
        if isinstance(form, Quadratic):
            return self.quadratic(matrix, form)
        if isinstance(form, Linear):
            return self.linear(matrix, form)
        if isinstance(form, Bowls):
            return self.cast(self.away(self.bowls(matrix, form)))
        if isinstance(form, Ranked):
            return self.ranked(matrix, form)
        *hidden, last = (
            Linear(w, b) for w, b in zip(form.weights, form.bias, strict=True)
        )
        for layer in hidden:
            matrix = self.node("Relu", self.linear(matrix, layer))
        return self.linear(matrix, last)

    def mix(self, said: list[str], weights: list[float]) -> str:
        """Write the weighted sum of the members."""
        if weights == [1.0]:
            return said[0]
        shares = [self.constant(np.array([w], np.float32)) for w in weights]
        pairs = zip(said, shares, strict=True)
        return self.node("Sum", *[self.node("Mul", one, share) for one, share in pairs])

    def linear(self, matrix: str, form: Linear) -> str:
        """Write a weighted sum."""
        product = self.node(
            "MatMul", matrix, self.constant(form.weights.astype(np.float32))
        )
        return self.node("Add", product, self.constant(form.bias.astype(np.float32)))

    def quadratic(self, matrix: str, form: Quadratic) -> str:
        """Write squared distances, multiplied out, in double precision."""
        return self.cast(self.away(self.depths(self.wide(matrix), form)))

    def depths(self, cells: str, form: Quadratic) -> str:
        """Write squared distances of what is in double precision already."""
        centre, square = form.centre.astype(float), form.scale.astype(float) ** 2
        bent = self.node(
            "MatMul", self.node("Mul", cells, cells), self.constant(-square)
        )
        straight = self.node("MatMul", cells, self.constant(2 * centre * square))
        level = form.bias.astype(float) - (centre**2 * square).sum(axis=0)
        level_ = self.node("Add", straight, self.constant(level))
        return self.node("Add", bent, level_)

    def bowls(self, matrix: str, form: Bowls) -> str:
        """Write distances after a map, the best of each group's, in double."""
        cells = self.node(
            "MatMul", self.wide(matrix), self.constant(form.space.weights.astype(float))
        )
        cells = self.node("Add", cells, self.constant(form.space.bias.astype(float)))
        scores = self.depths(cells, form.bowls)
        if form.group == tuple(range(len(form.group))):
            return scores
        axis = self.constant(np.array([1], np.int64))
        best = []
        for group in sorted(set(form.group)):
            mine = self.constant(np.flatnonzero(np.array(form.group) == group))
            some = self.node("Gather", scores, mine, axis=1)
            best.append(self.node("ReduceMax", some, axis, keepdims=1))
        return self.node("Concat", *best, axis=1)

    def ranked(self, matrix: str, form: Ranked) -> str:
        """Write the rank of a score: count the knots that it reaches, and look up."""
        if isinstance(form.inner, Bowls):
            score = self.bowls(matrix, form.inner)
        else:
            score = self.wide(self.trees(matrix, form.inner))
        score = self.node("Neg", score)
        met = self.node(
            "GreaterOrEqual", score, self.constant(form.knots.astype(float))
        )
        axis = self.constant(np.array([1], np.int64))
        count = self.node(
            "ReduceSum", self.node("Cast", met, to=TensorProto.INT64), axis, keepdims=1
        )
        start, slope, level = (
            self.node("Gather", self.constant(line.astype(float)), count)
            for line in (form.start, form.slope, form.level)
        )
        away = self.node("Mul", slope, self.node("Sub", score, start))
        return self.cast(self.node("Add", level, away))

    def away(self, scores: str) -> str:
        """Take the best score from all, so that nothing overflows."""
        axis = self.constant(np.array([1], np.int64))
        return self.node(
            "Sub", scores, self.node("ReduceMax", scores, axis, keepdims=1)
        )

    def wide(self, cells: str) -> str:
        """Go over to double precision."""
        return self.node("Cast", cells, to=TensorProto.DOUBLE)

    def cast(self, cells: str) -> str:
        """Go back to single precision."""
        return self.node("Cast", cells, to=TensorProto.FLOAT)

    def trees(self, matrix: str, form: Trees) -> str:
        """Write a sum over trees."""
        leaf = np.flatnonzero(form.leaf)
        width = form.values.shape[1]
        rows, scores = np.nonzero(form.values[leaf])
        if not len(rows):
            rows, scores = np.zeros(1, np.int64), np.zeros(1, np.int64)
        at = leaf[rows]
        out = self.node(
            "TreeEnsembleRegressor",
            matrix,
            domain="ai.onnx.ml",
            n_targets=width,
            nodes_treeids=form.tree.tolist(),
            nodes_nodeids=form.node.tolist(),
            nodes_featureids=form.column.tolist(),
            nodes_modes=np.where(form.leaf, "LEAF", "BRANCH_LEQ").tolist(),
            nodes_values=form.threshold.tolist(),
            nodes_truenodeids=form.left.tolist(),
            nodes_falsenodeids=form.right.tolist(),
            nodes_missing_value_tracks_true=form.missing_left.astype(int).tolist(),
            target_treeids=form.tree[at].tolist(),
            target_nodeids=form.node[at].tolist(),
            target_ids=scores.tolist(),
            target_weights=form.values[at, scores].astype(np.float32).tolist(),
        )
        return self.node("Add", out, self.constant(form.base.astype(np.float32)))

    def link(self, scores: str, link: str, classes: int) -> str:
        """Turn scores into probabilities."""
        if link == "softmax":
            return self.node("Softmax", scores, axis=1)
        if link == "exp":
            return self.node("Exp", scores)
        if link == "none":
            return scores
        if link == "cumulative":
            return self.steps(scores, classes - 1)
        chance = self.node("Sigmoid", scores) if link == "logistic" else scores
        rest = self.node("Sub", self.constant(np.ones(1, np.float32)), chance)
        return self.node("Concat", rest, chance, axis=1)

    def steps(self, scores: str, cuts: int) -> str:
        """Turn the log-odds of a class beyond each cut into probabilities."""
        apart = np.eye(cuts, cuts + 1, 1) - np.eye(cuts, cuts + 1)
        first = np.eye(1, cuts + 1, dtype=np.float32)
        apart_ = self.constant(apart.astype(np.float32))
        beyond = self.node("MatMul", self.node("Sigmoid", scores), apart_)
        return self.node("Add", beyond, self.constant(first))

    # the way out

    def choose(self, chances: str, threshold: float) -> list[tuple[str, str, Any]]:
        """Choose a label by the rule of `mlkit.model.runtime.choice`."""
        steps = self.node(
            "Round", self.node("Mul", chances, self.constant(np.array([STEPS])))
        )
        if len(self.model.classes) == 2:
            second = self.constant(np.array([1], np.int64))
            least = self.constant(np.round(np.array([threshold], np.float32) * STEPS))
            said = self.node(
                "GreaterOrEqual", self.node("Gather", steps, second, axis=1), least
            )
            place = self.node("Cast", said, to=TensorProto.INT64)
        else:
            place = self.node("ArgMax", steps, axis=1, keepdims=1)
        place = self.node("Reshape", place, self.constant(np.array([-1], np.int64)))
        label = self.node("Gather", self.constant(np.array(self.model.classes)), place)
        width = len(self.model.classes)
        return [
            ("label", label, (TensorProto.STRING, ["rows"])),
            ("probabilities", chances, (TensorProto.FLOAT, ["rows", width])),
        ]

    def _all_classes(self, chances: str, seen: list[int]) -> str:
        """Put the columns in place where a class was not seen in training."""
        width = len(self.model.classes)
        if seen == list(range(width)):
            return chances
        place = np.zeros((len(seen), width), np.float32)
        place[np.arange(len(seen)), seen] = 1
        return self.node("MatMul", chances, self.constant(place))

    def value(self, scores: str) -> list[tuple[str, str, Any]]:
        """Scale a number back, in double precision."""
        wide = self.node("Cast", scores, to=TensorProto.DOUBLE)
        wide = self.node("Mul", wide, self.constant(np.array([self.model.spread])))
        wide = self.node("Add", wide, self.constant(np.array([self.model.centre])))
        flat = self.node("Reshape", wide, self.constant(np.array([-1], np.int64)))
        return [("value", flat, (TensorProto.DOUBLE, ["rows"]))]

    def _texts(self) -> dict[str, bool]:
        """Return the text columns, and whether pieces of words follow the words."""
        found = dict.fromkeys(self.problem.texts, False)
        for encoder in self.model.encoders:
            found.update({name: texts.pieces for name, texts in encoder.texts.items()})
        return found

    def finish(self, outputs: list[tuple[str, str, Any]]) -> bytes:
        """Name inputs and outputs, check, and return the bytes."""
        problem = self.problem
        inputs = [_input(name, TensorProto.FLOAT) for name in problem.numbers]
        words = (*problem.categories, *problem.texts)
        inputs += [_input(name, TensorProto.STRING) for name in words]
        points = self.embedded.values()
        inputs += [_input(name, TensorProto.FLOAT, WIDTH) for name in points]
        inputs += [
            _input(name, TensorProto.FLOAT, WIDTHS[problem.media[column]])
            for column, name in self.described.items()
        ]
        infos = []
        for word, inner, (kind, shape) in outputs:
            while word in self.names:
                word += "_"
            self.nodes.append(helper.make_node("Identity", [inner], [word]))
            infos.append(helper.make_tensor_value_info(word, kind, shape))
        graph = helper.make_graph(self.nodes, "mlkit", inputs, infos, self.constants)
        numbers = WITH_TEXT if problem.texts else OPSETS
        opsets = [helper.make_opsetid(name, number) for name, number in numbers.items()]
        made = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR, producer_name="mlkit"
        )
        told: dict[str, Any] = {"mlkit.texts": self._texts()} if problem.texts else {}
        if self.embedded:
            told["mlkit.embeddings"] = {v: k for k, v in self.embedded.items()}
        if self.described:
            told["mlkit.media"] = {
                word: [name, problem.media[name]]
                for name, word in self.described.items()
            }
        if told:
            forms = {name: json.dumps(form) for name, form in told.items()}
            helper.set_model_props(made, forms)
        onnx.checker.check_model(made)
        return bytes(made.SerializeToString(deterministic=True))


def _input(name: str, kind: int, width: int = 1) -> Any:
    return helper.make_tensor_value_info(name, kind, ["rows", width])
