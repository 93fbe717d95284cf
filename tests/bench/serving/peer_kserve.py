"""KServe's model server with a scikit-learn model, through its public interface."""

import os
from pathlib import Path

import joblib
import kserve
from kserve.utils.utils import get_predict_input, get_predict_response


class Estimator(kserve.Model):
    """A joblib file behind KServe's protocols."""

    def load(self) -> bool:
        """Load the model that the environment names."""
        self.estimator = joblib.load(Path(os.environ["BENCH_MODEL"]))
        self.ready = True
        return True

    def predict(self, payload, headers=None):  # noqa: ARG002 the interface's
        """Predict one request."""
        return get_predict_response(payload, self.estimator.predict(get_predict_input(payload)), self.name)


if __name__ == "__main__":
    served = Estimator("bench")
    served.load()
    kserve.ModelServer(http_port=int(os.environ["BENCH_PORT"]), enable_grpc=False, workers=1).start([served])
