"""Packs the node tests of the ONNX standard (PyPI package `onnx`, Apache-2.0) into `node.bin.br`.

    pip install -r test/gradients/python/requirements.txt
    python test/backend/pack.py

What is left out is counted by reason in the header. A model below or above the operator sets that are read is
stamped with the nearest one that is, if all its operators mean the same there.
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import defs, numpy_helper

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "gradients" / "python"))
from packed import TYPES, Pack  # noqa: E402

OLDEST, NEWEST = 13, 26
OLDEST_IR, NEWEST_IR = 8, 13
LARGEST_DATA = 800_000
# Changed in words or in what it does to floating-point numbers, which its list of types does not show.
CHANGED = {"Mod"}


class LeftOut(Exception):
    """Why a case is not packed."""


def nodes_of(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from nodes_of(inner)


def array_of(value):
    if isinstance(value, onnx.TensorProto):
        if value.data_type not in CARRIED:
            raise LeftOut("element types that are not carried (bfloat16, 8 bits and fewer floats, 4 and 2 bits integers)")
        value = numpy_helper.to_array(value)
    if isinstance(value, (list, dict)) or value is None:
        raise LeftOut("sequences, optionals and maps")
    value = np.asarray(value)
    if value.dtype.kind not in "OUS" and str(value.dtype) not in TYPES:
        raise LeftOut("element types that are not carried (bfloat16, 8 bits and fewer floats, 4 and 2 bits integers)")
    return value


CARRIED = {onnx.helper.np_dtype_to_tensor_dtype(np.dtype(name)) for name in TYPES} | {onnx.TensorProto.STRING}


def same_meaning(node, declared, wanted):
    """Whether a node of one operator set is the same in another, but for the types it takes."""
    try:
        here_, there = (defs.get_schema(node.op_type, version, "") for version in (declared, wanted))
    except defs.SchemaError:
        return False
    if here_.since_version == there.since_version:
        return True
    if declared < wanted or node.op_type in CHANGED:
        return False
    slots = lambda schema: [[slot.name for slot in list_] for list_ in (schema.inputs, schema.outputs)]
    known = set(there.attributes)
    return slots(here_) == slots(there) and all(attribute.name in known for attribute in node.attribute)


def stamped(model):
    """The model at an operator set that is read."""
    model.ir_version = min(max(model.ir_version, OLDEST_IR), NEWEST_IR)
    versions = {entry.domain: entry for entry in model.opset_import}
    if "" not in versions:
        return model
    declared = versions[""].version
    wanted = min(max(declared, OLDEST), NEWEST)
    if wanted == declared:
        return model
    for node in nodes_of(model.graph):
        if node.domain == "" and not same_meaning(node, declared, wanted):
            newer = "after" if declared > wanted else "before"
            raise LeftOut(f"operators of a version {newer} the operator sets that are read ({OLDEST} to {NEWEST})")
    versions[""].version = wanted
    try:
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except Exception as error:
        raise LeftOut(f"types that the operators do not take in operator set {wanted}") from error
    return model


def operator_of(case, cases):
    """The operator that a case is about. An expanded one is about the operator whose function it is."""
    base = cases.get(case.name.split("_expanded")[0], case)
    inner = [node for node in base.model.graph.node if node.op_type != "Constant"]
    node = inner[0] if inner else base.model.graph.node[0]
    named = [n for n in inner if n.op_type in ("Loop", "Scan", "If", "SequenceMap")]
    node = named[0] if named else node
    return f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type


def pack_case(pack, case, cases):
    if any(entry.domain.startswith("ai.onnx.preview") for entry in case.model.opset_import):
        raise LeftOut("operators of a preview domain")
    data = [([array_of(x) for x in inputs], [array_of(y) for y in outputs]) for inputs, outputs in case.data_sets]
    size = sum(array.nbytes for inputs, outputs in data for array in [*inputs, *outputs])
    if size > LARGEST_DATA:
        raise LeftOut(f"more than {LARGEST_DATA // 1000} kB of data")
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    operator_set = {entry.domain: entry.version for entry in model.opset_import}.get("")
    bytes_ = stamped(model).SerializeToString()
    return {
        "name": case.name,
        "operator": operator_of(case, cases),
        "rtol": case.rtol,
        "atol": case.atol,
        "opset": operator_set,
        "model": pack.blob(bytes_),
        "data": [
            {"inputs": [pack.array(x) for x in inputs], "outputs": [pack.array(y) for y in outputs]}
            for inputs, outputs in data
        ],
    }


def main():
    warnings.simplefilter("ignore")
    from onnx.backend.test.loader import load_node_model_tests

    cases = {case.name: case for case in load_node_model_tests()}
    pack, packed, reasons = Pack(), [], Counter()
    for name in sorted(cases):
        try:
            packed.append(pack_case(pack, cases[name], cases))
        except LeftOut as reason:
            reasons[str(reason)] += 1
    header = {
        "origin": f"onnx {onnx.__version__}",
        "cases": packed,
        "leftOut": [{"reason": reason, "cases": count} for reason, count in reasons.most_common()],
    }
    size = pack.write(here / "node.bin.br", header)
    print(f"{len(packed)} cases, {size} bytes; left out: {dict(reasons)}")


if __name__ == "__main__":
    main()
