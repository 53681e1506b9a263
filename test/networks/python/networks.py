"""Makes `test/networks/fixtures/networks.bin.br`: what PyTorch's own modules put out and how they train, in float64.

    pip install -r test/gradients/python/requirements.txt
    python test/networks/python/networks.py

Weights are generated under our names, in our shapes, and brought into each module here: transposed, and with the gates of
recurrent layers in PyTorch's order. The fixture keeps the outputs before the first step and the loss of every step.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "gradients/python"))
from generated import generated  # noqa: E402
from packed import Pack  # noqa: E402

torch.set_default_dtype(torch.float64)
BATCH, BATCHES, STEPS, CLASSES = 8, 4, 50, 3


class Weights:
    """Parameters of one case by our names."""

    def __init__(self, case):
        self.case, self.specs = case, []

    def make(self, name, shape, offset, spread):
        self.specs.append({"name": name, "shape": list(shape), "offset": offset, "spread": spread})
        return torch.from_numpy(generated(self.case, name, shape, offset, spread).astype(np.float64))

    def matrix(self, name, shape, fan_in):
        return self.make(name, shape, 0, float((3 / fan_in) ** 0.5))

    def vector(self, name, width, offset=0):
        return self.make(name, [width], offset, 0.1)


def fill(parameter, value):
    with torch.no_grad():
        parameter.copy_(value)


def dense(w, path, module):
    fill(module.weight, w.matrix(f"{path}/weight", [module.in_features, module.out_features], module.in_features).T)
    fill(module.bias, w.vector(f"{path}/bias", module.out_features))
    return module


def conv(w, path, module):
    fan_in = module.in_channels * module.kernel_size[0] ** 2
    fill(module.weight, w.matrix(f"{path}/weight", list(module.weight.shape), fan_in))
    if module.bias is not None:
        fill(module.bias, w.vector(f"{path}/bias", module.out_channels))
    return module


def norm(w, path, module):
    fill(module.weight, w.vector(f"{path}/scale", len(module.weight), 1))
    fill(module.bias, w.vector(f"{path}/bias", len(module.bias)))
    return module


def mlp(w):
    layers = [dense(w, "layer0", nn.Linear(12, 16)), nn.ReLU(), dense(w, "layer1", nn.Linear(16, 8)), nn.ReLU()]
    return nn.Sequential(*layers, dense(w, "layer2", nn.Linear(8, CLASSES)))


def cnn(w):
    return nn.Sequential(
        conv(w, "block0/conv0", nn.Conv2d(2, 4, 5, padding=2)), nn.ReLU(), nn.MaxPool2d(2),
        conv(w, "block1/conv0", nn.Conv2d(4, 6, 3, padding=1)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), dense(w, "head/layer0", nn.Linear(24, 10)), nn.ReLU(), dense(w, "head/layer1", nn.Linear(10, CLASSES)),
    )  # fmt: skip


class Block(nn.Module):
    def __init__(self, w, path, inner, outer, stride):
        super().__init__()
        part = lambda name, channels, kernel, stride: nn.Sequential(
            conv(w, f"{path}/{name}/conv", nn.Conv2d(channels, outer, kernel, stride, kernel // 2, bias=False)),
            norm(w, f"{path}/{name}/norm", nn.GroupNorm(int(np.gcd(outer, 8)), outer)),
        )
        self.first, self.second = part("first", inner, 3, stride), part("second", outer, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 and inner == outer else part("shortcut", inner, 1, stride)

    def forward(self, x):
        return F.gelu(self.second(F.gelu(self.first(x))) + self.shortcut(x))


def resnet18(w, width=4):
    stem = conv(w, "stem/conv", nn.Conv2d(2, width, 3, padding=1, bias=False))
    layers = [stem, norm(w, "stem/norm", nn.GroupNorm(4, width)), nn.GELU()]
    channels = width
    for stage in range(4):
        for block in range(2):
            outer = width * 2**stage
            layers.append(Block(w, f"stage{stage}/block{block}", channels, outer, 2 if stage and not block else 1))
            channels = outer
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense(w, "head", nn.Linear(channels, CLASSES)))


# Where PyTorch has each of ONNX's gates.
GATES = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2], "rnn": [0]}


class Recurrent(nn.Module):
    def __init__(self, w, kind, channels, hidden, layers, both):
        super().__init__()
        make = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind]
        self.cells = make(channels, hidden, layers, batch_first=True, bidirectional=both)
        order = GATES[kind]
        rows = len(order) * hidden
        turned = lambda value: value.reshape(len(order), hidden, -1)[order_of(order)].reshape(value.shape)
        for layer in range(layers):
            width = channels if layer == 0 else hidden * (1 + both)
            for direction, suffix in (("forward", ""), ("backward", "_reverse"))[: 1 + both]:
                path = f"layer{layer}/{direction}"
                bias = w.vector(f"{path}/bias", 2 * rows)
                own = lambda name: getattr(self.cells, f"{name}_l{layer}{suffix}")
                fill(own("weight_ih"), turned(w.matrix(f"{path}/weight", [rows, width], width)))
                fill(own("weight_hh"), turned(w.matrix(f"{path}/recurrence", [rows, hidden], hidden)))
                fill(own("bias_ih"), turned(bias[:rows]))
                fill(own("bias_hh"), turned(bias[rows:]))
        self.head = dense(w, "head", nn.Linear(hidden * (1 + both), CLASSES))
        self.both = both

    def forward(self, x):
        _, last = self.cells(x)
        last = last[0] if isinstance(last, tuple) else last
        return self.head(torch.cat([last[-2], last[-1]], 1) if self.both else last[-1])


def order_of(order):
    """Which of ONNX's gates stands at each of PyTorch's places."""
    return [order.index(place) for place in range(len(order))]


class Transformer(nn.Module):
    def __init__(self, w, vocabulary, time, width, heads, layers):
        super().__init__()
        self.token = nn.Parameter(w.make("token/embedding", [vocabulary, width], 0, 0.5))
        self.position = nn.Parameter(w.make("position", [time, width], 0, 0.2))
        encoder = lambda: nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.ModuleList(encoder() for _ in range(layers))
        for index, layer in enumerate(self.layers):
            path = f"layer{index}"
            norm(w, f"{path}/norm0", layer.norm1)
            norm(w, f"{path}/norm1", layer.norm2)
            attention = layer.self_attn
            fill(attention.in_proj_weight, w.matrix(f"{path}/attention/qkv/weight", [width, 3 * width], width).T)
            fill(attention.in_proj_bias, w.vector(f"{path}/attention/qkv/bias", 3 * width))
            dense(w, f"{path}/attention/out", attention.out_proj)
            dense(w, f"{path}/feedforward0", layer.linear1)
            dense(w, f"{path}/feedforward1", layer.linear2)
        self.norm = norm(w, "norm", nn.LayerNorm(width))
        self.head = dense(w, "head", nn.Linear(width, CLASSES))

    def forward(self, ids):
        padding = ids == 0
        x = self.token[ids] + self.position
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=padding)
        counts = (~padding)[..., None].to(x.dtype)
        return self.head((self.norm(x) * counts).sum(1) / counts.sum(1))


IMAGE, SERIES = [2, 8, 8], [6, 5]
CASES = [
    ("mlp", {"type": "mlp", "hidden": [16, 8]}, [12], mlp),
    ("cnn", {"type": "cnn", "blocks": [{"filters": 4, "kernel": 5}, {"filters": 6}], "hidden": [10]}, IMAGE, cnn),
    ("resnet-18", {"type": "resnet", "width": 4, "activation": "gelu"}, [2, 16, 16], resnet18),
    ("rnn", {"type": "rnn", "hidden": 8}, SERIES, lambda w: Recurrent(w, "rnn", 5, 8, 1, False)),
    ("gru, both ways", {"type": "gru", "hidden": 6, "bidirectional": True}, SERIES, lambda w: Recurrent(w, "gru", 5, 6, 1, True)),
    ("lstm of two layers", {"type": "lstm", "hidden": 8, "layers": 2}, SERIES, lambda w: Recurrent(w, "lstm", 5, 8, 2, False)),
    ("transformer", {"type": "transformer", "width": 16, "heads": 4, "layers": 2}, [7], lambda w: Transformer(w, 11, 7, 16, 4, 2)),
]  # fmt: skip


def samples(name, shape):
    rows = BATCH * BATCHES
    if name != "transformer":
        return generated(name, "input", [rows, *shape], 0, 1)
    ids = 1 + np.floor(5 + 5 * generated(name, "input", [rows, *shape], 0, 1)).astype(np.int64)
    lengths = 2 + np.arange(rows) % (shape[0] - 1)
    return np.where(np.arange(shape[0]) < lengths[:, None], ids, 0)


def optimizer_of(name):
    # Of 18 layers the loss is so curved that rounding errors grow to 1e-2 within 50 steps, where steps are as large as
    # Adam's, or where a ReLU that flips adds a kink.
    if name == "resnet-18":
        return {"type": "sgd", "learningRate": 0.0005, "momentum": 0.9}
    return {"type": "adamw", "learningRate": 0.01, "weightDecay": 0.01}


def make_optimizer(parameters, spec):
    if spec["type"] == "sgd":
        return torch.optim.SGD(parameters, lr=spec["learningRate"], momentum=spec["momentum"])
    return torch.optim.AdamW(parameters, lr=spec["learningRate"], weight_decay=spec["weightDecay"], foreach=False)


def train(name, shape, make):
    weights = Weights(name)
    module = make(weights)
    x = torch.from_numpy(samples(name, shape))
    x = x if name == "transformer" else x.to(torch.float64)
    labels = torch.arange(BATCH * BATCHES) * 7 % CLASSES
    optimizer = make_optimizer(module.parameters(), optimizer_of(name))
    outputs, losses = module(x[:BATCH]).detach().numpy(), []
    for step in range(STEPS):
        rows = slice(step % BATCHES * BATCH, (step % BATCHES + 1) * BATCH)
        loss = F.cross_entropy(module(x[rows]), labels[rows])
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    count = sum(parameter.numel() for parameter in module.parameters())
    assert count == sum(int(np.prod(spec["shape"])) for spec in weights.specs), name
    return weights.specs, x.numpy().reshape(len(x), -1), labels.numpy().astype(np.int32), outputs, np.array(losses)


def main():
    pack, cases = Pack(), []
    for name, architecture, shape, make in CASES:
        parameters, x, labels, outputs, losses = train(name, shape, make)
        ids = {"vocabulary": 11} if name == "transformer" else {}
        cases.append({
            "name": name, "architecture": architecture, "shape": shape, **ids, "optimizer": optimizer_of(name), "parameters": parameters,
            "samples": pack.array(x.astype(np.float32)), "labels": pack.array(labels),
            "outputs": pack.array(outputs), "losses": pack.array(losses),
        })  # fmt: skip
        print(f"{name}: {losses[0]:.4f} -> {losses[-1]:.4f}")
    header = {"made": f"torch {torch.__version__}", "batch": BATCH, "batches": BATCHES, "classes": CLASSES, "cases": cases}
    print(f"{pack.write(HERE.parent / 'fixtures/networks.bin.br', header)} bytes")


if __name__ == "__main__":
    main()
