"""Stories of the NumPy form: it answers as scikit-learn does, to the last digit, or is not used."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tenure.runtime import artifact, stored
from tenure.runtime.numpy_form.form import NumpyForm, numpy_form_of
from tenure.runtime.numpy_form.parts import NoNumpyForm

CANCER = load_breast_cancer(return_X_y=True)
IRIS = load_iris(return_X_y=True)
SUGAR = load_diabetes(return_X_y=True)


def with_gaps(rows: Any) -> Any:
    """The rows with one value in twenty missing."""
    rows = rows.copy()
    rows[np.random.default_rng(0).random(rows.shape) < 0.05] = np.nan
    return rows


GAPS = (with_gaps(IRIS[0]), IRIS[1])

MODELS: dict[str, tuple[Any, Any]] = {
    "logistic regression, two classes": (make_pipeline(StandardScaler(), LogisticRegression()), CANCER),
    "logistic regression, three classes": (LogisticRegression(max_iter=500), IRIS),
    "linear regression": (make_pipeline(MinMaxScaler(), LinearRegression()), SUGAR),
    "ridge": (make_pipeline(RobustScaler(), Ridge()), SUGAR),
    "random forest": (RandomForestClassifier(20, random_state=0), CANCER),
    "random forest with gaps": (RandomForestClassifier(20, random_state=0), GAPS),
    "random forest of numbers": (RandomForestRegressor(20, random_state=0), SUGAR),
    "extra trees": (ExtraTreesClassifier(20, random_state=0), IRIS),
    "one tree": (DecisionTreeClassifier(random_state=0), IRIS),
    "one tree of numbers": (DecisionTreeRegressor(random_state=0), SUGAR),
    "histogram boosting": (HistGradientBoostingClassifier(max_iter=30, random_state=0), CANCER),
    "histogram boosting, three classes, gaps": (HistGradientBoostingClassifier(max_iter=20, random_state=0), GAPS),
    "histogram boosting of numbers": (HistGradientBoostingRegressor(max_iter=20, random_state=0), SUGAR),
    "histogram boosting of counts": (HistGradientBoostingRegressor(loss="poisson", max_iter=20, random_state=0), SUGAR),
    "filled gaps": (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression()), GAPS),
}


@cache
def fitted(name: str) -> tuple[Any, NumpyForm, Any]:
    """The estimator, its NumPy form, and the rows it was fitted on."""
    estimator, (rows, target) = MODELS[name]
    estimator.fit(rows, target)
    return estimator, numpy_form_of(stored.loads(artifact.dumps(estimator))), rows


@pytest.mark.parametrize("name", MODELS)
def test_a_numpy_form_answers_as_scikit_learn_does(name: str) -> None:
    estimator, form, rows = fitted(name)

    answers = form.answer(rows)

    if hasattr(estimator, "predict_proba"):
        assert answers["predict"].tolist() == estimator.predict(rows).tolist()
        np.testing.assert_allclose(answers["predict_proba"], estimator.predict_proba(rows), rtol=0, atol=1e-12)
    else:
        np.testing.assert_allclose(answers["predict"], estimator.predict(rows), rtol=1e-12)


@pytest.mark.parametrize("name", ["random forest", "histogram boosting", "logistic regression, two classes"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_rows_far_from_the_training_rows_are_answered_alike(name: str, data: st.DataObject) -> None:
    """Large values, tiny ones and values on a threshold: float32 comparison and summing order must be the same."""
    estimator, form, rows = fitted(name)
    known = st.sampled_from(rows.ravel()[:500].tolist())
    values = st.one_of(known, st.floats(-1e6, 1e6, width=32), st.floats(-1e30, 1e30))
    count = data.draw(st.integers(1, 5))
    drawn = data.draw(arrays(np.float64, (count, rows.shape[1]), elements=values))

    answers = form.answer(drawn)

    assert answers["predict"].tolist() == estimator.predict(drawn).tolist()
    np.testing.assert_allclose(answers["predict_proba"], estimator.predict_proba(drawn), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["random forest", "histogram boosting", "filled gaps"])
@given(cuts=st.lists(st.integers(1, 149), max_size=4))
@settings(max_examples=20, deadline=None)
def test_how_rows_are_batched_never_changes_an_answer(name: str, cuts: list[int]) -> None:
    _, form, rows = fitted(name)
    rows = rows[:150]

    whole = form.answer(rows)["predict_proba"]
    parts = [form.answer(part)["predict_proba"] for part in np.split(rows, sorted(set(cuts)))]

    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-15)


def test_levels_rare_levels_and_unseen_levels_are_encoded_alike() -> None:
    import pandas as pd

    random = np.random.default_rng(0)
    levels = random.choice(["a", "b", "c", "d", "e"], 200, p=[0.5, 0.3, 0.1, 0.06, 0.04])
    frame = pd.DataFrame({"x": random.normal(size=200), "plan": np.array(levels, dtype=object)})
    frame.loc[:10, "plan"] = np.nan
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=4, sparse_output=False)
    columns = ColumnTransformer([("numbers", StandardScaler(), ["x"]), ("levels", encoder, ["plan"])])
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, random.integers(0, 2, 200))

    form = numpy_form_of(stored.loads(artifact.dumps(estimator)))

    asked = pd.DataFrame({"x": [0.1, 0.2, 0.3, 0.4], "plan": ["a", "e", "never seen", np.nan]})
    codes = [form.codes["plan"].get(None if plan != plan else plan, -1.0) for plan in asked.plan]
    found = form.answer(np.column_stack([asked.x, codes]))
    np.testing.assert_allclose(found["predict_proba"], estimator.predict_proba(asked), rtol=0, atol=1e-12)


@pytest.mark.parametrize("estimator", [SVC(), LinearDiscriminantAnalysis(), GradientBoostingClassifier(n_estimators=3)])
def test_what_has_no_numpy_form_says_so(estimator: Any) -> None:
    estimator.fit(*IRIS)

    with pytest.raises(NoNumpyForm, match=type(estimator).__name__):
        numpy_form_of(stored.loads(artifact.dumps(estimator)))
