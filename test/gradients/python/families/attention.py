"""Attention by the equations of the ONNX standard, checked against PyTorch's own where that can, and rotary embedding."""

import math

import torch
import torch.nn.functional as F

from cases import Random, f32, floats, ints

random = Random(10)


def add(case):
    q, k, v = random(2, 2, 3, 4), random(2, 2, 5, 4), random(2, 2, 5, 3)
    square = [random(1, 2, 4, 4) for _ in range(3)]
    case("Attention", "4d", [q, k, v], attend(check=True))
    case("Attention", "scale", [q, k, v], attend(scale=0.25, check=True), {"scale": 0.25})
    case("Attention", "causal", square, attend(causal=True, check=True), {"is_causal": 1})
    case("Attention", "boolean mask", [q, k, v, random(3, 5) > -0.5], attend(check=True), feed=(3,))
    case("Attention", "added mask with a gradient", [q, k, v, random(2, 1, 3, 5)], attend(check=True))
    case("Attention", "causal and added mask", [*square, random(4, 4)], attend(causal=True), {"is_causal": 1})
    case("Attention", "softcap", [q, k, v], attend(softcap=f32(0.7)), {"softcap": 0.7})
    case("Attention", "fewer heads of keys", [random(1, 4, 3, 4), random(1, 2, 3, 4), random(1, 2, 3, 4)], attend(check=True))
    case("Attention", "one head of keys, causal", [random(2, 4, 3, 2), random(2, 1, 3, 2), random(2, 1, 3, 2)], attend(causal=True, check=True), {"is_causal": 1})
    heads = {"q_num_heads": 2, "kv_num_heads": 2}
    case("Attention", "3d", [random(2, 3, 8), random(2, 5, 8), random(2, 5, 6)], attend(heads=(2, 2)), heads)
    case("Attention", "3d, fewer heads of keys, causal", [random(2, 3, 8), random(2, 3, 4), random(2, 3, 4)],
         attend(heads=(4, 2), causal=True), {"q_num_heads": 4, "kv_num_heads": 2, "is_causal": 1})
    past = [random(2, 2, 2, 4), random(2, 2, 2, 3)]
    case("Attention", "past keys and values", [q, k, v, None, *past], attend(present=True), outputs=3)
    case("Attention", "causal, past keys and values", [q, k[:, :, :3], v[:, :, :3], None, *past],
         attend(causal=True, present=True), {"is_causal": 1}, outputs=3)
    # Mode 2 has the mask in it, so its infinite numbers have no loss; here the mask is added and finite.
    for mode in range(4):
        case("Attention", f"products as an output, mode {mode}", [q, k, v, random(3, 5)],
             attend(products=mode, softcap=0.5), {"qk_matmul_output_mode": mode, "softcap": 0.5}, outputs=4)
    rotary(case)


def attend(scale=None, causal=False, softcap=0.0, heads=None, present=False, products=None, check=False):
    def run(q, k, v, mask=None, past_k=None, past_v=None):
        split = lambda x, n: x.reshape(x.shape[0], x.shape[1], n, -1).transpose(1, 2)
        if heads:
            q, k, v = split(q, heads[0]), split(k, heads[1]), split(v, heads[1])
        if past_k is not None:
            k, v = torch.cat([past_k, k], 2), torch.cat([past_v, v], 2)
        more = q.shape[1] // k.shape[1]
        keys, values = k.repeat_interleave(more, 1), v.repeat_interleave(more, 1)
        root = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        product = root * q @ keys.mT
        bias = torch.zeros(product.shape[-2:])
        if causal:
            before = 0 if past_k is None else past_k.shape[2]
            bias = bias.masked_fill(torch.ones_like(bias).tril(before) == 0, -math.inf)
        if mask is not None:
            bias = bias + (torch.zeros(mask.shape).masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else mask)
        capped = softcap * torch.tanh(product / softcap) if softcap else product
        weights = F.softmax(capped + bias, -1)
        y = weights @ values
        if check:
            told = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, scale=scale, enable_gqa=True)
            torch.testing.assert_close(y, told)
        if heads:
            y = y.transpose(1, 2).flatten(2)
        if products is not None:
            return y, None, None, [product, capped, capped + bias, weights][products]
        return (y, k, v) if present else y

    return run


def rotary(case):
    def rotate(x, cos, sin, interleaved=False, width=None):
        width = width or x.shape[-1]
        part, rest = x[..., :width], x[..., width:]
        a, b = (part[..., ::2], part[..., 1::2]) if interleaved else part.chunk(2, -1)
        cos, sin = cos[:, None], sin[:, None]
        turned = (a * cos - b * sin, a * sin + b * cos)
        joined = torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)
        return torch.cat([joined, rest], -1)

    x, cos, sin = random(2, 2, 3, 4), random(2, 3, 2), random(2, 3, 2)
    case("RotaryEmbedding", "halves", [x, cos, sin], rotate)
    case("RotaryEmbedding", "interleaved", [x, cos, sin], lambda *a: rotate(*a, interleaved=True), {"interleaved": 1})
    positions = ints(0, 1, 2, 4, 4, 0).reshape(2, 3)
    case("RotaryEmbedding", "positions", [x, random(5, 2), random(5, 2), positions],
         lambda x, c, s, p: rotate(x, c[p], s[p]), feed=(3,))
    case("RotaryEmbedding", "part of each head", [random(2, 2, 3, 6), cos, sin], lambda *a: rotate(*a, width=4), {"rotary_embedding_dim": 4})
    merged = lambda x, c, s: rotate(x.reshape(2, 3, 2, 4).transpose(1, 2), c, s).transpose(1, 2).flatten(2)
    case("RotaryEmbedding", "3d", [random(2, 3, 8), cos, sin], merged, {"num_heads": 2})
