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
    """The nodes of many trees in one row, and how to walk them."""

    def __init__(self, trees: Iterable[Tree], width: int) -> None:
        every = list(trees)
        require(bool(every), "a forest without trees")
        sizes = np.array([len(tree.feature) for tree in every])
        self.starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        for tree in every:
            check(tree, width)
        own = np.arange(int(sizes.sum()), dtype=np.intp)
        leaf = np.concatenate([tree.is_leaf for tree in every])
        offsets = np.repeat(self.starts, sizes)
        left = np.where(leaf, own, np.concatenate([tree.left for tree in every]) + offsets)
        right = np.where(leaf, own, np.concatenate([tree.right for tree in every]) + offsets)
        self._child = np.column_stack([left, right]).astype(np.intp).ravel()
        self._feature = np.where(leaf, 0, np.concatenate([tree.feature for tree in every])).astype(np.intp)
        # Nothing is above infinity: a row that has reached its leaf stays there.
        self._threshold = np.where(leaf, np.inf, np.concatenate([tree.threshold for tree in every]))
        self._is_split = ~leaf
        self._missing_right = ~(np.concatenate([tree.missing_left for tree in every]).astype(bool) | leaf)
        self._depth = max(_depth(tree) for tree in every)
        self._width = width

    def leaves(self, rows: Array) -> Array:
        """The leaf of every row in every tree, trees by rows."""
        trees = len(self.starts)
        step = max(1, MOST_PLACES // trees)
        if len(rows) <= step:
            return self._walked(rows)
        return np.concatenate([self._walked(rows[at : at + step]) for at in range(0, len(rows), step)], axis=1)

    def _walked(self, rows: Array) -> Array:
        count, trees = len(rows), len(self.starts)
        values = np.ascontiguousarray(rows).ravel()
        has_gaps = bool(np.isnan(values.sum()))
        node = np.repeat(self.starts, count)
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
        node = node + node
        node += goes_right
        return self._child.take(node)


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


def _depth(tree: Tree) -> int:
    """The longest way to a leaf; children come after their parents, so one pass is enough."""
    depth = np.zeros(len(tree.feature), dtype=np.intp)
    level = np.array([0], dtype=np.intp)
    levels = 0
    while True:
        level = level[~tree.is_leaf[level]]
        if not len(level):
            return levels
        levels += 1
        level = np.concatenate([tree.left[level], tree.right[level]])
        depth[level] = levels
