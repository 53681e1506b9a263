"""Makes `test/networks/fixtures/language-files.bin.br`: small GPTs as PyTorch exports them, and steps that PyTorch trains one on.

    pip install -r test/gradients/python/requirements.txt
    python test/networks/python/language_files.py

One is written out, with a causal mask among its buffers, and knows a text a little; it is exported for any number of rows
and of tokens. The steps, in float64, go on from there. Another has the attention that is an operator since opset 23, the third
is of Hugging Face, with a mask and positions as inputs, for rows of one length.
"""

import random
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "gradients" / "python"))

from exporting import by_dynamo  # noqa: E402
from packed import Pack  # noqa: E402

CONTEXT, WIDTH, HEADS, LAYERS = 16, 16, 2, 2
STEPS, BATCH = 20, 8
OPTIMIZER = {"type": "adam", "learningRate": 0.003}
WORDS = [["the", "a"], ["quick", "lazy", "old"], ["fox", "bird", "fish"], ["sleeps", "sings"], ["in the sun", "at night"]]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH), nn.Dropout(0.1))
        self.register_buffer("seen", torch.tril(torch.ones(1, 1, CONTEXT, CONTEXT)))

    def forward(self, x):
        rows, time, _ = x.shape
        q, k, v = (part.view(rows, time, HEADS, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).split(WIDTH, 2))
        scores = q @ k.transpose(-2, -1) / (WIDTH // HEADS) ** 0.5
        scores = scores.masked_fill(self.seen[:, :, :time, :time] == 0, float("-inf"))
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, time, WIDTH)
        x = x + self.out(y)
        return x + self.mlp(self.norm2(x))


class Gpt(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, vocabulary, bias=False)

    def forward(self, idx):
        places = torch.arange(idx.shape[1], device=idx.device)
        return self.head(self.norm(self.blocks(self.token(idx) + self.place(places))))


class Attention(nn.Module):
    """One block by PyTorch's own attention, which becomes ONNX's; with one table for reading and telling tokens."""

    def __init__(self, vocabulary):
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, WIDTH), nn.Parameter(torch.randn(1, CONTEXT, WIDTH) / 8)
        self.norm, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens):
        rows, time = tokens.shape
        x = self.token(tokens) + self.place[:, :time]
        q, k, v = (part.view(rows, time, HEADS, -1).transpose(1, 2) for part in self.qkv(self.norm(x)).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return F.linear(self.norm(x + self.out(y.transpose(1, 2).reshape(rows, time, WIDTH))), self.token.weight)


class HuggingFace(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.model = GPT2LMHeadModel(GPT2Config(
            vocab_size=vocabulary, n_positions=CONTEXT, n_embd=WIDTH, n_layer=1, n_head=HEADS, use_cache=False))

    def forward(self, input_ids, attention_mask, position_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False).logits


def phrases(count):
    draw = random.Random(7)
    return ". ".join(" ".join(draw.choice(words) for words in WORDS) for _ in range(count)) + "."


def rows_of(ids, step):
    """BATCH windows of one token more than the network sees."""
    starts = [(step * BATCH + row) * 29 % (len(ids) - CONTEXT - 1) for row in range(BATCH)]
    return torch.stack([ids[start : start + CONTEXT + 1] for start in starts])


def loss_of(model, rows):
    return F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


def steps(model, ids, count, learning_rate):
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step in range(count):
        loss = loss_of(model, rows_of(ids, step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    text = phrases(400)
    tokens = sorted(set(text))
    ids = torch.tensor([tokens.index(token) for token in text])
    torch.manual_seed(7)
    model = Gpt(len(tokens))
    steps(model, ids, 60, 0.01)
    model.eval()
    shown = rows_of(ids, 0)
    hugging_face = HuggingFace(len(tokens)).eval()
    size = {0: torch.export.Dim("batch", min=2, max=1024), 1: torch.export.Dim("time", min=2, max=CONTEXT)}
    seen = shown[:, :-1]
    attention = Attention(len(tokens)).eval()

    def exported(module, name, opset):
        return torch.onnx.export(
            module, (seen,), input_names=[name], output_names=["logits"], dynamo=True, optimize=True,
            dynamic_shapes=(size,), opset_version=opset, verbose=False).model_proto.SerializeToString()

    inputs = {
        "input_ids": seen,
        "attention_mask": torch.ones_like(seen),
        "position_ids": torch.arange(CONTEXT).repeat(BATCH, 1),
    }
    pack = Pack()
    with torch.no_grad():
        twin = Gpt(len(tokens)).double().eval()
        twin.load_state_dict(model.state_dict())
        scores = {
            "written": twin(seen),
            "attention": attention(seen),
            "huggingFace": hugging_face(**inputs),
        }
    header = {
        "torch": torch.__version__,
        "context": CONTEXT,
        "tokens": tokens,
        "files": {
            "written": pack.blob(exported(model, "idx", 20)),
            "attention": pack.blob(exported(attention, "tokens", 23)),
            "huggingFace": pack.blob(by_dynamo(hugging_face, inputs, True, True).SerializeToString()),
        },
        "shown": pack.array(shown.numpy().astype(np.uint8)),
        "scores": {name: pack.array(value.float().numpy()) for name, value in scores.items()},
        "curve": {
            "optimizer": OPTIMIZER,
            "batch": BATCH,
            "rows": pack.array(torch.cat([rows_of(ids, step) for step in range(STEPS)]).numpy().astype(np.uint8)),
            "losses": pack.array(np.array(steps(twin, ids, STEPS, OPTIMIZER["learningRate"]))),
        },
    }
    size = pack.write(HERE.parent / "fixtures/language-files.bin.br", header)
    print(f"{size} bytes")


if __name__ == "__main__":
    main()
