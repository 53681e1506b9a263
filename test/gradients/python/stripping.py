"""An exported file without its weights, and of what parameters each of them was made."""

import numpy as np
import onnx
from onnx import numpy_helper


class Pieces:
    """Finds where the numbers of an initializer come from: exporters transpose, reorder gates, join and rename."""

    def __init__(self, parameters):
        self._parameters = parameters
        self._whole, self._turned, self._parts = {}, {}, {}
        for at, value in enumerate(parameters.values()):
            self._whole.setdefault(value.tobytes(), at)
            if value.ndim == 2:
                self._turned.setdefault(np.ascontiguousarray(value.T).tobytes(), at)
            for count in (1, 3, 4):
                if value.ndim and value.shape[0] % count == 0:
                    length = value.size // count
                    for start in range(0, value.size, length):
                        part = value.ravel()[start : start + length]
                        self._parts.setdefault(part.tobytes(), [at, start, length])
        self._lengths = sorted({len(part) for part in self._parts}, reverse=True)

    def find(self, value):
        """Segments of parameters that make up the numbers in order, and whether they are one matrix transposed.

        Parameter -1 stands for zeros, as a bias that there is one of has for the other.
        """
        content = value.tobytes()
        whole = lambda at: [[at, 0, value.size]]
        if content in self._whole:
            return {"segments": whole(self._whole[content]), "transposed": False}
        if content in self._turned:
            return {"segments": whole(self._turned[content]), "transposed": True}
        segments, at = [], 0
        while at < len(content):
            length = next((n for n in self._lengths if content[at : at + n] in self._parts), None)
            if length is None:
                length = zeros_at(content, at)
                if length == 0:
                    return None
                segments.append([-1, 0, length // 4])
            else:
                segments.append(self._parts[content[at : at + length]])
            at += length
        if all(parameter < 0 for parameter, _, _ in segments):
            return None
        return {"segments": segments, "transposed": False}


def zeros_at(content, at):
    """How many bytes from here on belong to elements that are zero."""
    end = at
    while end < len(content) and content[end : end + 4] == bytes(4):
        end += 4
    return end - at


def without_weights(model, parameters):
    """The file with inputs where the initializers were that come from parameters, and where each comes from."""
    stripped = onnx.ModelProto()
    stripped.CopyFrom(model)
    pieces, found = Pieces(parameters), []
    kept = []
    for tensor in stripped.graph.initializer:
        value = numpy_helper.to_array(tensor)
        origin = pieces.find(value) if value.dtype == np.float32 and value.size else None
        if origin is None:
            kept.append(tensor)
            if value.size > 4096:
                raise ValueError(f"initializer {tensor.name} {value.shape} comes from no parameter")
            continue
        found.append({"name": tensor.name, "shape": list(value.shape), **origin})
        if tensor.name not in [value.name for value in stripped.graph.input]:
            stripped.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, value.shape))
    kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
    del stripped.graph.initializer[:]
    stripped.graph.initializer.extend(kept)
    for node in stripped.graph.node:
        # Stack traces and the like.
        del node.metadata_props[:]
        node.doc_string = ""
    del stripped.metadata_props[:]
    del stripped.graph.metadata_props[:]
    for value in [*stripped.graph.value_info, *stripped.graph.input, *stripped.graph.output]:
        del value.metadata_props[:]
    return stripped, found
