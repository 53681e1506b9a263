"""Makes `test/objectives/fixtures/objectives.bin.br`: losses and their gradients as PyTorch has them, metrics as scikit-learn does.

    pip install -r test/gradients/python/requirements.txt
    python test/objectives/python/objectives.py
"""

import sys
from pathlib import Path

import sklearn
import torch

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "gradients" / "python"))

from losses import loss_cases  # noqa: E402
from metrics import bootstrap_cases, metric_cases, tie_cases, weight_cases  # noqa: E402
from packed import Pack  # noqa: E402


def main():
    pack = Pack()
    header = {
        "torch": torch.__version__,
        "sklearn": sklearn.__version__,
        "losses": loss_cases(pack),
        "metrics": metric_cases(pack),
        "weights": weight_cases(),
        "ties": tie_cases(pack),
        "bootstrap": bootstrap_cases(pack),
    }
    size = pack.write(HERE.parent / "fixtures" / "objectives.bin.br", header)
    print(f"{len(header['losses'])} losses, {len(header['metrics'])} metrics, {size} bytes")


if __name__ == "__main__":
    main()
