"""Trees in NumPy: all trees of a forest walk all rows at once, level by level, in a handful of NumPy calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.runtime.numpy_form.parts import Array, require

MOST_PLACES = 1 << 16
"""How many row-tree pairs walk together: more would leave the processor's cache."""

FIRST_LOOK, LOOK_EVERY, MOST_ALIVE = 5, 3, 0.8
"""Most rows arrive long before the deepest leaf: from this level on, and then every few, those are let off the walk."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: a node is a leaf when it is its own child."""

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    is_leaf: Array


class Walk:
    """The nodes of many trees in one row, and how to walk them.

    They lie level by level, and the right child beside the left one: a step down is one look-up and one addition.
    """

    def __init__(self, trees: Iterable[Tree], width: int) -> None:
        every = list(trees)
        require(bool(every), "a forest without trees")
        sizes = np.array([len(tree.feature) for tree in every])
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        for tree in every:
            check(tree, width)
        leaf = np.concatenate([tree.is_leaf for tree in every])
        offsets = np.repeat(roots, sizes)
        left = np.concatenate([tree.left for tree in every]) + offsets
        right = np.concatenate([tree.right for tree in every]) + offsets
        levels = _levels(roots, leaf, left, right)
        self.order = np.concatenate(levels)
        """Where each node of the walk was among the nodes of all trees, one tree after the other."""
        self._depth, self._trees, self._width = len(levels) - 1, len(every), width
        leaf = leaf.take(self.order)
        own = np.arange(len(self.order), dtype=np.intp)
        place = np.zeros(len(offsets), dtype=np.intp)
        place[self.order] = own
        # Nothing is above infinity: a row that has reached its leaf, which is its own left child, stays there.
        self._left = np.where(leaf, own, place.take(np.where(leaf, 0, left.take(self.order))))
        self._feature = np.where(leaf, 0, _joined([tree.feature for tree in every], self.order)).astype(np.intp)
        self._threshold = np.where(leaf, np.inf, _joined([tree.threshold for tree in every], self.order))
        self._missing_right = ~(_joined([tree.missing_left for tree in every], self.order).astype(bool) | leaf)
        self._is_split = ~leaf

    def leaves(self, rows: Array) -> Array:
        """The leaf of every row in every tree, trees by rows."""
        step = max(1, MOST_PLACES // self._trees)
        if len(rows) <= step:
            return self._walked(rows)
        return np.concatenate([self._walked(rows[at : at + step]) for at in range(0, len(rows), step)], axis=1)

    def _walked(self, rows: Array) -> Array:
        count, trees = len(rows), self._trees
        values = np.ascontiguousarray(rows).ravel()
        has_gaps = bool(np.isnan(values.sum()))
        node = np.repeat(np.arange(trees, dtype=np.intp), count)
        base = np.tile(np.arange(count, dtype=np.intp) * self._width, trees)
        leaves, under_way = node, None
        for level in range(self._depth):
            if level >= FIRST_LOOK and (level - FIRST_LOOK) % LOOK_EVERY == 0:
                alive = np.flatnonzero(self._is_split.take(node))
                if len(alive) < MOST_ALIVE * len(node):
                    leaves, under_way = _settled(leaves, under_way, node, alive)
                    node, base = node.take(alive), base.take(alive)
                    if not len(node):
                        break
            node = self._next(node, base, values, has_gaps=has_gaps)
        if under_way is None:
            leaves = node
        else:
            leaves[under_way] = node
        return leaves.reshape(trees, count)

    def _next(self, node: Array, base: Array, values: Array, *, has_gaps: bool) -> Array:
        """One level down."""
        place = self._feature.take(node)
        place += base
        value = values.take(place)
        goes_right = value > self._threshold.take(node)
        if has_gaps:
            goes_right |= np.isnan(value) & self._missing_right.take(node)
        node = self._left.take(node)
        node += goes_right
        return node


def _settled(leaves: Array, under_way: Array | None, node: Array, alive: Array) -> tuple[Array, Array]:
    """Keep what has arrived, and say which pairs are still under way."""
    if under_way is None:
        return node.copy(), alive
    leaves[under_way] = node
    return leaves, under_way.take(alive)


def check(tree: Tree, width: int) -> None:
    """Refuse nodes that point outside the tree, backwards, or to a column that is not there.

    scikit-learn does not look: a crafted file could make it read foreign memory or walk in circles.
    """
    inner = ~tree.is_leaf
    count = len(tree.feature)
    own = np.flatnonzero(inner)
    for child in (tree.left[inner], tree.right[inner]):
        if not ((child > own) & (child < count)).all():
            raise ValueError("a tree of the artifact points outside itself")
    feature = tree.feature[inner]
    if not ((feature >= 0) & (feature < width)).all():
        raise ValueError("a tree of the artifact asks for a column that the model does not have")


def of_sklearn(stored: Any) -> Tree:
    """A decision tree as scikit-learn stores it."""
    nodes = stored["nodes"]
    left = nodes["left_child"].astype(np.intp)
    return Tree(
        feature=nodes["feature"].astype(np.intp),
        threshold=nodes["threshold"].astype(np.float64),
        left=left,
        right=nodes["right_child"].astype(np.intp),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=left == -1,
    )


def of_histogram(nodes: Any) -> Tree:
    """A tree of histogram gradient boosting as scikit-learn stores it."""
    require(not nodes["is_categorical"].any(), "HistGradientBoosting with categorical splits")
    return of_any_histogram(nodes)


def of_any_histogram(nodes: Any) -> Tree:
    """The shape of such a tree, whatever its splits compare."""
    return Tree(
        feature=nodes["feature_idx"].astype(np.intp),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=nodes["left"].astype(np.intp),
        right=nodes["right"].astype(np.intp),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=nodes["is_leaf"].astype(bool),
    )


def _levels(roots: Array, leaf: Array, left: Array, right: Array) -> list[Array]:
    """All nodes level by level, siblings side by side."""
    levels, found = [roots], len(roots)
    while True:
        inner = levels[-1][~leaf[levels[-1]]]
        if not len(inner):
            return levels
        levels.append(np.column_stack([left[inner], right[inner]]).ravel())
        found += len(levels[-1])
        if found > len(leaf):
            raise ValueError("a tree of the artifact has a node with two parents")


def _joined(parts: list[Array], order: Array) -> Array:
    return np.concatenate(parts).take(order)
