"""Reductions over axes, running sums, the largest few, and the losses."""

import torch
import torch.nn.functional as F

from cases import Random, floats, ints

random = Random(2)

# What is reduced over: the name, the axes (None: all of them), whether they stay.
FORMS = (("last axis", [-1], 1), ("axes 0 and 2", [0, 2], 0), ("all axes", None, 0))


def over(function):
    def reduce(x, axes, keep):
        dims = tuple(range(x.dim())) if axes is None else tuple(axes)
        return function(x, dims, bool(keep))

    return reduce


def product(x, dims, keep):
    for dim in sorted((d % x.dim() for d in dims), reverse=True):
        x = torch.prod(x, dim, keepdim=True)
    return x if keep else x.squeeze(dims)


REDUCTIONS = {
    "ReduceSum": over(lambda x, d, k: x.sum(d, keepdim=k)),
    "ReduceMean": over(lambda x, d, k: x.mean(d, keepdim=k)),
    "ReduceMax": over(lambda x, d, k: x.amax(d, keepdim=k)),
    "ReduceMin": over(lambda x, d, k: x.amin(d, keepdim=k)),
    "ReduceProd": over(product),
    "ReduceL1": over(lambda x, d, k: torch.linalg.vector_norm(x, 1, d, k)),
    "ReduceL2": over(lambda x, d, k: torch.linalg.vector_norm(x, 2, d, k)),
    "ReduceLogSum": over(lambda x, d, k: x.abs().sum(d, keepdim=k).log()),
    "ReduceLogSumExp": over(lambda x, d, k: torch.logsumexp(x, d, k)),
    "ReduceSumSquare": over(lambda x, d, k: (x * x).sum(d, keepdim=k)),
}


def add(case):
    for op, reduce in REDUCTIONS.items():
        low = 0.2 if op == "ReduceLogSum" else -1.5
        for name, axes, keep in FORMS:
            inputs = [random(2, 3, 4, low=low, high=1.5)] + ([] if axes is None else [ints(*axes)])
            run = lambda x, _=None, r=reduce, a=axes, k=keep: r(x, a, k)
            case(op, name, inputs, run, {"keepdims": keep})
        case(op, "nothing to do", [random(2, 2, low=0.5, high=2)], lambda x, r=reduce, o=op: pointwise(o, x), {"noop_with_empty_axes": 1})
    ties = floats([[1, 3, 3], [2, 2, 2]])
    case("ReduceMax", "ties share", [ties, ints(1)], lambda x, _: x.amax(1, keepdim=True))
    case("ReduceMin", "ties share", [-ties, ints(1)], lambda x, _: x.amin(1, keepdim=True))
    case("ReduceMax", "ties over all axes share", [floats([[3, 3], [1, 3]])], lambda x: x.amax(), {"keepdims": 0})
    zeros = floats([[0, 2, 3], [0, 0, 3], [1, 2, 3]])
    case("ReduceProd", "one zero and two", [zeros, ints(1)], lambda x, _: torch.prod(x, 1, keepdim=True))
    case("ReduceL1", "zeros", [zeros, ints(1)], lambda x, _: torch.linalg.vector_norm(x, 1, 1, True))
    case("ReduceL2", "all zero", [floats([[0, 0], [3, 4]]), ints(1)], lambda x, _: torch.linalg.vector_norm(x, 2, 1, True))
    case("ReduceLogSumExp", "far out", [floats([[100, 101, -100], [-200, -200, -201]]), ints(1)], lambda x, _: torch.logsumexp(x, 1, True))
    running(case)
    largest(case)
    losses(case)


def pointwise(op, x):
    """What a reduction over no axes leaves, which for some is not the input itself."""
    return {
        "ReduceL1": torch.abs, "ReduceL2": torch.abs, "ReduceLogSum": torch.log, "ReduceSumSquare": torch.square,
    }.get(op, torch.clone)(x)


def running(case):
    x = random(2, 3, 4)
    exclusive = lambda x, d: torch.cumsum(x, d) - x
    backwards = lambda f, x, d: f(x.flip(d), d).flip(d)
    case("CumSum", "axis 1", [x, ints(1)[0]], lambda x, _: torch.cumsum(x, 1))
    case("CumSum", "axis -1 exclusive", [x, ints(-1)[0]], lambda x, _: exclusive(x, -1), {"exclusive": 1})
    case("CumSum", "axis 0 reverse", [x, ints(0)[0]], lambda x, _: backwards(torch.cumsum, x, 0), {"reverse": 1})
    case("CumSum", "reverse exclusive", [x, ints(2)[0]], lambda x, _: backwards(exclusive, x, 2), {"reverse": 1, "exclusive": 1})


def largest(case):
    x = random.distinct(3, 5)
    top = lambda k, d, large=True: lambda x, _: torch.topk(x, k, d, largest=large, sorted=True)
    case("TopK", "largest", [x, ints(2)], top(2, -1))
    case("TopK", "smallest on axis 0", [x, ints(2)], top(2, 0, False), {"axis": 0, "largest": 0})
    case("TopK", "all", [x, ints(5)], top(5, -1))


def losses(case):
    scores, labels = random(4, 3, low=-2, high=2), random.integers(4, high=3)
    weight = floats([0.5, 1, 2])
    image, image_labels = random(2, 3, 2, 2), random.integers(2, 2, 2, high=3)
    ignored = labels.copy()
    ignored[1] = 1
    for reduction in ("mean", "sum", "none"):
        options = {"reduction": reduction}
        ce = lambda x, t, w=None, r=reduction, i=-100: F.cross_entropy(x, t, None if w is None else w.detach(), reduction=r, ignore_index=i)
        nll = lambda x, t, w=None, r=reduction, i=-100: F.nll_loss(x, t, None if w is None else w.detach(), reduction=r, ignore_index=i)
        for op, loss in (("SoftmaxCrossEntropyLoss", ce), ("NegativeLogLikelihoodLoss", nll)):
            case(op, reduction, [scores, labels], loss, options, feed=(1,))
            case(op, f"{reduction}, weights", [scores, labels, weight], loss, options, feed=(1,))
            case(op, f"{reduction}, weights, ignore_index", [scores, ignored, weight],
                 lambda x, t, w, f=loss: f(x, t, w, i=1), options | {"ignore_index": 1}, feed=(1,))
            case(op, f"{reduction}, images", [image, image_labels], loss, options, feed=(1,))
            case(op, f"{reduction}, ignore_index outside", [scores, ints(0, -1, 2, -1)],
                 lambda x, t, f=loss: f(x, t, i=-1), options | {"ignore_index": -1}, feed=(1,))
    both = lambda x, t: (F.cross_entropy(x, t), F.log_softmax(x, 1))
    case("SoftmaxCrossEntropyLoss", "with the log of the probabilities", [scores, labels], both, feed=(1,))
