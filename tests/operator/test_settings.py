"""Stories of the settings: defaults for all, and an error that names the variable."""

import pytest

from tenure.settings import Settings, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert read_settings({"TENURE_WORKERS": "", "TENURE_LOG_LEVEL": "", "TENURE_WATCH_NAMESPACES": ""}) == Settings()


def test_every_variable_counts() -> None:
    settings = read_settings(
        {
            "TENURE_RUNTIME_IMAGE": "runtime:2",
            "TENURE_WATCH_NAMESPACES": "one, two,",
            "TENURE_LOG_LEVEL": "debug",
            "TENURE_LOG_FORMAT": "text",
            "TENURE_WORKERS": "4",
            "TENURE_RESYNC_SECONDS": "1.5",
            "TENURE_HEALTH_PORT": "9001",
            "TENURE_METRICS_PORT": "9002",
            "TENURE_LEASE": "tenure",
            "POD_NAME": "tenure-1",
            "POD_NAMESPACE": "operators",
        }
    )

    alone = ("runtime:2", ("one", "two"), "DEBUG", "text", 4, 1.5, 9001, 9002)
    assert settings == Settings(*alone, "tenure", "tenure-1", "operators")


@pytest.mark.parametrize("name", ["POD_NAME", "POD_NAMESPACE"])
def test_a_lease_without_a_name_of_its_own_is_refused(name: str) -> None:
    environ = {"TENURE_LEASE": "tenure", "POD_NAME": "tenure-1", "POD_NAMESPACE": "operators", name: ""}
    with pytest.raises(ValueError, match=f"TENURE_LEASE needs {name}"):
        read_settings(environ)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TENURE_WORKERS", "many"),
        ("TENURE_WORKERS", "0"),
        ("TENURE_WORKERS", "-1"),
        ("TENURE_WORKERS", "0.5"),
        ("TENURE_WORKERS", "nan"),
        ("TENURE_WORKERS", "inf"),
        ("TENURE_RESYNC_SECONDS", "never"),
        ("TENURE_RESYNC_SECONDS", "0"),
        ("TENURE_RESYNC_SECONDS", "nan"),
        ("TENURE_RESYNC_SECONDS", "inf"),
        ("TENURE_HEALTH_PORT", "65536"),
        ("TENURE_METRICS_PORT", "http"),
        ("TENURE_LOG_LEVEL", "LOUD"),
        ("TENURE_LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{name} .*{text}"):
        read_settings({name: text})
