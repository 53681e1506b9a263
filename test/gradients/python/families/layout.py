"""What moves elements and computes nothing."""

import torch
import torch.nn.functional as F

from cases import Random, floats, ints

random = Random(6)


def add(case):
    shapes(case)
    parts(case)
    pads(case)
    blocks(case)


def shapes(case):
    x = random(2, 3, 4)
    case("Reshape", "0 and -1", [x, ints(0, -1)], lambda x, _: x.reshape(2, 12))
    case("Reshape", "to a scalar", [random(1, 1), ints()], lambda x, _: x.reshape(()))
    case("Flatten", "axis 1", [x], lambda x: x.flatten(1))
    case("Flatten", "axis 0", [x], lambda x: x.reshape(1, 24), {"axis": 0})
    case("Flatten", "axis -1", [x], lambda x: x.reshape(6, 4), {"axis": -1})
    case("Squeeze", "axes", [random(1, 3, 1), ints(0)], lambda x, _: x.squeeze(0))
    case("Squeeze", "all", [random(1, 3, 1)], lambda x: x.squeeze())
    case("Unsqueeze", "axes", [random(3), ints(0, -1)], lambda x, _: x[None, :, None])
    case("Transpose", "default", [x], lambda x: x.permute(2, 1, 0))
    case("Transpose", "perm", [x], lambda x: x.permute(1, 2, 0), {"perm": [1, 2, 0]})
    case("Expand", "new axes and stretched ones", [random(3, 1), ints(2, 1, 4)], lambda x, _: x.expand(2, 3, 4))
    case("Expand", "a shape of less", [random(2, 3), ints(1, 1)], lambda x, _: x.clone())
    case("Tile", "repeats", [random(2, 3), ints(2, 3)], lambda x, _: x.tile((2, 3)))
    case("Tile", "once", [random(2, 3), ints(1, 1)], lambda x, _: x.clone())


def parts(case):
    case("Concat", "axis 1", [random(2, 1), random(2, 3), random(2, 2)], lambda *x: torch.cat(x, 1), {"axis": 1})
    case("Concat", "axis -2", [random(2, 1, 3), random(2, 2, 3)], lambda *x: torch.cat(x, 1), {"axis": -2})
    case("Concat", "the same twice", [random(2, 3)] * 2, lambda *x: torch.cat(x, 0), {"axis": 0})
    x = random(2, 7)
    case("Split", "given sizes", [x, ints(2, 1, 4)], lambda x, _: x.split([2, 1, 4], 1), {"axis": 1}, outputs=3)
    case("Split", "one part used", [x, ints(2, 1, 4)], lambda x, _: x.split([2, 1, 4], 1), {"axis": 1}, outputs=3, used=[1])
    case("Split", "num_outputs, the last smaller", [x], lambda x: x.split([3, 3, 1], 1), {"axis": 1, "num_outputs": 3}, outputs=3)
    x = random(4, 6)
    case("Slice", "axes and steps", [x, ints(1, 0), ints(4, 6), ints(0, 1), ints(1, 2)], lambda x, *_: x[1:4, 0:6:2])
    case("Slice", "backwards", [x, ints(-1), ints(-100), ints(1), ints(-2)], lambda x, *_: x.flip(1)[:, ::2])
    case("Slice", "ends beyond", [x, ints(2), ints(2**62), ints(-1)], lambda x, *_: x[:, 2:])
    case("Slice", "default axes", [x, ints(1, 2), ints(3, 5)], lambda x, *_: x[1:3, 2:5])


def pads(case):
    x = random(1, 2, 3, 4)
    modes = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    for mode, name in modes.items():
        case("Pad", mode, [x, ints(0, 0, 1, 2, 0, 0, 2, 1)], lambda x, _, m=name: F.pad(x, [2, 1, 1, 2], m), {"mode": mode})
    case("Pad", "constant value", [x, ints(0, 0, 1, 0, 0, 1, 0, 2), floats(0.5)],
         lambda x, _, value: torch.where(F.pad(torch.ones_like(x), [0, 2, 1, 0, 0, 1]) > 0, F.pad(x, [0, 2, 1, 0, 0, 1]), value))
    case("Pad", "axes", [x, ints(1, 2), None, ints(-1)], lambda x, *_: F.pad(x, [1, 2]))
    case("Pad", "negative", [x, ints(0, 0, -1, 1, 0, 0, 0, -2)], lambda x, _: F.pad(x, [1, -2, -1, 0]))


def blocks(case):
    x = random(2, 8, 2, 3)
    case("DepthToSpace", "CRD, as torch's pixel_shuffle", [x], lambda x: F.pixel_shuffle(x, 2), {"blocksize": 2, "mode": "CRD"})
    case("DepthToSpace", "DCR", [x], lambda x: x.reshape(2, 2, 2, 2, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(2, 2, 4, 6), {"blocksize": 2})
    case("SpaceToDepth", "blocks of 2", [random(2, 2, 4, 6)],
         lambda x: x.reshape(2, 2, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(2, 8, 2, 3), {"blocksize": 2})
    x = random(2, 3, 4)
    case("Trilu", "upper", [x], torch.triu)
    case("Trilu", "lower", [x], torch.tril, {"upper": 0})
    for k in (-1, 2):
        case("Trilu", f"upper, k {k}", [x, ints(k)[0]], lambda x, _, k=k: torch.triu(x, k))
        case("Trilu", f"lower, k {k}", [x, ints(k)[0]], lambda x, _, k=k: torch.tril(x, k), {"upper": 0})
