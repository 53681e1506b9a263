"""Resizing and sampling at places in between."""

import torch
import torch.nn.functional as F

from cases import Random, floats, ints

random = Random(8)


def add(case):
    resizes(case)
    grids(case)


def resize(case, name, x, kind, scales=None, sizes=None, align=None, **attributes):
    """`kind` is PyTorch's name of the mode."""
    options = {} if align is None else {"align_corners": align}
    given = [floats([1, 1, *scales]).astype("float32")] if scales else [None, ints(*x[:2], *sizes)]
    case("Resize", name, [random(*x), None, *given], lambda x, *_: F.interpolate(x, sizes, scales, kind, **options), attributes)


def resizes(case):
    small, flat = (1, 2, 3, 4), (2, 2, 5)
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    resize(case, "nearest, twice as large", small, "nearest", [2.0, 2.0], **nearest)
    resize(case, "nearest, smaller", (1, 1, 6, 5), "nearest", sizes=[4, 3], **nearest)
    resize(case, "nearest, 1d", flat, "nearest", sizes=[8], **nearest)
    exact = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}
    resize(case, "nearest-exact", small, "nearest-exact", sizes=[5, 7], **exact)
    for align, transform in ((False, "pytorch_half_pixel"), (True, "align_corners")):
        for kind, mode, attributes in (("linear", "bilinear", {"mode": "linear"}), ("cubic", "bicubic", {"mode": "cubic", "cubic_coeff_a": -0.75})):
            options = {"align": align, "coordinate_transformation_mode": transform, **attributes}
            resize(case, f"{kind}, larger, {transform}", small, mode, sizes=[5, 7], **options)
            resize(case, f"{kind}, smaller, {transform}", (1, 1, 5, 6), mode, sizes=[3, 4], **options)
    half = {"mode": "linear", "coordinate_transformation_mode": "half_pixel", "align": False}
    resize(case, "linear, by scales", small, "bilinear", [2.0, 1.5], **half)
    resize(case, "linear, 1d", flat, "linear", sizes=[8], **half)
    resize(case, "linear, 3d", (1, 1, 2, 3, 2), "trilinear", [2.0, 2.0, 2.0], **half)
    # ONNX's pytorch_half_pixel takes the first element here; PyTorch, the middle.
    resize(case, "linear, to one", small, "bilinear", sizes=[1, 1], **half)


def grids(case):
    x, grid = random(2, 2, 4, 5), random(2, 3, 3, 2, low=-1.3, high=1.3)
    for mode, name in (("linear", "bilinear"), ("nearest", "nearest"), ("cubic", "bicubic")):
        for padding in ("zeros", "border", "reflection"):
            for align in (0, 1):
                run = lambda x, g, m=name, p=padding, a=align: F.grid_sample(x, g, m, p, bool(a))
                case("GridSample", f"{mode}, {padding}, align_corners {align}", [x, grid], run,
                     {"mode": mode, "padding_mode": padding, "align_corners": align})
    volume, points = random(1, 2, 3, 3, 4), random(1, 2, 2, 2, 3, low=-1.2, high=1.2)
    for padding in ("zeros", "border"):
        case("GridSample", f"3d linear, {padding}", [volume, points], lambda x, g, p=padding: F.grid_sample(x, g, "bilinear", p, False), {"padding_mode": padding})
    for align in (0, 1):
        case("AffineGrid", f"2d, align_corners {align}", [random(2, 2, 3), ints(2, 1, 3, 4)],
             lambda t, _, a=align: F.affine_grid(t, (2, 1, 3, 4), align_corners=bool(a)), {"align_corners": align})
        case("AffineGrid", f"3d, align_corners {align}", [random(1, 3, 4), ints(1, 1, 2, 3, 2)],
             lambda t, _, a=align: F.affine_grid(t, (1, 1, 2, 3, 2), align_corners=bool(a)), {"align_corners": align})
