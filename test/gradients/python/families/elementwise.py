"""Element by element: arithmetic, functions, activations. Points where a slope is a matter of choice are included."""

import torch
import torch.nn.functional as F

from cases import Random, f32, floats

random = Random(1)


def add(case):
    arithmetic(case)
    powers(case)
    extremes(case)
    functions(case)
    activations(case)
    choices(case)


def arithmetic(case):
    for op, function in (("Add", torch.add), ("Sub", torch.sub), ("Mul", torch.mul), ("Div", torch.div)):
        case(op, "same shapes", [random(2, 3), random(2, 3, low=0.5, high=2)], function)
        case(op, "broadcast both ways", [random(2, 1, 3), random(4, 1, low=0.5, high=2)], function)
        case(op, "scalar", [random(2, 3), random(low=0.5, high=2)], function)
        case(op, "the same value twice", [random(3, low=0.5, high=1)] * 2, function)
    case("Mod", "fmod", [random(2, 4, low=-5, high=5), floats([2.0, -1.5, 0.75, 3.0])], torch.fmod, {"fmod": 1})
    case("Sum", "three, broadcast", [random(2, 3), random(3), random(2, 1)], lambda a, b, c: a + b + c)
    case("Sum", "one", [random(2, 3)], lambda a: a.clone())
    case("Mean", "three, broadcast", [random(2, 3), random(3), random(2, 1)], lambda a, b, c: (a + b + c) / 3)


def powers(case):
    case("Pow", "both sides", [random(2, 3, low=0.2, high=2), random(3, low=-2, high=2)], torch.pow)
    case("Pow", "exponents 0, 1, 2, 3 of a base 0", [floats([0, 0, 0, 0]), floats([0, 1, 2, 3])], torch.pow)
    case("Pow", "negative base, constant whole exponent", [random(2, 3, low=-2, high=-0.5), floats(3)],
         lambda a, b: torch.pow(a, b.detach()))
    case("Sqrt", "positive", [random(2, 3, low=0.1, high=4)], torch.sqrt)
    case("Reciprocal", "both signs", [floats([-2, -0.5, 0.25, 3])], torch.reciprocal)


def extremes(case):
    a, b = floats([[1, 2, 3], [0, -1, 5]]), floats([[1, 3, 3], [0, -2, 4]])
    for op, function in (("Max", torch.maximum), ("Min", torch.minimum)):
        case(op, "two with ties", [a, b], function)
        case(op, "broadcast with ties", [a, floats([1, 2, 3])], function)
        case(op, "three, at most two tie", [a, b, random(2, 3)], lambda x, y, z, f=function: f(f(x, y), z))
        case(op, "one", [random(3)], lambda x: x.clone())
    x = floats([-2, -1, -0.5, 0, 0.5, 1, 2])
    # At a bound that is a number the slope is 1. (Where the bounds are tensors, PyTorch shares it with them.)
    case("Clip", "values at both bounds", [x, floats(-1), floats(1)], lambda x, *_: torch.clamp(x, -1, 1))
    case("Clip", "lower bound alone", [x, floats(-1)], lambda x, _: torch.clamp(x, min=-1))
    case("Clip", "upper bound alone", [x, None, floats(1)], lambda x, *_: torch.clamp(x, max=1))
    case("Clip", "gradient of the bounds", [floats([-2, -1.5, -0.5, 0, 0.5, 1.25, 2]), floats(-1), floats(1)], torch.clamp)
    case("Clip", "no bounds", [x], lambda x: x.clone())


def functions(case):
    everywhere = {
        "Neg": torch.neg, "Exp": torch.exp, "Sin": torch.sin, "Cos": torch.cos, "Tan": torch.tan,
        "Atan": torch.atan, "Sinh": torch.sinh, "Cosh": torch.cosh, "Tanh": torch.tanh, "Asinh": torch.asinh,
        "Sigmoid": torch.sigmoid, "Erf": torch.erf, "Softplus": F.softplus, "Softsign": F.softsign,
        "Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round, "Sign": torch.sign, "Abs": torch.abs,
        "Relu": torch.relu, "Identity": lambda x: x.clone(),
    }
    for op, function in everywhere.items():
        case(op, "both signs", [random(3, 4, low=-1.4, high=1.4)], function)
    case("Log", "positive", [random(2, 3, low=0.1, high=4)], torch.log)
    case("Asin", "inside", [random(6, low=-0.9, high=0.9)], torch.asin)
    case("Acos", "inside", [random(6, low=-0.9, high=0.9)], torch.acos)
    case("Atanh", "inside", [random(6, low=-0.9, high=0.9)], torch.atanh)
    case("Acosh", "beyond 1", [random(6, low=1.1, high=4)], torch.acosh)
    # What is far out must not become infinite or no number on the way.
    far = floats([-90, -30, -10, 10, 30, 60])
    for op, function in (("Sigmoid", torch.sigmoid), ("Tanh", torch.tanh), ("Softplus", lambda x: F.softplus(x, threshold=1e9))):
        case(op, "far out", [far], function)


def activations(case):
    x = random(3, 4, low=-3, high=3)
    a = f32(0.3)
    case("LeakyRelu", "default", [x], lambda x: F.leaky_relu(x, f32(0.01)))
    case("LeakyRelu", "alpha", [x], lambda x: F.leaky_relu(x, a), {"alpha": a})
    case("Elu", "default", [x], F.elu)
    case("Elu", "alpha", [x], lambda x: F.elu(x, a), {"alpha": a})
    case("Celu", "default", [x], F.celu)
    case("Celu", "alpha", [x], lambda x: F.celu(x, a), {"alpha": a})
    case("Selu", "default", [x], lambda x: f32(1.05070102214813232421875) * torch.where(x > 0, x, f32(1.67326319217681884765625) * torch.expm1(x)))
    case("PRelu", "a slope for each channel", [random(2, 3, 4), random(3, 1)], lambda x, s: torch.where(x > 0, x, s * x))
    case("PRelu", "one slope, as torch.nn.PReLU", [random(2, 3), random(1)], F.prelu)
    case("ThresholdedRelu", "alpha", [x], lambda x: F.threshold(x, 0.5, 0), {"alpha": 0.5})
    case("HardSigmoid", "default", [x], lambda x: torch.clamp(f32(0.2) * x + 0.5, 0, 1))
    case("HardSigmoid", "as torch's", [random(3, 4, low=-5, high=5)], lambda x: torch.clamp(f32(1 / 6) * x + 0.5, 0, 1), {"alpha": 1 / 6, "beta": 0.5})
    case("HardSwish", "both bends", [random(3, 4, low=-5, high=5)], F.hardswish)
    case("Mish", "both signs", [x], F.mish)
    case("Gelu", "exact", [x], F.gelu)
    case("Gelu", "tanh", [x], lambda x: F.gelu(x, approximate="tanh"), {"approximate": "tanh"})
    case("Shrink", "soft", [x], lambda x: F.softshrink(x, 0.5), {"lambd": 0.5, "bias": 0.5})
    case("Shrink", "hard", [x], lambda x: F.hardshrink(x, 0.5), {"lambd": 0.5})
    for axis in (-1, 0, 1):
        case("Softmax", f"axis {axis}", [random(2, 3, 4)], lambda x, d=axis: F.softmax(x, d), {"axis": axis})
        case("LogSoftmax", f"axis {axis}", [random(2, 3, 4)], lambda x, d=axis: F.log_softmax(x, d), {"axis": axis})
    case("Softmax", "far out", [floats([[-100, 0, 80], [500, 500, -500]])], lambda x: F.softmax(x, -1), {"axis": -1})
    case("Where", "broadcast", [floats([[1], [0]]) > 0, random(2, 3), random(3)], torch.where, feed=(0,))


def choices(case):
    """Where the slope has a jump, at the jump itself."""
    at = floats([-1, 0, 1, 0])
    case("Relu", "at 0", [at], torch.relu)
    case("Abs", "at 0", [at], torch.abs)
    case("Sign", "at 0", [at], torch.sign)
    case("LeakyRelu", "at 0", [at], lambda x: F.leaky_relu(x, f32(0.01)))
    case("PRelu", "at 0", [at, floats([0.25])], F.prelu)
    case("Elu", "at 0", [at], lambda x: F.elu(x, 0.5), {"alpha": 0.5})
    case("Celu", "at 0", [at], lambda x: F.celu(x, 0.5), {"alpha": 0.5})
    case("Softsign", "at 0", [at], F.softsign)
    case("ThresholdedRelu", "at alpha", [floats([0.5, 1, 0.25])], lambda x: F.threshold(x, 0.5, 0), {"alpha": 0.5})
    case("Shrink", "soft, at the threshold", [floats([-0.5, 0.5, 1])], lambda x: F.softshrink(x, 0.5), {"lambd": 0.5, "bias": 0.5})
    case("HardSwish", "at -3 and 3", [floats([-3, 0, 3])], F.hardswish)
    # torch.nn.functional.hardsigmoid has slope 0 at its bends.
    case("HardSigmoid", "at the bends", [floats([-2, 0, 2])], lambda x: F.hardsigmoid(x * 1.5), {"alpha": 0.25, "beta": 0.5})
