"""Answering from the stored numbers of common models with NumPy alone: scikit-learn is not even imported.

Every compiled model must give the answers that scikit-learn gave when the version was built (see `serve.model`);
what is not compiled, or differs, is served by scikit-learn itself.
"""
