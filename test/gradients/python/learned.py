"""Makes `test/gradients/fixtures/learned.bin.br`: pipelines of scikit-learn by skl2onnx, their gradients by PyTorch.

    pip install -r test/gradients/python/requirements.txt
    python test/gradients/python/learned.py

The weights are those that scikit-learn found, in float32 as the converter keeps them.
"""

import warnings
from pathlib import Path

import numpy as np
import sklearn
import skl2onnx
import torch
import torch.nn.functional as F
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from generated import summary
from packed import Pack
from stripping import without_weights

warnings.simplefilter("ignore")
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SAMPLES = 12


def single(value):
    return np.asarray(value, np.float32)


def affine_layers(estimator):
    """The matrices and rows of a model that is a chain of affine maps."""
    if hasattr(estimator, "coefs_"):
        return list(zip(estimator.coefs_, estimator.intercepts_))
    # The converter keeps one column or row for each thing to tell.
    return [(np.atleast_2d(estimator.coef_).T, np.atleast_1d(estimator.intercept_))]


def forward(pipeline, parameters, x):
    """What the pipeline computes, with its last step's parameters given."""
    h = x
    for _, step in pipeline.steps[:-1]:
        t = lambda value: torch.tensor(single(value), dtype=x.dtype)
        h = (h - t(step.mean_)) / t(step.scale_) if isinstance(step, StandardScaler) else (h - t(step.mean_)) @ t(step.components_).T
    estimator = pipeline.steps[-1][1]
    bend = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}.get(getattr(estimator, "activation", None))
    layers = list(zip(parameters[::2], parameters[1::2]))
    for at, (w, b) in enumerate(layers):
        h = h @ w + b
        h = bend(h) if at + 1 < len(layers) else h
    return h


def answer(pipeline, weights, x, target, precision):
    parameters = [torch.tensor(value, dtype=precision).requires_grad_() for value in weights.values()]
    made = forward(pipeline, parameters, torch.tensor(x, dtype=precision))
    if target.dtype == np.int64:
        loss = F.cross_entropy(made, torch.tensor(target))
    else:
        loss = (made - torch.tensor(target, dtype=precision)).square().mean()
    loss.backward()
    return loss.item(), {name: p.grad.numpy() for name, p in zip(weights, parameters)}


def convert(name, pipeline, data, pack, **options):
    x, target = single(data.data), data.target
    classifies = target.dtype.kind == "i"
    if not classifies:
        target = (target - target.mean()) / target.std()
    pipeline.fit(x, target)
    x = x[:: len(x) // SAMPLES][:SAMPLES]
    target = target[:: len(target) // SAMPLES][:SAMPLES]
    target = target.astype(np.int64) if classifies else single(target)[:, None]
    weights = {}
    for at, (w, b) in enumerate(affine_layers(pipeline.steps[-1][1])):
        weights[f"w{at}"], weights[f"b{at}"] = np.ascontiguousarray(single(w)), single(b)
    model = skl2onnx.to_onnx(pipeline, x[:1], options={"zipmap": False} if classifies else None, **options)
    stripped, initializers = without_weights(model, weights)
    exact = answer(pipeline, weights, x, target, torch.float64)
    opset = {entry.domain: entry.version for entry in model.opset_import}[""]
    output = model.graph.output[-1].name
    print(f"{name}: opset {opset}, {len(model.graph.node)} nodes, loss {exact[0]:.6f}, {[i['name'] for i in initializers]}")
    return {
        "key": f"{name}, skl2onnx", "name": name, "origin": "scikit-learn", "exporter": "skl2onnx", "mode": "eval", "shapes": "dynamic batch",
        "opset": opset, "file": pack.blob(stripped.SerializeToString()),
        "weights": {key: {"array": pack.array(value)} for key, value in weights.items()},
        "initializers": initializers, "inputs": {model.graph.input[0].name: pack.array(x)},
        "output": output, "loss": "log likelihood" if classifies else "mean square", "target": pack.array(target),
        "float64": summary(*exact), "float32": summary(*answer(pipeline, weights, x, target, torch.float32)),
    }


def main():
    pack = Pack()
    scaler = StandardScaler
    models = [
        convert("Scaler, multilayer perceptron", make_pipeline(scaler(), MLPClassifier((16, 8), random_state=0, max_iter=80)), load_iris(), pack),
        # As it is, LogisticRegression becomes one node with its weights as attributes, which cannot be learnt.
        convert("Scaler, logistic regression", make_pipeline(scaler(), LogisticRegression()), load_iris(), pack,
                black_op={"LinearClassifier", "Scaler", "Normalizer"}),
        convert("Scaler, principal components, perceptron", make_pipeline(scaler(), PCA(5, random_state=0), MLPRegressor(hidden_layer_sizes=(12,), activation="tanh", random_state=0, max_iter=60)), load_diabetes(), pack),
        convert("Scaler, ridge regression", make_pipeline(scaler(), Ridge()), load_diabetes(), pack, black_op={"LinearRegressor"}),
    ]
    size = pack.write(FIXTURES / "learned.bin.br", {"made": f"scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}", "models": models})
    print(f"{len(models)} models, {size} bytes")


if __name__ == "__main__":
    main()
