"""Normalizations, batch normalization in training with its running statistics among them."""

import torch
import torch.nn.functional as F

from cases import Random, f32

random = Random(5)
EPSILON = f32(1e-5)


def add(case):
    batch(case)
    layer(case)
    others(case)


def batch(case):
    for shape in ((3, 2), (2, 3, 4), (2, 3, 2, 2)):
        channels = shape[1]
        statistics = [random(channels, low=0.5, high=1.5), random(channels), random(channels), random(channels, low=0.5, high=2)]
        inputs = [random(*shape), *statistics]
        name = f"{len(shape)} axes"
        case("BatchNormalization", f"inference, {name}", inputs,
             lambda x, s, b, m, v: inference(x, s, b, m, v, EPSILON))
        case("BatchNormalization", f"training, {name}", inputs, training, {"training_mode": 1, "momentum": 0.75}, outputs=3)
    case("BatchNormalization", "training, first output alone", inputs,
         lambda x, s, b, m, v: training(x, s, b, m, v)[0], {"training_mode": 1, "momentum": 0.75})
    case("BatchNormalization", "epsilon", inputs, lambda x, s, b, m, v: inference(x, s, b, m, v, f32(0.1)), {"epsilon": 0.1})


def inference(x, scale, bias, mean, variance, epsilon):
    """As torch.nn.functional.batch_norm, which gives no gradient of the statistics."""
    each = lambda values: values.reshape(-1, *[1] * (x.dim() - 2))
    y = (x - each(mean)) / (each(variance) + epsilon).sqrt() * each(scale) + each(bias)
    told = F.batch_norm(x.detach(), mean.detach(), variance.detach(), scale.detach(), bias.detach(), False, 0, epsilon)
    torch.testing.assert_close(y.detach(), told)
    return y


def training(x, scale, bias, mean, variance):
    """The normalized values are PyTorch's; ONNX's running variance is of the population, PyTorch's of the sample."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    y = F.batch_norm(x, None, None, scale, bias, True, 0, EPSILON)
    momentum = 0.75
    return (
        y,
        momentum * mean + (1 - momentum) * x.mean(axes),
        momentum * variance + (1 - momentum) * x.var(axes, unbiased=False),
    )


def layer(case):
    x = random(2, 3, 4, low=-2, high=2)
    for axis in (-1, 1, 0):
        inner = x.shape[axis:] if axis else x.shape
        run = lambda x, s, b=None, d=inner: F.layer_norm(x, d, s, b, EPSILON)
        case("LayerNormalization", f"axis {axis}", [x, random(*inner), random(*inner)], run, {"axis": axis})
        rms = lambda x, s, d=inner: F.rms_norm(x, d, s, EPSILON)
        case("RMSNormalization", f"axis {axis}", [x, random(*inner)], rms, {"axis": axis})
    case("LayerNormalization", "no bias", [x, random(4)], lambda x, s: F.layer_norm(x, (4,), s, None, EPSILON))
    case("LayerNormalization", "epsilon", [x, random(4), random(4)], lambda x, s, b: F.layer_norm(x, (4,), s, b, f32(0.1)), {"epsilon": 0.1})

    def all_three(x, s, b):
        mean = x.mean(-1, keepdim=True)
        return F.layer_norm(x, (4,), s, b, EPSILON), mean, ((x - mean).square().mean(-1, keepdim=True) + EPSILON).rsqrt()

    case("LayerNormalization", "mean and inverse deviation used as well", [x, random(4), random(4)], all_three, outputs=3)
    case("RMSNormalization", "epsilon", [x, random(4)], lambda x, s: F.rms_norm(x, (4,), s, f32(0.1)), {"epsilon": 0.1})


def others(case):
    for shape in ((2, 3, 4), (2, 3, 2, 3)):
        case("InstanceNormalization", f"{len(shape)} axes", [random(*shape), random(3), random(3)],
             lambda x, s, b: F.instance_norm(x, weight=s, bias=b, eps=EPSILON))
    for groups in (1, 2, 4):
        case("GroupNormalization", f"{groups} groups", [random(2, 4, 2, 3), random(4), random(4)],
             lambda x, s, b, g=groups: F.group_norm(x, g, s, b, EPSILON), {"num_groups": groups})
    x = random(2, 3, 4)
    # F.normalize divides by max(norm, 1e-12), which for these numbers is the norm.
    for p in (1, 2):
        case("LpNormalization", f"p {p}", [x], lambda x, p=p: F.normalize(x, p, -1), {"p": p})
    case("LpNormalization", "axis 1", [x], lambda x: F.normalize(x, 2, 1), {"axis": 1})
    image = random(2, 5, 2, 2, low=-2, high=2)
    for size in (1, 3, 5):
        case("LRN", f"size {size}", [image], lambda x, n=size: F.local_response_norm(x, n, f32(0.3), f32(0.6), 1.5),
             {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5})
    def standardized(x):
        mean = x.mean((0, 2, 3), keepdim=True)
        deviation = (x.square().mean((0, 2, 3), keepdim=True) - mean.square()).sqrt()
        return (x - mean) / (deviation + 1e-9)

    case("MeanVarianceNormalization", "default axes", [image], standardized)
