"""Makes `test/gradients/fixtures/operators.bin.br`: what PyTorch says of single operators, in float64.

    pip install -r test/gradients/python/requirements.txt
    python test/gradients/python/operators.py
"""

from collections import Counter
from importlib import import_module
from pathlib import Path

import torch

from cases import Cases
from packed import Pack

FAMILIES = ("elementwise", "reductions", "linear", "convolution", "normalization", "layout", "indexing", "sampling", "recurrent", "attention", "control")


def main():
    pack = Pack()
    case = Cases(pack)
    for family in FAMILIES:
        import_module(f"families.{family}").add(case)
    target = Path(__file__).resolve().parent.parent / "fixtures" / "operators.bin.br"
    size = pack.write(target, {"torch": torch.__version__, "cases": case.list})
    operators = Counter(each["op"] for each in case.list)
    print(f"{len(case.list)} cases of {len(operators)} operators, {size} bytes")


if __name__ == "__main__":
    main()
