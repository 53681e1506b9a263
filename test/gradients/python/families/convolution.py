"""Convolutions, transposed and deformable ones, and pools."""

import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

from cases import Random, floats

random = Random(4)
CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def add(case):
    convolutions(case)
    transposed(case)
    deformable(case)
    max_pools(case)
    average_pools(case)
    other_pools(case)


def torch_pads(pads):
    """From all begins, then all ends, to PyTorch's pairs from the last axis on."""
    half = len(pads) // 2
    return [side for axis in reversed(range(half)) for side in (pads[axis], pads[half + axis])]


def same_pads(sizes, kernel, strides, lower):
    total = [max((-(-size // s) - 1) * s + k - size, 0) for size, k, s in zip(sizes, kernel, strides)]
    small, large = [t // 2 for t in total], [t - t // 2 for t in total]
    return large + small if lower else small + large


def conv(case, name, x, w, bias=True, same=None, **attributes):
    rank = len(x) - 2
    pads = same or attributes.get("pads", [0] * 2 * rank)
    function = lambda x, w, b=None: CONVOLVE[rank](
        F.pad(x, torch_pads(pads)), w, b, attributes.get("strides", 1), 0,
        attributes.get("dilations", 1), attributes.get("group", 1))
    case("Conv", name, [random(*x), random(*w)] + ([random(w[0])] if bias else []), function, attributes)


def convolutions(case):
    conv(case, "1d", (2, 2, 6), (3, 2, 3))
    conv(case, "2d", (2, 2, 5, 4), (3, 2, 3, 2), bias=False)
    conv(case, "3d, pads", (1, 2, 4, 3, 4), (2, 2, 2, 2, 3), pads=[0, 1, 0, 1, 0, 1])
    conv(case, "1 by 1", (2, 3, 3, 3), (2, 3, 1, 1))
    conv(case, "stride 2", (2, 2, 7, 6), (3, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    conv(case, "stride 2, rest left over", (1, 2, 8, 6), (3, 2, 3, 3), strides=[3, 2])
    conv(case, "stride beyond the kernel", (1, 2, 7, 7), (2, 2, 2, 2), strides=[3, 3])
    conv(case, "dilation", (1, 2, 7, 8), (2, 2, 3, 2), dilations=[2, 3])
    conv(case, "stride and dilation", (1, 2, 9, 9), (2, 2, 3, 3), strides=[2, 2], dilations=[2, 2], pads=[2, 2, 2, 2])
    conv(case, "unequal pads", (1, 2, 5, 5), (2, 2, 3, 3), pads=[0, 2, 1, 0])
    conv(case, "groups", (2, 4, 5, 5), (6, 2, 3, 3), group=2, pads=[1, 1, 1, 1])
    conv(case, "depthwise", (2, 3, 5, 5), (3, 1, 3, 3), group=3, pads=[1, 1, 1, 1])
    conv(case, "depthwise, stride 2, multiplier 2", (2, 3, 6, 5), (6, 1, 3, 3), group=3, strides=[2, 2])
    conv(case, "depthwise 1d", (2, 4, 6), (4, 1, 3), group=4)
    for name, lower in (("SAME_UPPER", False), ("SAME_LOWER", True)):
        conv(case, name, (1, 2, 6, 5), (2, 2, 2, 3), same=same_pads((6, 5), (2, 3), (2, 2), lower), strides=[2, 2], auto_pad=name)
    conv(case, "VALID", (1, 2, 6, 5), (2, 2, 2, 3), strides=[2, 2], auto_pad="VALID")


def transpose(case, name, x, w, bias=True, **attributes):
    rank = len(x) - 2
    pads = attributes.get("pads", [0] * 2 * rank)
    group = attributes.get("group", 1)

    def function(x, w, b=None):
        y = TRANSPOSE[rank](x, w, b, attributes.get("strides", 1), 0, attributes.get("output_padding", 0), group, attributes.get("dilations", 1))
        return F.pad(y, [-side for side in torch_pads(pads)])

    case("ConvTranspose", name, [random(*x), random(*w)] + ([random(w[1] * group)] if bias else []), function, attributes)


def transposed(case):
    transpose(case, "1d", (2, 2, 4), (2, 3, 3))
    transpose(case, "2d", (1, 2, 3, 4), (2, 3, 3, 2), bias=False)
    transpose(case, "3d", (1, 2, 2, 3, 2), (2, 2, 2, 2, 2), strides=[2, 1, 2])
    transpose(case, "stride 2, pads", (1, 2, 3, 4), (2, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    transpose(case, "output_padding", (1, 2, 3, 4), (2, 3, 3, 3), strides=[2, 3], pads=[1, 1, 1, 1], output_padding=[1, 2])
    transpose(case, "groups", (1, 4, 3, 3), (4, 3, 2, 2), group=2, strides=[2, 2])
    transpose(case, "depthwise", (1, 3, 3, 3), (3, 1, 3, 3), group=3, strides=[2, 2], pads=[1, 1, 1, 1])
    transpose(case, "dilation", (1, 2, 3, 3), (2, 2, 2, 3), dilations=[3, 2])
    transpose(case, "unequal pads", (1, 2, 4, 4), (2, 2, 3, 3), strides=[2, 2], pads=[0, 1, 2, 0])
    # output_shape decides the pads: 8 instead of the 9 that there would be, the one cut off at the end or at the start.
    for name, cut in (("SAME_UPPER", [0, 1]), ("SAME_LOWER", [1, 0])):
        case("ConvTranspose", f"output_shape {name}", [random(1, 2, 4), random(2, 2, 3)],
             lambda x, w, c=cut: F.pad(F.conv_transpose1d(x, w, None, 2), [-side for side in c]),
             {"strides": [2], "output_shape": [8], "auto_pad": name})


def deformable(case):
    x, w, b = random(1, 2, 5, 5), random(3, 2, 3, 3), random(3)
    offset, mask = random(1, 18, 3, 3, low=-0.4, high=0.4), random(1, 9, 3, 3, low=0.2, high=1)
    run = lambda x, w, o, b, m=None: deform_conv2d(x, o, w, b, mask=m)
    case("DeformConv", "offsets", [x, w, offset, b], run, {"kernel_shape": [3, 3], "pads": [0, 0, 0, 0]})
    case("DeformConv", "offsets and mask", [x, w, offset, b, mask], run, {"kernel_shape": [3, 3], "pads": [0, 0, 0, 0]})


def max_pool(case, name, x, kernel, **attributes):
    rank = len(kernel)
    pads = attributes.get("pads", [0] * 2 * rank)
    x = x if hasattr(x, "shape") else random.distinct(*x)
    function = lambda x: MAX[rank](x, kernel, attributes.get("strides", [1] * rank), pads[:rank],
                                   attributes.get("dilations", [1] * rank), bool(attributes.get("ceil_mode", 0)))
    case("MaxPool", name, [x], function, {"kernel_shape": kernel, **attributes})


def max_pools(case):
    max_pool(case, "1d", (2, 2, 6), [2], strides=[2])
    max_pool(case, "2d", (1, 2, 4, 6), [2, 2], strides=[2, 2])
    max_pool(case, "3d", (1, 2, 3, 4, 3), [2, 2, 2])
    max_pool(case, "overlapping", (1, 2, 5, 5), [3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    max_pool(case, "dilation", (1, 2, 6, 6), [2, 3], dilations=[2, 2])
    max_pool(case, "ceil_mode", (1, 1, 6, 5), [3, 2], strides=[2, 2], ceil_mode=1)
    max_pool(case, "ceil_mode, pads", (1, 1, 6, 6), [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    max_pool(case, "all negative, pads", -1.0 - random.distinct(1, 1, 4, 4) ** 2 - random(1, 1, 4, 4, low=0, high=0.01), [2, 2], strides=[2, 2], pads=[1, 1, 1, 1])
    # The first of the largest takes all of the gradient.
    max_pool(case, "ties", floats([[[[1, 1, 2], [1, 0, 2], [2, 2, 2]]]]), [2, 2])


def average_pool(case, name, shape, kernel, **attributes):
    rank = len(kernel)
    pads = attributes.get("pads", [0] * 2 * rank)
    function = lambda x: AVERAGE[rank](x, kernel, attributes.get("strides", [1] * rank), pads[:rank],
                                       bool(attributes.get("ceil_mode", 0)), bool(attributes.get("count_include_pad", 0)))
    case("AveragePool", name, [random(*shape, low=-2, high=2)], function, {"kernel_shape": kernel, **attributes})


def average_pools(case):
    average_pool(case, "1d", (2, 2, 6), [2], strides=[2])
    average_pool(case, "2d", (1, 2, 4, 6), [2, 3], strides=[2, 3])
    average_pool(case, "3d", (1, 2, 3, 4, 3), [2, 2, 2])
    average_pool(case, "overlapping", (1, 2, 5, 5), [3, 3], strides=[2, 2])
    for count in (0, 1):
        average_pool(case, f"pads, count_include_pad {count}", (1, 2, 5, 5), [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=count)
        average_pool(case, f"ceil_mode, count_include_pad {count}", (1, 1, 6, 6), [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=count)
    average_pool(case, "ceil_mode", (1, 1, 5, 6), [2, 3], strides=[2, 2], ceil_mode=1)


def other_pools(case):
    case("LpPool", "p 2", [random(1, 2, 4, 5)], lambda x: F.lp_pool2d(x, 2, (2, 3), (2, 1)), {"kernel_shape": [2, 3], "strides": [2, 1]})
    case("LpPool", "p 3, 1d", [random(1, 2, 6, low=0.2, high=2)], lambda x: F.lp_pool1d(x, 3, 3, 1), {"kernel_shape": [3], "p": 3})
    for op, inputs, function in (
        ("GlobalAveragePool", random(2, 3, 3, 2), lambda x: x.mean((2, 3), keepdim=True)),
        ("GlobalMaxPool", random.distinct(2, 3, 3, 2), lambda x: F.adaptive_max_pool2d(x, 1)),
        ("GlobalLpPool", random(2, 3, 3, 2), lambda x: torch.linalg.vector_norm(x, 2, (2, 3), True)),
    ):
        case(op, "2d", [inputs], function)
    case("GlobalAveragePool", "1d", [random(2, 3, 4)], lambda x: x.mean(2, keepdim=True))
