"""Makes `test/gradients/fixtures/keras.bin.br`: Keras models by tf2onnx, their gradients by TensorFlow.

    pip install brotli onnx tensorflow-cpu tf2onnx
    python test/gradients/python/keras_models.py
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from keras import layers

from generated import generated, summary
from packed import Pack
from stripping import without_weights

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def gelu(x):
    """The exact form has an operator that the converter does not know."""
    return keras.activations.gelu(x, approximate=True)


def convolutional():
    return keras.Sequential([
        layers.Input((12, 12, 2)),
        layers.Conv2D(6, 3, padding="same", strides=2, activation="relu"),
        layers.Conv2D(6, 3, padding="same", activation=gelu),
        layers.MaxPooling2D(2, strides=1, padding="same"),
        layers.DepthwiseConv2D(3, activation="elu"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(3),
    ])


def perceptron():
    return keras.Sequential([
        layers.Input((7,)),
        layers.Dense(16, activation="silu"),
        layers.LayerNormalization(),
        layers.Dense(12, activation="softplus"),
        layers.Dense(3),
    ])


def recurrent():
    return keras.Sequential([layers.Input((5, 4)), layers.LSTM(6, return_sequences=True), layers.GRU(5), layers.Dense(3)])


def as_onnx(value, layer):
    """A parameter in the order in which the converter keeps it."""
    if isinstance(layer, layers.DepthwiseConv2D) and value.ndim == 4:
        return np.ascontiguousarray(value.transpose(2, 3, 0, 1))
    if isinstance(layer, layers.LSTM) and value.ndim == 2:
        return np.ascontiguousarray(value.T)
    return np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else value


def parameters(model):
    """The name, the layer and the variable of each parameter."""
    for at, layer in enumerate(model.layers):
        for part in layer.trainable_variables:
            yield f"{at}.{layer.__class__.__name__}.{part.name}", layer, part


def filled(build, key, precision):
    keras.config.set_floatx(precision)
    model = build()
    for name, layer, variable in parameters(model):
        shape = tuple(variable.shape)
        norm = isinstance(layer, layers.LayerNormalization) and name.endswith("gamma")
        fan_in = np.prod(shape[:-1]) if len(shape) > 1 else 64
        spread = float(np.float32((3 / fan_in) ** 0.5)) if not norm else 0.25
        variable.assign(generated(key, name, shape, 1.0 if norm else 0.0, spread).astype(precision))
    return model


def answer(build, key, x, labels, precision):
    model = filled(build, key, precision)
    with tf.GradientTape() as tape:
        scores = model(tf.constant(x, dtype=precision), training=False)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores))
    named = list(parameters(model))
    found = tape.gradient(loss, [variable.value for _, _, variable in named])
    return float(loss), {name: as_onnx(np.asarray(g), layer) for (name, layer, _), g in zip(named, found)}


def convert(name, build, pack):
    key = f"{name}, tf2onnx"
    model = filled(build, key, "float32")
    shape = model.inputs[0].shape[1:]
    call = tf.function(lambda x: model(x, training=False))
    converted, _ = tf2onnx.convert.from_function(call, input_signature=[tf.TensorSpec((None, *shape), tf.float32, name="x")])
    weights = {name: as_onnx(variable.numpy(), layer) for name, layer, variable in parameters(model)}
    stripped, initializers = without_weights(converted, weights)
    labels = np.asarray([2, 0, 1, 1], np.int64)
    x = generated(key, "input x", (4, *shape), 0.0, 1.0)
    exact = answer(build, key, x, labels, "float64")
    opset = {entry.domain: entry.version for entry in converted.opset_import}[""]
    known = {list(weights)[at] for initializer in initializers for at, _, _ in initializer["segments"] if at >= 0}
    print(f"{key}: opset {opset}, {len(converted.graph.node)} nodes, loss {exact[0]:.6f}; folded: {[n for n in weights if n not in known]}")
    return {
        "key": key, "name": name, "origin": "Keras", "exporter": "tf2onnx", "mode": "eval", "shapes": "dynamic batch",
        "opset": opset, "file": pack.blob(stripped.SerializeToString()),
        "weights": {key: {"array": pack.array(value)} for key, value in weights.items()},
        "initializers": initializers, "inputs": {converted.graph.input[0].name: pack.array(x)},
        "output": converted.graph.output[0].name, "loss": "cross entropy", "target": pack.array(labels),
        "float64": summary(*exact), "float32": summary(*answer(build, key, x, labels, "float32")),
    }


def main():
    pack = Pack()
    models = [convert("Keras, convolutions", convolutional, pack), convert("Keras, perceptron", perceptron, pack),
              convert("Keras, LSTM and GRU", recurrent, pack)]
    size = pack.write(FIXTURES / "keras.bin.br", {"made": f"tensorflow {tf.__version__}, keras {keras.__version__}, tf2onnx {tf2onnx.__version__}", "models": models})
    print(f"{len(models)} models, {size} bytes")


if __name__ == "__main__":
    main()
