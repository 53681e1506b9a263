"""Recurrent networks by the equations of the ONNX standard, checked against PyTorch's own modules where those can."""

import torch

from cases import Random, f32, ints

random = Random(9)
STEPS, BATCH, INPUT, HIDDEN = 3, 2, 3, 2
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
FUNCTIONS = {
    "Relu": torch.relu,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
    "Softsign": torch.nn.functional.softsign,
    "HardSigmoid": lambda x: torch.clamp(f32(0.2) * x + 0.5, 0, 1),
}
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def add(case):
    for op in GATES:
        for direction in DIRECTIONS:
            network(case, op, direction, direction=direction)
        network(case, op, "no bias, no states", bias=False, states=False)
        network(case, op, "sequence_lens", direction="bidirectional", lens=ints(3, 1).astype("int32"))
        network(case, op, "the last state alone", used=[1])
        network(case, op, "clip", clip=0.3)
    network(case, "RNN", "Relu", activations=["Relu"])
    network(case, "RNN", "two activations", direction="bidirectional", activations=["Tanh", "Softsign"])
    network(case, "GRU", "linear_before_reset", direction="bidirectional", linear_before_reset=1)
    network(case, "LSTM", "peepholes", peepholes=True)
    network(case, "LSTM", "input_forget", input_forget=1)
    network(case, "LSTM", "activations", activations=["HardSigmoid", "Softsign", "Tanh"])
    network(case, "LSTM", "layout 1", direction="bidirectional", layout=1)
    network(case, "GRU", "layout 1", layout=1)


def network(case, op, name, bias=True, states=True, lens=None, peepholes=False, used=None, **attributes):
    gates, directions = GATES[op] * HIDDEN, len(DIRECTIONS[attributes.get("direction", "forward")])
    state = (directions, BATCH, HIDDEN)
    inputs = [
        random(STEPS, BATCH, INPUT),
        random(directions, gates, INPUT),
        random(directions, gates, HIDDEN),
        random(directions, 2 * gates) if bias else None,
        lens,
        random(*state) if states else None,
    ]
    if op == "LSTM":
        inputs += [random(*state) if states else None, random(directions, 3 * HIDDEN) if peepholes else None]
    if attributes.get("layout"):
        for at in (0, 5, 6)[: 2 + (op == "LSTM")]:
            inputs[at] = inputs[at].swapaxes(0, 1).copy()
    while inputs[-1] is None:
        inputs.pop()
    run = lambda *x: network_of(op, x, attributes)
    feed = [] if lens is None else [4]
    case(op, name, inputs, run, {"hidden_size": HIDDEN, **attributes}, outputs=3 if op == "LSTM" else 2, used=used, feed=feed)


def network_of(op, inputs, attributes):
    x, w, r, b, lens, h, c, p = [*inputs, *[None] * (8 - len(inputs))]
    batch_first = attributes.get("layout", 0)
    turn = lambda value: None if value is None else value.transpose(0, 1)
    if batch_first:
        x, h, c = turn(x), turn(h), turn(c)
    directions = DIRECTIONS[attributes.get("direction", "forward")]
    made = []
    for d, backwards in enumerate(directions):
        zero = torch.zeros(BATCH, HIDDEN)
        first = [zero if h is None else h[d], zero if c is None else c[d]]
        count = len(DEFAULTS[op])
        names = attributes.get("activations", DEFAULTS[op] * len(directions))[d * count : (d + 1) * count]
        wb, rb = (torch.zeros(len(w[d])),) * 2 if b is None else b[d].chunk(2)
        weights = {"w": w[d], "r": r[d], "wb": wb, "rb": rb, "p": None if p is None else p[d]}
        made.append(run(op, x, weights, first, lens, backwards, [FUNCTIONS[n] for n in names], attributes))
    y = torch.stack([sequence for sequence, _, _ in made], 1)
    last = [torch.stack([each[at] for each in made]) for at in (1, 2)][: 1 + (op == "LSTM")]
    if plain(attributes) and p is None and lens is None and (op != "GRU" or attributes.get("linear_before_reset")):
        check(op, x, w, r, b, h, c, y, attributes)
    return [y.permute(2, 0, 1, 3), *map(turn, last)] if batch_first else [y, *last]


def run(op, x, weights, first, lens, backwards, functions, attributes):
    step = {"RNN": rnn, "GRU": gru, "LSTM": lstm}[op]
    limit = attributes.get("clip")
    clip = (lambda v: v) if limit is None else (lambda v: torch.clamp(v, -f32(limit), f32(limit)))
    state, rows = first, [None] * len(x)
    for t in reversed(range(len(x))) if backwards else range(len(x)):
        new = step(x[t], *state, weights, functions, clip, attributes)
        there = torch.ones(BATCH, 1, dtype=torch.bool) if lens is None else (t < lens)[:, None]
        rows[t] = torch.where(there, new[0], torch.zeros(()))
        state = [torch.where(there, n, old) for n, old in zip(new, state)]
    return torch.stack(rows), *state


def rnn(x, h, c, k, functions, clip, _):
    (f,) = functions
    return f(clip(x @ k["w"].T + h @ k["r"].T + k["wb"] + k["rb"])), c


def gru(x, h, c, k, functions, clip, attributes):
    f, g = functions
    xz, xr, xh = (x @ k["w"].T + k["wb"]).chunk(3, -1)
    wz, wr, wh = k["r"].chunk(3)
    bz, br, bh = k["rb"].chunk(3)
    z, r = f(clip(xz + h @ wz.T + bz)), f(clip(xr + h @ wr.T + br))
    inner = r * (h @ wh.T + bh) if attributes.get("linear_before_reset") else (r * h) @ wh.T + bh
    return (1 - z) * g(clip(xh + inner)) + z * h, c


def lstm(x, h, c, k, functions, clip, attributes):
    f, g, out = functions
    i, o, forget, cell = (x @ k["w"].T + h @ k["r"].T + k["wb"] + k["rb"]).chunk(4, -1)
    pi, po, pf = (torch.zeros(()),) * 3 if k["p"] is None else k["p"].chunk(3)
    i = f(clip(i + pi * c))
    forget = 1 - i if attributes.get("input_forget") else f(clip(forget + pf * c))
    new = forget * c + i * g(clip(cell))
    return f(clip(o + po * new)) * out(new), new


def plain(attributes):
    return not {"clip", "activations", "input_forget"} & set(attributes)


def check(op, x, w, r, b, h, c, y, attributes):
    """PyTorch orders the gates of an LSTM i f g o (ONNX: i o f c), of a GRU r z n (ONNX: z r h)."""
    order = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 2, 3, 1]}[op]
    arranged = lambda v: torch.cat([v.chunk(len(order))[at] for at in order])
    both = attributes.get("direction") == "bidirectional"
    if attributes.get("direction") == "reverse":
        x, y = x.flip(0), y.flip(0)
    module = getattr(torch.nn, op)(INPUT, HIDDEN, bidirectional=both)
    with torch.no_grad():
        for d in range(len(w)):
            end = "_reverse" if d else ""
            biases = [torch.zeros(len(w[d]))] * 2 if b is None else b[d].chunk(2)
            values = {"weight_ih": w[d], "weight_hh": r[d], "bias_ih": biases[0], "bias_hh": biases[1]}
            for name, value in values.items():
                getattr(module, f"{name}_l0{end}").copy_(arranged(value))
        state = None if h is None else (h, c) if op == "LSTM" else h
        told, _ = module(x, state)
        torch.testing.assert_close(y.permute(0, 2, 1, 3).flatten(2), told)
