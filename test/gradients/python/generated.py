"""Numbers that are a pure function of a key and a place: `packages/random`, in NumPy."""

import struct

import numpy as np

U64, LOW = np.uint64, np.uint64(0xFFFFFFFF)
ROUNDS = 10


def bits(key, c0, c1=0):
    """Philox 4x32-10 of counters (c0, c1, 0, 0): four arrays of 32-bit words."""
    shape = np.broadcast(c0, c1).shape
    x = [np.broadcast_to(np.asarray(c, U64), shape).copy() for c in (c0, c1, 0, 0)]
    k0, k1 = key
    for _ in range(ROUNDS):
        a, b = U64(0xD2511F53) * x[0], U64(0xCD9E8D57) * x[2]
        x = [(b >> U64(32)) ^ x[1] ^ U64(k0), b & LOW, (a >> U64(32)) ^ x[3] ^ U64(k1), a & LOW]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x


def hash_key(*parts):
    """A key of texts."""
    mix = lambda key, a, b: tuple(int(word) for word in bits(key, a, b)[:2])
    key = (len(parts), 0)
    for part in parts:
        text = part.encode()
        key = mix(key, 1, len(text))
        padded = text + bytes(-len(text) % 8)
        for low, high in struct.iter_unpack("<II", padded):
            key = mix(key, low, high)
    return key


def uniform(key, count):
    """The first numbers of a key, in [0, 1)."""
    places = np.arange(count, dtype=U64)
    high, low, _, _ = bits(key, places & LOW, places >> U64(32))
    return ((high >> U64(5)).astype(np.float64) * 2**26 + (low >> U64(6)).astype(np.float64)) * 2.0**-53


def generated(model, name, shape, offset, spread):
    """The float32 numbers of a tensor: evenly spread about the offset."""
    values = offset + (2 * uniform(hash_key("weights", model, name), int(np.prod(shape))) - 1) * spread
    return values.astype(np.float32).reshape(shape)


PROBES = 16


def probes(name, values):
    """Dot products of a gradient with vectors of seeded signs."""
    flat = np.asarray(values, np.float64).ravel()
    words = np.stack(bits(hash_key("probes", name), np.arange(-(-len(flat) // 8), dtype=U64)), 1)
    # Each block of four words has the signs of eight elements, sixteen bits for each.
    halves = np.stack([words & U64(0xFFFF), words >> U64(16)], 2).reshape(-1)[: len(flat)]
    return [float(np.where((halves >> U64(probe)) & U64(1), flat, -flat).sum()) for probe in range(PROBES)]


def summary(loss, gradients):
    """What a fixture keeps of a loss and the gradients of the parameters."""
    norm = lambda value: float(np.linalg.norm(value.astype(np.float64).ravel()))
    return {
        "loss": loss,
        "gradients": {name: {"norm": norm(value), "probes": probes(name, value)} for name, value in gradients.items()},
    }


if __name__ == "__main__":
    # The same numbers as the tests of packages/random fix.
    assert uniform(hash_key("test"), 1)[0] == 0.3472977566143153
