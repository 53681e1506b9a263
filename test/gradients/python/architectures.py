"""The models, as their users write them, small where their size can be chosen. Nothing random happens in training mode."""

from dataclasses import dataclass
from typing import Callable

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel


@dataclass
class Architecture:
    name: str
    origin: str
    build: Callable[[], nn.Module]
    # Names of the inputs with a shape (floating point), or the whole numbers themselves.
    inputs: dict
    # Labels for the output, or None where the model makes its loss itself.
    labels: list | None


def resnet():
    return torchvision.models.resnet18(num_classes=10)


def mobilenet():
    model = torchvision.models.mobilenet_v3_small(num_classes=10)
    model.classifier[2] = nn.Identity()
    return model


class Bert(nn.Module):
    """With the loss inside."""

    def __init__(self):
        super().__init__()
        self.model = BertForSequenceClassification(
            BertConfig(vocab_size=200, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
                       max_position_embeddings=32, num_labels=3))

    def forward(self, input_ids, attention_mask, labels):
        logits = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return F.cross_entropy(logits, labels)


def gpt_config():
    return GPT2Config(vocab_size=200, n_positions=32, n_embd=64, n_layer=2, n_head=4)


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = GPT2LMHeadModel(gpt_config())

    def forward(self, input_ids, attention_mask=None):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits


class GptWithLoss(Gpt):
    def forward(self, input_ids, attention_mask):
        """The loss of each token given those before it."""
        logits = super().forward(input_ids, attention_mask)
        return F.cross_entropy(logits[:, :-1].flatten(0, 1), input_ids[:, 1:].flatten())


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 12, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(24, 4)

    def forward(self, x):
        sequence, _ = self.lstm(x)
        return self.head(sequence[:, -1])


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 8)
        self.gru = nn.GRU(8, 12, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, ids):
        _, last = self.gru(self.embedding(ids))
        return self.head(last[-1])


def twice(inside, outside, norm):
    layers = []
    for size in (inside, outside):
        layers += [nn.Conv2d(size, outside, 3, padding=1), norm(outside), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Two levels, each half joined to the one across; up by transposed convolutions or by interpolation."""

    def __init__(self, norm=nn.BatchNorm2d, interpolate=False):
        super().__init__()
        self.down = nn.ModuleList([twice(3, 8, norm), twice(8, 16, norm)])
        self.bottom = twice(16, 32, norm)
        up = lambda a, b: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(a, b, 1)) if interpolate else nn.ConvTranspose2d(a, b, 2, 2)
        self.up = nn.ModuleList([up(32, 16), up(16, 8)])
        self.join = nn.ModuleList([twice(32, 16, norm), twice(16, 8, norm)])
        self.head = nn.Conv2d(8, 3, 1)

    def forward(self, x):
        across = []
        for block in self.down:
            x = block(x)
            across.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, join, skip in zip(self.up, self.join, reversed(across)):
            x = join(torch.cat([skip, up(x)], 1))
        return self.head(x)


def vit():
    return torchvision.models.VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=128, num_classes=10)


IDS = [[5, 17, 3, 199, 42, 42, 8, 1], [7, 7, 120, 64, 2, 9, 0, 0], [11, 150, 151, 152, 0, 0, 0, 0]]
MASK = [[1] * 8, [1] * 6 + [0] * 2, [1] * 4 + [0] * 4]
IMAGES = {"x": (4, 3, 64, 64)}
PIXELS = [[[(row * column + n) % 3 for column in range(16)] for row in range(16)] for n in range(2)]

resnet18 = Architecture("ResNet-18", "torchvision", resnet, IMAGES, [3, 1, 4, 1])
mobilenet_v3 = Architecture("MobileNetV3 small", "torchvision", mobilenet, IMAGES, [5, 9, 2, 6])
bert = Architecture("BERT, 2 layers", "transformers", Bert, {"input_ids": IDS, "attention_mask": MASK, "labels": [2, 0, 1]}, None)
gpt = Architecture("GPT-2, 2 layers", "transformers", Gpt, {"input_ids": IDS}, [row[1:] + row[:1] for row in IDS])
gpt_with_loss = Architecture("GPT-2, 2 layers, loss inside", "transformers", GptWithLoss, {"input_ids": IDS, "attention_mask": MASK}, None)
lstm = Architecture("LSTM classifier", "torch.nn", Lstm, {"x": (3, 5, 6)}, [0, 3, 1])
gru = Architecture("GRU classifier", "torch.nn", Gru, {"ids": [[4, 4, 39, 0, 7], [1, 2, 3, 4, 5], [9, 8, 9, 8, 9]]}, [0, 3, 1])
unet = Architecture("U-Net", "torch.nn", UNet, {"x": (2, 3, 16, 16)}, PIXELS)
unet_smooth = Architecture("U-Net, interpolating", "torch.nn", lambda: UNet(lambda n: nn.GroupNorm(4, n), True), {"x": (2, 3, 16, 16)}, PIXELS)
vision = Architecture("ViT, 2 blocks", "torchvision", vit, {"x": (2, 3, 32, 32)}, [3, 7])
