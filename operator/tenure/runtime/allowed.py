"""The closed list of what a recipe may name and an artifact may hold."""

import importlib
import inspect
from typing import Any

MODULES = (
    "calibration", "cluster", "compose", "covariance", "cross_decomposition", "decomposition",
    "discriminant_analysis", "dummy", "ensemble", "feature_selection", "gaussian_process", "impute", "isotonic",
    "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "mixture", "model_selection", "multiclass",
    "multioutput", "naive_bayes", "neighbors", "neural_network", "pipeline", "preprocessing", "random_projection",
    "semi_supervised", "svm", "tree",
)  # fmt: skip
"""The modules of scikit-learn whose public estimators are allowed; nothing else is ever imported by name."""

KERNELS = "sklearn.gaussian_process.kernels"

INTERNALS = frozenset({
    "sklearn._loss.link.HalfLogitLink", "sklearn._loss.link.IdentityLink", "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink", "sklearn._loss.link.LogitLink", "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.AbsoluteError", "sklearn._loss.loss.ExponentialLoss", "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfGammaLoss", "sklearn._loss.loss.HalfMultinomialLoss", "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss.loss.HalfSquaredError", "sklearn._loss.loss.HuberLoss", "sklearn._loss.loss.PinballLoss",
    "sklearn._loss.loss.HalfTweedieLoss", "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.cluster._bisect_k_means._BisectingTree",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.utils._bunch.Bunch",
})  # fmt: skip
"""Private classes of numbers alone that fitted estimators are made of."""

FUNCTIONS = frozenset({
    "sklearn.cluster._kmeans._kmeans_single_elkan", "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
})  # fmt: skip
"""Functions of numbers alone that fitted estimators refer to."""

DISTANCES = "sklearn.metrics._dist_metrics"
NEIGHBOUR_TREES = frozenset(
    {
        "sklearn.neighbors._kd_tree.KDTree64",
        "sklearn.neighbors._ball_tree.BallTree64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._ball_tree.BallTree",
    }
)
LOSSES = "sklearn._loss._loss"
LINEAR_LOSSES = "sklearn.linear_model._sgd_fast"
TREE = "sklearn.tree._tree.Tree"
TREE_PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
BUILTINS = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "tuple": tuple, "dict": dict}
NUMPY_TYPES = frozenset({
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
    "bool_", "str_",
})  # fmt: skip


def find_public(module: str, name: str) -> Any:
    """The public class of an allowed module, or None."""
    if module != KERNELS and (not module.startswith("sklearn.") or module.removeprefix("sklearn.") not in MODULES):
        return None
    source = importlib.import_module(module)
    if name not in getattr(source, "__all__", dir(source)):
        return None
    found = getattr(source, name, None)
    return found if inspect.isclass(found) and found.__module__.startswith("sklearn.") else None


def find_stored(kind: str) -> Any:
    """The class that an artifact names by where it is defined, or None when it is not on the list."""
    module, _, name = kind.rpartition(".")
    if kind in INTERNALS:
        return getattr(importlib.import_module(module), name, None)
    if module == DISTANCES:
        found = getattr(importlib.import_module(module), name, None) if name.endswith("Distance64") else None
        return found if inspect.isclass(found) else None
    public = KERNELS if module == KERNELS else ".".join(module.split(".")[:2])
    found = find_public(public, name)
    return found if found is not None and f"{found.__module__}.{found.__name__}" == kind else None


def find_type(kind: str) -> Any:
    """A plain type that an artifact names, or None."""
    module, _, name = kind.rpartition(".")
    if module == "builtins":
        return BUILTINS.get(name)
    if module == "numpy" and name in NUMPY_TYPES:
        import numpy as np

        return getattr(np, name, None)
    return None


def find_function(kind: str) -> Any:
    """A function that an artifact names, or None."""
    if kind not in FUNCTIONS:
        return None
    module, _, name = kind.rpartition(".")
    return getattr(importlib.import_module(module), name, None)


def find_loss(kind: str) -> Any:
    """A compiled loss of scikit-learn, or None."""
    module, _, name = kind.rpartition(".")
    if module not in {LOSSES, "_loss", LINEAR_LOSSES} or name.startswith("_"):
        return None
    source = importlib.import_module(LINEAR_LOSSES if module == LINEAR_LOSSES else LOSSES)
    found = getattr(source, name, None)
    return found if inspect.isclass(found) and found.__module__.rpartition(".")[2] in {"_loss", "_sgd_fast"} else None
