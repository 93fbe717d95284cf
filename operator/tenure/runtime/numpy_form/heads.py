"""Models in NumPy: linear models, forests and gradient boosting."""

from typing import Any

import numpy as np

from tenure.runtime.numpy_form import trees
from tenure.runtime.numpy_form.parts import Array, Head, NoNumpyForm, expit, kind_of, require, softmax
from tenure.runtime.numpy_form.trees import Walk
from tenure.runtime.stored import Stored

LINEAR_REGRESSORS = {"LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"}
IDENTITY_LOSSES = {"squared_error", "absolute_error", "quantile"}


class LinearNumber:
    """x · coefficients + intercept."""

    takes_missing = False

    def __init__(self, part: Stored) -> None:
        self._coefficients = np.ascontiguousarray(np.asarray(part["coef_"], dtype=np.float64).T)
        self._intercept = part["intercept_"]

    def answer(self, rows: Array) -> dict[str, Array]:
        """The number, or numbers, of every row."""
        return {"predict": rows @ self._coefficients + self._intercept}


class LinearClass:
    """Logistic regression."""

    takes_missing = False

    def __init__(self, part: Stored) -> None:
        coefficients = np.asarray(part["coef_"], dtype=np.float64)
        self._classes = part["classes_"]
        self._is_binary = len(self._classes) == 2
        require(len(coefficients) == (1 if self._is_binary else len(self._classes)), "LogisticRegression of this shape")
        self._coefficients = np.ascontiguousarray(coefficients.T)
        self._intercept = np.asarray(part["intercept_"], dtype=np.float64)

    def answer(self, rows: Array) -> dict[str, Array]:
        """Class and probabilities."""
        scores = rows @ self._coefficients + self._intercept
        if not self._is_binary:
            return {"predict": self._classes.take(scores.argmax(axis=1)), "predict_proba": softmax(scores)}
        score = scores[:, 0]
        probabilities = np.empty((len(rows), 2))
        probabilities[:, 1] = expit(score)
        np.subtract(1.0, probabilities[:, 1], out=probabilities[:, 0])
        return {"predict": self._classes.take((score > 0).astype(np.intp)), "predict_proba": probabilities}


class Forest:
    """Random forests, extra trees and single trees: the mean of the leaves' values."""

    takes_missing = True

    def __init__(self, members: list[Any], classes: Any, width: int) -> None:
        stored = [member["tree_"] for member in members]
        self._walk = Walk((trees.of_sklearn(tree) for tree in stored), width)
        values = np.concatenate([tree["values"] for tree in stored])
        require(values.shape[1] == 1, "trees with several outputs")
        self._values = np.ascontiguousarray(values[self._walk.order, 0, :], dtype=np.float64)
        self._classes, self._count = classes, len(members)

    def answer(self, rows: Array) -> dict[str, Array]:
        """The mean over the trees, summed in their order, so that the last digit is scikit-learn's."""
        # scikit-learn compares 32-bit values with 64-bit thresholds.
        leaves = self._walk.leaves(rows.astype(np.float32).astype(np.float64))
        if self._classes is None:
            return {"predict": self._values[:, 0].take(leaves).sum(axis=0) / self._count}
        shares = self._values.take(leaves, axis=0).sum(axis=0) / self._count
        return {"predict": self._classes.take(shares.argmax(axis=1)), "predict_proba": shares}


class Boosting:
    """Histogram gradient boosting: the sum of the leaves' values, through the loss's link."""

    takes_missing = True

    def __init__(self, part: Stored, width: int) -> None:
        require(part.get("is_categorical_") is None, "HistGradientBoosting with categorical features")
        predictors = part["_predictors"]
        nodes = [predictor["nodes"] for iteration in predictors for predictor in iteration]
        self._outputs = int(part["n_trees_per_iteration_"])
        self._walk = Walk((trees.of_histogram(tree) for tree in nodes), width)
        self._values = np.concatenate([tree["value"] for tree in nodes]).take(self._walk.order).astype(np.float64)
        self._start = np.asarray(part["_baseline_prediction"], dtype=np.float64).reshape(-1, 1)
        self._classes = part.get("classes_")
        loss = part["loss"]
        self._is_exponential = self._classes is None and loss in {"poisson", "gamma"}
        if self._classes is None:
            require(self._is_exponential or loss in IDENTITY_LOSSES, f"HistGradientBoosting with the loss {loss!r}")

    def answer(self, rows: Array) -> dict[str, Array]:
        """Class and probabilities, or the number."""
        leaves = self._walk.leaves(rows)
        count = len(rows)
        parts = np.empty((len(leaves) // self._outputs + 1, self._outputs, count))
        parts[0] = self._start
        parts[1:] = self._values.take(leaves).reshape(-1, self._outputs, count)
        raw = parts.sum(axis=0)
        if self._classes is None:
            return {"predict": np.exp(raw[0]) if self._is_exponential else raw[0]}
        if self._outputs > 1:
            shares = softmax(raw.T)
        else:
            shares = np.empty((count, 2))
            shares[:, 1] = expit(raw[0])
            np.subtract(1.0, shares[:, 1], out=shares[:, 0])
        return {"predict": self._classes.take(shares.argmax(axis=1)), "predict_proba": shares}


def form_of_head(part: Any, width: int) -> Head:
    """The NumPy form of the model itself."""
    kind = kind_of(part)
    if kind in LINEAR_REGRESSORS:
        return LinearNumber(part)
    match kind:
        case "LogisticRegression" | "LogisticRegressionCV":
            return LinearClass(part)
        case "RandomForestClassifier" | "ExtraTreesClassifier":
            require(isinstance(part["classes_"], np.ndarray), "forests with several outputs")
            return Forest(list(part["estimators_"]), part["classes_"], width)
        case "RandomForestRegressor" | "ExtraTreesRegressor":
            return Forest(list(part["estimators_"]), None, width)
        case "DecisionTreeClassifier":
            require(isinstance(part["classes_"], np.ndarray), "trees with several outputs")
            return Forest([part], part["classes_"], width)
        case "DecisionTreeRegressor":
            return Forest([part], None, width)
        case "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor":
            return Boosting(part, width)
        case _:
            raise NoNumpyForm(kind)
