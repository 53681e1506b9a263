"""If, Loop and Scan: small models, since a node alone does not say what is inside and what comes from around it."""

import onnx
import torch

from cases import Random, floats, ints

random = Random(11)
HEAD = '<ir_version: 10, opset_import: ["": 21]>'


def add(case):
    branches(case)
    loops(case)
    scans(case)


def model(text):
    made = onnx.parser.parse_model(f"{HEAD}\n{text}")
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def branches(case):
    text = """branch (bool c, double[3] x, double[3] w) => (double[3] y) {
      y = If (c) <
        then_branch = yes () => (double[3] a) { a = Mul(x, w) },
        else_branch = no () => (double[3] b) { t = Tanh(x) b = Sub(t, w) }
      >
    }"""
    for taken in (True, False):
        case("If", f"both branches use what is around, {taken}", [floats(taken) > 0, random(3), random(3)],
             lambda c, x, w: torch.where(c, x * w, torch.tanh(x) - w), feed=(0,), model=model(text))


def loops(case):
    power = """loop (int64 n, double[3] x, double[3] w) => (double[3] y, double[k, 3] all) {
      go = Constant <value = bool {1}> ()
      y, all = Loop (n, go, x) <
        body = step (int64 i, bool on, double[3] h) => (bool again, double[3] next, double[3] row) {
          again = Identity(on)
          p = Mul(h, w)
          next = Tanh(p)
          row = Mul(next, h)
        }
      >
    }"""

    def run(n, x, w):
        rows, h = [], x
        for _ in range(int(n)):
            new = torch.tanh(h * w)
            rows.append(new * h)
            h = new
        return h, torch.stack(rows)

    for count in (1, 4):
        case("Loop", f"{count} times, with rows", [ints(count)[0], random(3), random(3)], run, feed=(0,), model=model(power))

    until = """loop (double[2] x, double[2] w) => (double[2] y) {
      go = Constant <value = bool {1}> ()
      most = Constant <value = int64 {10}> ()
      limit = Constant <value = double {3.0}> ()
      y = Loop (most, go, x) <
        body = step (int64 i, bool on, double[2] h) => (bool again, double[2] next) {
          p = Mul(h, w)
          next = Add(p, x)
          total = ReduceSum <keepdims = 0> (next)
          again = Less(total, limit)
        }
      >
    }"""

    def grow(x, w):
        h = x
        for _ in range(10):
            h = h * w + x
            if h.sum() >= 3:
                break
        return h

    case("Loop", "until a condition fails", [floats([0.25, 0.5]), floats([1.25, 1.5])], grow, model=model(until))


def scans(case):
    def text(directions):
        return f"""scan (double[2] h0, double[4, 2] x, double[2, 2] w) => (double[2] h, double[4, 2] y) {{
      h, y = Scan (h0, x) <
        num_scan_inputs = 1, scan_input_directions = [{directions[0]}], scan_output_directions = [{directions[1]}],
        body = step (double[2] before, double[2] row) => (double[2] after, double[2] out) {{
          m = MatMul(before, w)
          s = Add(m, row)
          after = Tanh(s)
          out = Mul(after, row)
        }}
      >
    }}"""

    def run(h, x, w, directions):
        rows = []
        for row in x.flip(0) if directions[0] else x:
            h = torch.tanh(h @ w + row)
            rows.append(h * row)
        return h, torch.stack(rows[::-1] if directions[1] else rows)

    for directions in ((0, 0), (1, 0), (1, 1)):
        case("Scan", f"a recurrence, directions {directions}", [random(2), random(4, 2), random(2, 2)],
             lambda *a, d=directions: run(*a, d), model=model(text(directions)))
