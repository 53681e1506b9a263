"""One case: an ONNX node (or a few), what PyTorch makes of the same inputs in float64, and PyTorch's gradients.

The loss is the sum of exp(y / 10) over the floating-point outputs that are used: its slope differs from element to
element, so a gradient that goes to a wrong place shows.
"""

import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def f32(value: float) -> float:
    """A float attribute is kept in float32."""
    return float(np.float32(value))


class Random:
    """Numbers that float32 holds exactly, so that an engine in float32 is given the same inputs."""

    def __init__(self, seed: int):
        self._generator = np.random.default_rng(seed)

    def __call__(self, *shape, low=-1.0, high=1.0):
        return self._generator.uniform(low, high, shape).astype(np.float32).astype(np.float64)

    def distinct(self, *shape, step=0.125):
        """No two alike, in random order: for what looks for the largest."""
        count = int(np.prod(shape))
        return (self._generator.permutation(count).reshape(shape) - count / 2) * step

    def integers(self, *shape, low=0, high=10):
        return self._generator.integers(low, high, shape, dtype=np.int64)


def floats(values) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def ints(*values) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


class Cases:
    def __init__(self, pack):
        self._pack = pack
        self._names = set()
        self.list = []

    def __call__(self, op, name, inputs, function, attributes=None, outputs=None, used=None, feed=(), model=None):
        """Runs `function` (on tensors, one for each input) and keeps the case.

        `used` says which outputs the loss takes (all of floating point, if left out), `feed` which inputs that are
        no floating-point numbers are fed, not constants of the graph. A `model` stands for the node where one does
        not say it all: its inputs and outputs are those of the case, in order.
        """
        full = f"{op}: {name}"
        if full in self._names:
            raise ValueError(f"two cases are called {full}")
        self._names.add(full)
        tensors = [None if x is None else torch.tensor(x) for x in inputs]
        for tensor in tensors:
            if tensor is not None and tensor.is_floating_point():
                tensor.requires_grad_()
        made = function(*tensors)
        made = list(made) if isinstance(made, (tuple, list)) else [made]
        if outputs is not None and len(made) != outputs:
            raise ValueError(f"{full} makes {len(made)} outputs")
        floating = [at for at, y in enumerate(made) if y is not None and y.is_floating_point()]
        in_loss = floating if used is None else used
        loss = sum((torch.exp(0.1 * made[at]).sum() for at in in_loss), torch.zeros(()))
        leaves = [(at, x) for at, x in enumerate(tensors) if x is not None and x.requires_grad]
        found = torch.autograd.grad(loss, [x for _, x in leaves], allow_unused=True)
        gradients = [None] * len(inputs)
        for (at, _), gradient in zip(leaves, found):
            if gradient is not None:
                if not torch.isfinite(gradient).all():
                    raise ValueError(f"{full}: PyTorch's gradient of input {at} is not finite")
                gradients[at] = gradient.numpy()
        if all(gradient is None for gradient in gradients):
            raise ValueError(f"{full} has no gradient")
        self.list.append(
            {
                "name": name,
                "op": op,
                "attributes": {key: attribute(value) for key, value in (attributes or {}).items()},
                "inputs": [None if x is None else self._pack.array(x) for x in inputs],
                "feed": list(feed),
                "outputs": [None if y is None else self._pack.array(y.detach().numpy()) for y in made],
                "used": in_loss,
                "loss": loss.item(),
                "gradients": [None if gradient is None else self._pack.array(gradient) for gradient in gradients],
                **({} if model is None else {"model": self._pack.blob(model)}),
            }
        )


def attribute(value):
    if isinstance(value, bool) or value is None:
        raise TypeError(f"{value} is no attribute")
    if isinstance(value, int):
        return {"kind": "int", "value": value}
    if isinstance(value, float):
        return {"kind": "float", "value": f32(value)}
    if isinstance(value, str):
        return {"kind": "string", "value": value}
    kind = {int: "ints", float: "floats", str: "strings"}[type(value[0])]
    return {"kind": kind, "value": [f32(v) if kind == "floats" else v for v in value]}
