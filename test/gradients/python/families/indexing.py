"""What takes elements at places that other inputs name, or puts them there: repeated places add up."""

import torch

from cases import Random, floats, ints

random = Random(7)


def add(case):
    gathers(case)
    scatters(case)
    choices(case)


def gathers(case):
    x = random(4, 3)
    for name, indices in (("repeated", ints(1, 1, 3, 0)), ("negative", ints(-1, 0, -4)), ("matrix", ints(0, 2, 2, 1).reshape(2, 2)), ("scalar", ints(2)[0])):
        case("Gather", name, [x, indices], lambda x, i: x[i], feed=(1,))
    case("Gather", "axis 1", [random(2, 4, 3), ints(3, 0, 3)], lambda x, i: x.index_select(1, i), {"axis": 1}, feed=(1,))
    case("Gather", "axis -1, 32-bit indices", [x, ints(0, 2).astype("int32")], lambda x, i: x[:, i.long()], {"axis": -1}, feed=(1,))
    indices = ints(0, 1, 2, 3, 3, 3).reshape(2, 3)
    case("GatherElements", "repeated, axis 0", [x, indices], lambda x, i: x.gather(0, i), feed=(1,))
    case("GatherElements", "negative, axis 1", [x, ints(-1, 0, 0, -3, 2, 2, 1, 1).reshape(4, 2)],
         lambda x, i: x.gather(1, i % 3), {"axis": 1}, feed=(1,))
    y = random(2, 3, 4)
    case("GatherND", "elements", [y, ints(0, 1, 2, 1, 2, 3, 0, 1, 2).reshape(3, 3)], lambda y, i: y[i[:, 0], i[:, 1], i[:, 2]], feed=(1,))
    case("GatherND", "rows", [y, ints(0, 1, 1, -1, 0, 1).reshape(3, 2)], lambda y, i: y[i[:, 0], i[:, 1]], feed=(1,))
    case("GatherND", "batch_dims", [y, ints(2, 0, 1, 1).reshape(2, 2, 1)],
         lambda y, i: torch.stack([y[b][i[b, :, 0]] for b in range(2)]), {"batch_dims": 1}, feed=(1,))


def scatters(case):
    x, updates = random(4, 3), random(2, 3)
    unique, repeated = ints(0, 1, 2, 3, 2, 1).reshape(2, 3), ints(0, 1, 1, 0, 1, 3).reshape(2, 3)
    case("ScatterElements", "axis 0", [x, unique, updates], lambda x, i, u: x.scatter(0, i, u), feed=(1,))
    case("ScatterElements", "axis 1, negative", [x, ints(-1, 0, 1, 2, -3, 1).reshape(3, 2), random(3, 2)],
         lambda x, i, u: x.scatter(1, i % 3, u), {"axis": 1}, feed=(1,))
    kinds = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
    for reduction, name in kinds.items():
        case("ScatterElements", f"{reduction}, repeated", [x, repeated, updates],
             lambda x, i, u, n=name: x.scatter_reduce(0, i, u, n), {"reduction": reduction}, feed=(1,))
    for reduction in ("max", "min"):
        case("ScatterElements", f"{reduction}, ties share", [floats([1, 2, 3]), ints(0, 0, 1, 1), floats([1, 1, 2, 2.5 if reduction == "min" else 1.5])],
             lambda x, i, u, n=kinds[reduction]: x.scatter_reduce(0, i, u, n), {"reduction": reduction}, feed=(1,))
    case("ScatterElements", "mul, zeros", [floats([0, 2, 3, 0]), ints(0, 0, 1, 1, 2), floats([1, 2, 0, 3, 0])],
         lambda x, i, u: x.scatter_reduce(0, i, u, "prod"), {"reduction": "mul"}, feed=(1,))
    rows, again = ints(2, 0).reshape(2, 1), ints(2, 0, 2).reshape(3, 1)
    case("ScatterND", "rows", [x, rows, updates], lambda x, i, u: x.index_put((i[:, 0],), u), feed=(1,))
    case("ScatterND", "elements", [x, ints(0, 1, 3, 2).reshape(2, 2), random(2)], lambda x, i, u: x.index_put((i[:, 0], i[:, 1]), u), feed=(1,))
    case("ScatterND", "add, repeated", [x, again, random(3, 3)], lambda x, i, u: x.index_put((i[:, 0],), u, accumulate=True), {"reduction": "add"}, feed=(1,))
    for reduction, name in kinds.items():
        if reduction != "add":
            case("ScatterND", f"{reduction}, repeated", [x, again, random(3, 3)],
                 lambda x, i, u, n=name: x.scatter_reduce(0, i.expand(3, 3), u, n), {"reduction": reduction}, feed=(1,))


def choices(case):
    x = random(3, 4)
    condition = floats([1, 0, 1]) > 0
    case("Compress", "axis 0", [x, condition], lambda x, c: x[c], {"axis": 0}, feed=(1,))
    case("Compress", "axis 1, a short condition", [x, condition], lambda x, c: x[:, :3][:, c], {"axis": 1}, feed=(1,))
    case("Compress", "flattened", [random(2, 2), floats([0, 1, 1]) > 0], lambda x, c: x.flatten()[:3][c], feed=(1,))
    hot = lambda i, d, axis: torch.nn.functional.one_hot(i % d, d).movedim(-1, axis)
    case("OneHot", "the two values", [ints(0, 2, 1), ints(3)[0], random(2)], lambda i, d, v: torch.where(hot(i, 3, -1) > 0, v[1], v[0]), feed=(0,))
    case("OneHot", "axis 0, negative", [ints(0, -1), ints(3)[0], random(2)], lambda i, d, v: torch.where(hot(i, 3, 0) > 0, v[1], v[0]), {"axis": 0}, feed=(0,))
    lens = ints(2, 3, 1)
    reverse = lambda x: torch.stack([torch.cat([x[: lens[b], b].flip(0), x[lens[b] :, b]]) for b in range(3)], 1)
    case("ReverseSequence", "time first", [random(3, 3, 2), lens], lambda x, _: reverse(x), {"batch_axis": 1, "time_axis": 0}, feed=(1,))
    case("ReverseSequence", "batch first", [random(3, 3), lens], lambda x, _: reverse(x.T).T, {"batch_axis": 0, "time_axis": 1}, feed=(1,))
