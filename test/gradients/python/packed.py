"""Writes packed files: brotli over the length of a header, the header (JSON), and the bytes it points into.

`test/gradients/packed.ts` reads them. Equal bytes are kept once. Arrays are little-endian and start at multiples of 8.
"""

import json
import struct

import brotli
import numpy as np

TYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}


class Pack:
    def __init__(self):
        self._bytes = bytearray()
        self._known = {}

    def blob(self, content: bytes) -> dict:
        """A reference to bytes as they are."""
        if content not in self._known:
            self._bytes.extend(bytes(-len(self._bytes) % 8))
            self._known[content] = len(self._bytes)
            self._bytes.extend(content)
        return {"at": self._known[content], "length": len(content)}

    def array(self, value: np.ndarray) -> dict:
        """A reference to an array, or the texts themselves. Refuses types that are not carried."""
        if value.dtype.kind in "OUS":
            texts = [text.decode() if isinstance(text, bytes) else str(text) for text in value.ravel()]
            return {"type": "BYTES", "shape": list(value.shape), "texts": texts}
        kind = TYPES.get(str(value.dtype))
        if kind is None:
            raise TypeError(f"elements of type {value.dtype} are not carried")
        at = self.blob(np.ascontiguousarray(value).tobytes())["at"]
        return {"type": kind, "shape": list(value.shape), "at": at}

    def write(self, path, header: dict) -> int:
        """Writes the file and says how long it is."""
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % 8)
        content = struct.pack("<I", len(text)) + text + bytes(self._bytes)
        packed = brotli.compress(content, quality=11, lgwin=24)
        path.write_bytes(packed)
        return len(packed)
