"""Makes `test/gradients/fixtures/models.bin.br`: whole models as their users export them, and PyTorch's losses and gradients.

    pip install -r test/gradients/python/requirements.txt
    python test/gradients/python/models.py [--dump FOLDER]

Weights are no part of the file: they are generated, here and in the tests. Of each gradient the norm is kept and dot
products with vectors of signs; --dump writes all elements, to look at.
"""

import sys
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
import transformers
from torch import nn
from torch.fx.experimental.optimization import fuse

import architectures as zoo
from exporting import by_dynamo, by_torchscript
from generated import generated, summary
from packed import Pack
from stripping import without_weights

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
NORMS = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)

# What is exported how. Batch normalization that only applies its statistics is folded into convolutions by both
# exporters, so there the parameters are those of the folded model.
EXPORTS = (
    (zoo.resnet18, "dynamo", "eval", "dynamic batch"),
    (zoo.resnet18, "dynamo, optimize=False", "eval", ""),
    (zoo.resnet18, "TorchScript", "train", ""),
    (zoo.mobilenet_v3, "dynamo", "eval", ""),
    (zoo.mobilenet_v3, "TorchScript", "train", "dynamic batch"),
    (zoo.bert, "dynamo", "eval", "dynamic batch"),
    (zoo.bert, "TorchScript", "eval", ""),
    (zoo.bert, "TorchScript", "eval", "dynamic batch"),
    (zoo.gpt, "dynamo", "eval", ""),
    (zoo.gpt_with_loss, "TorchScript", "eval", "dynamic batch"),
    (zoo.lstm, "dynamo", "eval", ""),
    (zoo.lstm, "TorchScript", "eval", "dynamic batch"),
    (zoo.gru, "dynamo", "eval", "dynamic batch"),
    (zoo.gru, "TorchScript", "train", ""),
    (zoo.unet, "dynamo", "eval", ""),
    (zoo.unet, "TorchScript", "train", "dynamic batch"),
    (zoo.unet_smooth, "dynamo", "eval", ""),
    (zoo.unet_smooth, "TorchScript", "eval", "dynamic batch"),
    (zoo.vision, "dynamo", "eval", "dynamic batch"),
    (zoo.vision, "TorchScript", "eval", ""),
)


def weights_of(module):
    """How the numbers of each parameter and each running statistic are generated: about what, how far around."""
    norms = {f"{name}.weight" for name, part in module.named_modules() if isinstance(part, NORMS)}
    known = {}
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        if not value.is_floating_point():
            continue
        if name.endswith("running_var"):
            offset, spread = 1.0, 0.5
        elif name in norms:
            offset, spread = 1.0, 0.25
        elif value.dim() < 2:
            offset, spread = 0.0, 0.125
        else:
            # The variance of what a layer makes is about that of what it is given.
            embeds = any(part in name for part in ("embedding", "wte", "wpe"))
            offset, spread = 0.0, 0.25 if embeds else float(np.float32((3 / value[0].numel()) ** 0.5))
        known[name] = {"shape": list(value.shape), "offset": offset, "spread": spread}
    return known


def prepare(seed, architecture, exporter, mode):
    torch.manual_seed(0)
    module = architecture.build()
    module.train(mode == "train")
    # transformers drop out in training mode; eval leaves their gradients as they are.
    folds = mode == "eval" and "optimize" not in exporter and any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    module = fuse(module) if folds else module
    specs = weights_of(module)
    values = {name: generated(seed, name, spec["shape"], spec["offset"], spec["spread"]) for name, spec in specs.items()}
    own = dict([*module.named_parameters(), *module.named_buffers()])
    with torch.no_grad():
        for name, value in values.items():
            own[name].copy_(torch.from_numpy(value))
    return module, specs, values


def inputs_of(seed, architecture, pack):
    inputs, refs = {}, {}
    for name, given in architecture.inputs.items():
        if isinstance(given, tuple):
            spec = {"shape": list(given), "offset": 0.0, "spread": 1.0}
            inputs[name], refs[name] = torch.from_numpy(generated(seed, f"input {name}", given, 0.0, 1.0)), {"generated": spec}
        else:
            inputs[name] = torch.tensor(given)
            refs[name] = pack.array(inputs[name].numpy())
    return inputs, refs


def loss_of(output, labels):
    if labels is None:
        return output
    return F.cross_entropy(output.movedim(-1, 1) if output.dim() == 3 else output, torch.tensor(labels))


def answer(module, inputs, labels, precision):
    """Loss and gradients, with nothing left behind in the module."""
    state = {name: value.clone() for name, value in module.state_dict().items()}
    module.to(precision)
    module.zero_grad()
    given = [x.to(precision) if x.is_floating_point() else x for x in inputs.values()]
    loss = loss_of(module(*given), labels)
    loss.backward()
    gradients = {name: p.grad.numpy().copy() for name, p in module.named_parameters() if p.grad is not None}
    module.to(torch.float32)
    module.load_state_dict(state)
    return loss.item(), gradients


def at_kink(module, inputs, labels, exact):
    """Whether rounding alone decides on a gradient: a Relu of nearly 0, a maximum of two nearly equal numbers."""
    state = {name: value.clone() for name, value in module.state_dict().items()}
    norms = {name: np.linalg.norm(value) for name, value in exact.items()}
    total = np.sqrt(sum(norm**2 for norm in norms.values()))
    for seed in range(3):
        torch.manual_seed(seed)
        module.to(torch.float64)
        with torch.no_grad():
            for value in module.parameters():
                value.mul_(1 + 3e-7 * torch.randn_like(value))
        _, moved = answer(module, inputs, labels, torch.float64)
        module.to(torch.float32)
        module.load_state_dict(state)
        if any(np.linalg.norm(moved[name] - exact[name]) > 5e-5 * max(norms[name], total / 1000) for name in exact):
            return True
    return False


def export(architecture, exporter, mode, shapes, pack, dump):
    key = ", ".join(part for part in (architecture.name, exporter, mode, shapes) if part)
    for attempt in count():
        seed = f"{key}, numbers {attempt}" if attempt else key
        module, specs, values = prepare(seed, architecture, exporter, mode)
        inputs, refs = inputs_of(seed, architecture, pack)
        exact = answer(module, inputs, architecture.labels, torch.float64)
        if not at_kink(module, inputs, architecture.labels, exact[1]):
            break
    single = answer(module, inputs, architecture.labels, torch.float32)
    if dump:
        for precision, (_, gradients) in (("float64", exact), ("float32", single)):
            np.savez(dump / f"{key}.{precision}.npz", **gradients)
    if exporter == "TorchScript":
        model = by_torchscript(module, inputs, mode == "train", bool(shapes))
    else:
        model = by_dynamo(module, inputs, "optimize" not in exporter, bool(shapes))
    stripped, initializers = without_weights(model, values)
    inside = architecture.labels is None
    target = {"loss": "made"} if inside else {"loss": "cross entropy", "target": pack.array(np.asarray(architecture.labels, np.int64))}
    opset = {entry.domain: entry.version for entry in model.opset_import}[""]
    known = {list(specs)[at] for initializer in initializers for at, _, _ in initializer["segments"] if at >= 0}
    folded = [name for name in exact[1] if name not in known]
    print(f"{seed}: opset {opset}, {len(model.graph.node)} nodes, loss {exact[0]:.6f}; folded: {folded}")
    return {
        "key": key, "seed": seed, "name": architecture.name, "origin": architecture.origin, "exporter": f"torch.onnx, {exporter}", "mode": mode, "shapes": shapes or "fixed",
        "opset": opset, "file": pack.blob(stripped.SerializeToString()),
        "weights": specs, "initializers": initializers, "inputs": refs, "output": model.graph.output[0].name, **target,
        "float64": summary(*exact), "float32": summary(*single),
    }


def main():
    dump = Path(sys.argv[sys.argv.index("--dump") + 1]) if "--dump" in sys.argv else None
    pack = Pack()
    models = [export(*each, pack, dump) for each in EXPORTS]
    size = pack.write(FIXTURES / "models.bin.br", {"made": f"torch {torch.__version__}, torchvision {torchvision.__version__}, transformers {transformers.__version__}", "models": models})
    print(f"{len(models)} models, {size} bytes")


if __name__ == "__main__":
    main()
