"""Makes `test/objectives/fixtures/own-labels.bin.br`: contrastive losses and 50 steps of a small GPT as PyTorch has them.

    pip install -r test/gradients/python/requirements.txt
    python test/objectives/python/own_labels.py

All in float64. The GPT is written down operator by operator, with the parameters' names of the architecture `gpt`.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "gradients" / "python"))

from packed import Pack  # noqa: E402

torch.set_default_dtype(torch.float64)
ROWS, WIDTH, CLASSES = 5, 4, 6
STEPS, BATCH, CONTEXT, VOCABULARY = 50, 8, 12, 13
MODEL = {"type": "gpt", "width": 16, "heads": 2, "layers": 2, "tied": True}
OPTIMIZER = {"type": "adam", "learningRate": 0.003}
SMOOTHING = 0.05


def contrastive(pack, random):
    """Each: the inputs, the loss of each row, and the gradient of the rows' sum for each input."""
    vectors = lambda: torch.tensor(random.normal(size=(ROWS, WIDTH)).astype(np.float32).astype(float))  # noqa: E731
    targets = torch.softmax(torch.tensor(random.normal(size=(ROWS, CLASSES))), 1).float().double()
    targets[0] = torch.tensor([0, 1, 0, 0, 0, 0])
    logits = torch.tensor(random.normal(size=(ROWS, CLASSES)).astype(np.float32).astype(float)) * 4
    same = vectors()
    cases = [
        ("infoNce", {"temperature": 0.5}, [vectors(), vectors()], lambda q, k: info_nce(q, k, 0.5)),
        ("infoNce", {"temperature": 0.07}, [vectors(), vectors()], lambda q, k: info_nce(q, k, 0.07)),
        ("tripletMargin", {"margin": 1.0}, [vectors(), vectors(), vectors()], lambda *x: triplet(*x, 1.0)),
        # Here anchor and positive are one: the slope there is not to be infinite.
        ("tripletMargin", {"margin": 0.5}, [same, same.clone(), vectors()], lambda *x: triplet(*x, 0.5)),
        ("klDivergence", {}, [logits, targets], kl),
    ]
    return [contrastive_case(pack, *case) for case in cases]


def info_nce(queries, keys, temperature):
    scores = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T / temperature
    return F.cross_entropy(scores, torch.arange(len(queries)), reduction="none")


def triplet(anchor, positive, negative, margin):
    return F.triplet_margin_loss(anchor, positive, negative, margin=margin, eps=1e-6, reduction="none")


def kl(logits, targets):
    return F.kl_div(F.log_softmax(logits, 1), targets, reduction="none").sum(1)


def contrastive_case(pack, name, options, inputs, loss):
    free = [value.clone().requires_grad_() for value in inputs]
    rows = loss(*free)
    wanted = free[:1] if name == "klDivergence" else free
    gradients = torch.autograd.grad(rows.sum(), wanted)
    return {
        "name": name,
        "options": options,
        "inputs": [pack.array(value.numpy().astype(np.float32)) for value in inputs],
        "losses": pack.array(rows.detach().numpy()),
        "gradients": [pack.array(value.numpy()) for value in gradients],
    }


def gpt_shapes():
    width = MODEL["width"]
    shapes = {"token/embedding": (VOCABULARY, width), "position": (CONTEXT, width)}
    for layer in range(MODEL["layers"]):
        at = f"layer{layer}/"
        for norm in ("norm0", "norm1"):
            shapes |= {f"{at}{norm}/scale": (width,), f"{at}{norm}/bias": (width,)}
        for part, (a, b) in {
            "attention/qkv": (width, 3 * width),
            "attention/out": (width, width),
            "feedforward0": (width, 4 * width),
            "feedforward1": (4 * width, width),
        }.items():
            shapes |= {f"{at}{part}/weight": (a, b), f"{at}{part}/bias": (b,)}
    return shapes | {"norm/scale": (width,), "norm/bias": (width,)}


def forward(p, ids):
    width, heads = MODEL["width"], MODEL["heads"]
    dense = lambda x, at: x @ p[f"{at}/weight"] + p[f"{at}/bias"]  # noqa: E731
    norm = lambda x, at: F.layer_norm(x, (width,), p[f"{at}/scale"], p[f"{at}/bias"])  # noqa: E731
    x = p["token/embedding"][ids] + p["position"][: ids.shape[1]]
    for layer in range(MODEL["layers"]):
        at = f"layer{layer}"
        parts = dense(norm(x, f"{at}/norm0"), f"{at}/attention/qkv").split(width, dim=2)
        q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + dense(mixed, f"{at}/attention/out")
        inner = F.gelu(dense(norm(x, f"{at}/norm1"), f"{at}/feedforward0"))
        x = x + dense(inner, f"{at}/feedforward1")
    return norm(x, "norm") @ p["token/embedding"].T


def rows_loss(logits, labels):
    """Of each row the mean over its own tokens."""
    each = F.cross_entropy(
        logits.transpose(1, 2), labels, reduction="none", ignore_index=0, label_smoothing=SMOOTHING
    )
    counted = (labels != 0).double()
    return (each * counted).sum(1) / counted.sum(1).clamp(min=1)


def gpt(pack, random):
    start = {}
    for name, shape in gpt_shapes().items():
        value = random.normal(scale=0.3, size=shape) if len(shape) > 1 else random.normal(scale=0.1, size=shape)
        start[name] = (value + name.endswith("scale")).astype(np.float32)
    # What follows is the sum of the two before, but for noise; some rows are short.
    ids = random.integers(1, VOCABULARY, size=(STEPS, BATCH, CONTEXT + 1))
    for at in range(2, CONTEXT + 1):
        follows = 1 + (ids[:, :, at - 1] + ids[:, :, at - 2]) % (VOCABULARY - 1)
        ids[:, :, at] = np.where(random.random((STEPS, BATCH)) < 0.9, follows, ids[:, :, at])
    ids[:, -1, CONTEXT // 2 :] = 0
    p = {name: torch.tensor(value.astype(float)).requires_grad_() for name, value in start.items()}
    optimizer = torch.optim.Adam(p.values(), lr=OPTIMIZER["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step in torch.tensor(ids):
        loss = rows_loss(forward(p, step[:, :-1]), step[:, 1:]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "architecture": MODEL,
        "optimizer": OPTIMIZER,
        "labelSmoothing": SMOOTHING,
        "vocabulary": VOCABULARY,
        "start": {name: pack.array(value) for name, value in start.items()},
        "ids": pack.array(ids.astype(np.uint8)),
        "losses": pack.array(np.array(losses)),
    }


def main():
    pack = Pack()
    random = np.random.default_rng(11)
    header = {
        "torch": torch.__version__,
        "contrastive": contrastive(pack, random),
        "gpt": gpt(pack, random),
    }
    size = pack.write(HERE.parent / "fixtures/own-labels.bin.br", header)
    print(f"{size} bytes")


if __name__ == "__main__":
    main()
