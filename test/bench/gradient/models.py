"""The models of the gradient benchmark in PyTorch, each with its loss, and one batch for it."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """784-512-512-10, a batch of 64."""

    def __init__(self):
        super().__init__()
        sizes = [784, 512, 512, 10]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x, labels):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return F.cross_entropy(self.layers[-1](x), labels)


def mlp():
    return Mlp(), (torch.randn(64, 784), torch.randint(0, 10, (64,)))


class Residual(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outer)
        self.short = nn.Sequential()
        if stride != 1 or inner != outer:
            self.short = nn.Sequential(
                nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
            )

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.short(x))


class ResNet18(nn.Module):
    """He et al. 2015, batch normalization in training mode; 4 pictures of 112 x 112, 1000 classes."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        blocks, inner = [], 64
        for outer, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            blocks += [Residual(inner, outer, stride), Residual(outer, outer, 1)]
            inner = outer
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(512, 1000)

    def forward(self, x, labels):
        y = self.blocks(self.stem(x))
        return F.cross_entropy(self.head(y.mean(dim=(2, 3))), labels)


def resnet18():
    return ResNet18(), (torch.randn(4, 3, 112, 112), torch.randint(0, 1000, (4,)))


class Block(nn.Module):
    """One layer of a transformer: normalization before (GPT) or after (BERT) each half."""

    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def attention(self, x):
        batch, length, width = x.shape
        parts = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x):
        if self.causal:
            x = x + self.attention(self.norm1(x))
            return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Transformer(nn.Module):
    """4 layers, 256 wide, 4 heads, 5000 words; 4 texts of 128 words. No dropout."""

    def __init__(self, causal, words=5000, length=128, width=256, layers=4, heads=4):
        super().__init__()
        self.tokens = nn.Embedding(words, width)
        self.places = nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Block(width, heads, causal) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)
        for table in (self.tokens, self.places):
            nn.init.normal_(table.weight, std=1 / math.sqrt(width))

    def forward(self, ids, labels):
        places = torch.arange(ids.shape[1])
        y = self.norm(self.blocks(self.tokens(ids) + self.places(places)))
        logits = self.head(y)
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


def transformer(causal):
    ids, labels = (torch.randint(0, 5000, (4, 128)) for _ in range(2))
    return Transformer(causal), (ids, labels)


class Lstm(nn.Module):
    """A classifier of sequences: one LSTM of 128 cells over 64 steps of 64 numbers, a batch of 32."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128)
        self.head = nn.Linear(128, 10)

    def forward(self, x, labels):
        y, _ = self.lstm(x)
        return F.cross_entropy(self.head(y[-1]), labels)


def lstm():
    return Lstm(), (torch.randn(64, 32, 64), torch.randint(0, 10, (32,)))


MODELS = {
    "mlp": mlp,
    "resnet18": resnet18,
    "gpt": lambda: transformer(True),
    "bert": lambda: transformer(False),
    "lstm": lstm,
}


def make(name):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model, batch = MODELS[name]()
    # Parameters that are equal are one in the exported file.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.01 * torch.randn_like(parameter))
    return model, batch
