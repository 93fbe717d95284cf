"""The NumPy form: answering from the stored numbers of common models with NumPy alone, without scikit-learn.

It is tried for every version, when the server loads it, and must give the answers that scikit-learn gave when the
version was built, to the last digit (see `serve.model`); what has none, or differs, is served by scikit-learn itself.
The ONNX form (`runtime.onnx_form`) is something else: asked for by `build.recipe.compile`, made by the trainer, run by
ONNX Runtime, and equal only within 1e-5.
"""
