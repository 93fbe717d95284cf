"""From stored data to scikit-learn's objects, of the allowed types alone."""

import io
from typing import Any

import numpy as np

from tenure.runtime import allowed
from tenure.runtime.stored import Named, Stored


class NotAllowedError(ValueError):
    """The artifact holds something that is not loaded; the text names it."""


def construct(value: Any) -> Any:
    """Build the object, parts first."""
    match value:
        case Stored():
            return _construct_stored(value)
        case Named():
            return _construct_type(value)
        case dict():
            return {key: construct(inner) for key, inner in value.items()}
        case list():
            return [construct(inner) for inner in value]
        case tuple():
            return tuple(construct(inner) for inner in value)
        case np.ndarray() if value.dtype == object:
            built = np.empty(value.size, dtype=object)
            for place, inner in enumerate(value.ravel().tolist()):
                built[place] = construct(inner)
            return built.reshape(value.shape)
        case _:
            return value


def _construct_stored(stored: Stored) -> Any:
    match stored.loader:
        case "TreeNode":
            return _construct_tree(stored)
        case "LossNode":
            return _construct_loss(stored)
        case "RandomStateNode":
            random = np.random.RandomState()
            random.set_state(construct(stored.state))
            return random
        case "RandomGeneratorNode":
            return np.random.default_rng(0)  # it was for fitting; predictions draw nothing
        case "SparseMatrixNode":
            import scipy.sparse  # type: ignore[import-untyped]

            return scipy.sparse.load_npz(io.BytesIO(stored.state))
        case _:
            return _construct_object(stored)


def _construct_object(stored: Stored) -> Any:
    if stored.kind in allowed.NEIGHBOUR_TREES:
        return _plant_again(stored)
    kind = allowed.find_stored(stored.kind)
    if kind is None:
        raise NotAllowedError(f"it holds a {stored.kind[:120]!r}, which is not on the list of what may be loaded")
    built = kind.__new__(kind)
    state = construct(stored.state)
    if stored.kind == allowed.TREE_PREDICTOR:
        _check_histogram_nodes(state)
    if state is not None:
        if hasattr(built, "__setstate__"):
            built.__setstate__(state)
        else:
            built.__dict__.update(state)
    return built


def _construct_tree(stored: Stored) -> Any:
    if stored.kind != allowed.TREE:
        raise NotAllowedError(f"it holds a {stored.kind[:120]!r} as a tree")
    from sklearn.tree._tree import Tree

    from tenure.runtime.numpy_form import trees

    width = int(stored.arguments[0])
    trees.check(trees.of_sklearn(stored), width)
    state = construct(stored.state)
    if len(state["nodes"]) != state["node_count"] or len(state["values"]) != state["node_count"]:
        raise NotAllowedError("it holds a tree whose nodes are not as many as it says")
    built = Tree(*construct(stored.arguments))
    built.__setstate__(state)
    return built


def _plant_again(stored: Stored) -> Any:
    """A neighbour tree is built anew from its points: its stored nodes could point anywhere in memory."""
    import sklearn.neighbors

    state = construct(stored.state)
    points, leaf_size, metric = np.asarray(state[0], dtype=np.float64), int(state[4]), state[-2]
    return getattr(sklearn.neighbors, stored.kind.rpartition(".")[2].removesuffix("64"))(points, leaf_size, metric)


def _check_histogram_nodes(state: Any) -> None:
    from tenure.runtime.numpy_form import trees

    nodes = state["nodes"]
    width = int(nodes["feature_idx"].max(initial=0)) + 1  # the number of columns is checked where the model is used
    trees.check(trees.of_any_histogram(nodes), width)


def _construct_loss(stored: Stored) -> Any:
    kind = allowed.find_loss(stored.kind)
    if kind is None:
        raise NotAllowedError(f"it holds a {stored.kind[:120]!r} as a loss")
    built = kind(*construct(stored.arguments))
    state = construct(stored.state)
    if state and hasattr(built, "__setstate__"):
        built.__setstate__(state)
    return built


def _construct_type(named: Named) -> Any:
    found = allowed.find_type(named.kind) if named.loader == "TypeNode" else allowed.find_function(named.kind)
    if found is None:
        raise NotAllowedError(f"it holds {named.kind[:120]!r}, which is not on the list of what may be loaded")
    return found
