"""Cases of losses: PyTorch's value, summed over the rows, and its gradient at the network's outputs, in float64.

Numbers in the specs are exact in float32, so that nothing but arithmetic differs.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

ROWS = 11
WEIGHTS = [0.5, 2.0, 1.0, 0.25]


def loss_cases(pack):
    random = np.random.default_rng(4)
    cases = []

    def case(name, loss, outputs, labels, reference, weights=None):
        z = torch.tensor(outputs.astype(np.float64), requires_grad=True)
        value = reference(z, torch.tensor(labels))
        value.backward()
        cases.append(
            {
                "name": name,
                "loss": loss,
                "weights": weights,
                "outputs": pack.array(outputs),
                "labels": pack.array(labels),
                "value": value.item(),
                "gradient": pack.array(z.grad.numpy()),
            }
        )

    scores = (2 * random.standard_normal((ROWS, 4))).astype(np.float32)
    classes = random.integers(0, 4, ROWS).astype(np.int32)
    for weights in (None, WEIGHTS):
        mark = "" if weights is None else ", weighted"
        w = None if weights is None else torch.tensor(weights, dtype=torch.float64)

        for smoothing in (0.0, 0.125):
            loss = {"type": "cross-entropy", "labelSmoothing": smoothing}
            case(
                f"cross-entropy, smoothing {smoothing}{mark}",
                loss,
                scores,
                classes,
                lambda z, y: F.cross_entropy(z, y.long(), weight=w, label_smoothing=smoothing, reduction="sum"),
                weights,
            )
        for gamma in (0.0, 0.5, 2.0):
            case(
                f"focal, gamma {gamma}{mark}",
                {"type": "focal", "gamma": gamma},
                scores,
                classes,
                lambda z, y: focal(z, y, gamma, w),
                weights,
            )
        for power in (1, 2):
            case(
                f"hinge, power {power}{mark}",
                {"type": "hinge", "margin": 1.5, "power": power},
                scores,
                classes,
                lambda z, y: F.multi_margin_loss(z, y.long(), p=power, margin=1.5, weight=w, reduction="sum"),
                weights,
            )

    large = (40 * scores).astype(np.float32)
    case(
        "cross-entropy, large scores",
        {"type": "cross-entropy", "labelSmoothing": 0},
        large,
        classes,
        lambda z, y: F.cross_entropy(z, y.long(), reduction="sum"),
    )

    binary = (2 * random.standard_normal((ROWS, 1))).astype(np.float32)
    flags = random.integers(0, 2, ROWS).astype(np.int32)
    sigmoid = {"type": "sigmoid-cross-entropy", "labelSmoothing": 0}
    case("sigmoid", sigmoid, binary, flags, lambda z, y: bce(z, y, None))
    case("sigmoid, large scores", sigmoid, 60 * binary, flags, lambda z, y: bce(z, y, None))
    # PyTorch weighs the positive class alone.
    case("sigmoid, weighted", sigmoid, binary, flags, lambda z, y: bce(z, y, 3.0), [1.0, 3.0])
    case(
        "sigmoid, smoothing",
        {**sigmoid, "labelSmoothing": 0.25},
        binary,
        flags,
        lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y.double() * 0.75 + 0.125, reduction="sum"),
    )
    # torchvision's is of one output; ours of two scores, whose difference that output is.
    pair = np.concatenate([np.zeros_like(binary), binary], axis=1)
    case(
        "focal of two classes",
        {"type": "focal", "gamma": 2},
        pair,
        flags,
        lambda z, y: sigmoid_focal_loss(z[:, 1] - z[:, 0], y.double(), alpha=-1, gamma=2, reduction="sum"),
    )

    predictions = (2 * random.standard_normal((ROWS, 1))).astype(np.float32)
    values = random.standard_normal(ROWS).astype(np.float32)
    for name, loss, reference in (
        ("mse", {"type": "mse"}, lambda o, t: F.mse_loss(o, t, reduction="sum")),
        ("mae", {"type": "mae"}, lambda o, t: F.l1_loss(o, t, reduction="sum")),
        ("huber 0.5", {"type": "huber", "delta": 0.5}, lambda o, t: F.huber_loss(o, t, delta=0.5, reduction="sum")),
        ("huber 2", {"type": "huber", "delta": 2}, lambda o, t: F.huber_loss(o, t, delta=2, reduction="sum")),
        ("log-cosh", {"type": "log-cosh"}, lambda o, t: torch.log(torch.cosh(o - t)).sum()),
        ("quantile 0.75", {"type": "quantile", "quantile": 0.75}, lambda o, t: pinball(o, t, 0.75)),
        ("quantile 0.125", {"type": "quantile", "quantile": 0.125}, lambda o, t: pinball(o, t, 0.125)),
    ):
        case(name, loss, predictions, values, lambda o, t: reference(o[:, 0], t.double()))
    return cases


def focal(z, y, gamma, weight):
    """Equation 5 of Lin and others, 2017, out of PyTorch's own parts."""
    p = F.softmax(z, 1).gather(1, y.long()[:, None])[:, 0]
    each = (1 - p) ** gamma * F.cross_entropy(z, y.long(), weight=weight, reduction="none")
    return each.sum()


def bce(z, y, positive):
    weight = None if positive is None else torch.tensor(positive, dtype=torch.float64)
    return F.binary_cross_entropy_with_logits(z[:, 0], y.double(), pos_weight=weight, reduction="sum")


def pinball(o, t, q):
    e = t - o
    return torch.maximum(q * e, (q - 1) * e).sum()
