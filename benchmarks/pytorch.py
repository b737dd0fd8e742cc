"""Training steps of five of the networks, here and in PyTorch, with one thread and in turns.

The networks, batches, losses and optimizers are those of params.yaml, in PyTorch as its users write
them, on batches that lie in memory: it has no input pipeline, no moving metrics and no validation.

    pip install torch
    python benchmarks/pytorch.py [--rounds 7] [MODEL ...]
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import keras
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional

from generative.core import members, params, runtime
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.training.fit import without_autotuning
from generative.training.schema import Train

STEPS = 10
Step = Callable[[], object]


def ours(key: str) -> Step:
    """`STEPS` steps of a model, in one call."""
    train = params.read(f"train.{key}", Train)
    data = Prepared.of(train.dataset, train.data)
    arguments = {**data.facts(), **train.model}
    if train.family == "gan":
        arguments["r1_weight"] = 0.0  # one step in sixteen has it
    model = members.network(train.network)(**arguments)
    model.compile(1000)
    model.steps_per_execution = STEPS
    batches = without_autotuning(data.batches(train.batch_size, train.seed).endless())
    options = {"steps_per_epoch": STEPS, "shuffle": False, "verbose": 0}
    return lambda: keras.Model.fit(model, batches, **options)


class Encoder(nn.Sequential):
    def __init__(self, latent: int) -> None:
        super().__init__(
            *(nn.Conv2d(1, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 64, 3, 2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(64 * 6 * 6, 2 * latent)),
        )


class Decoder(nn.Sequential):
    def __init__(self, latent: int) -> None:
        super().__init__(
            *(nn.Linear(latent, 7 * 7 * 32), nn.ReLU(), nn.Unflatten(1, (32, 7, 7))),
            *(nn.ConvTranspose2d(32, 64, 3, 2, 1, 1), nn.ReLU()),
            *(nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU()),
            nn.ConvTranspose2d(32, 1, 3, 1, 1),
        )


def cvae(train: Train, characters: int) -> Step:
    latent = int(train.model["latent_size"])
    encoder, decoder = Encoder(latent), Decoder(latent)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 0.001)
    images = (torch.rand(train.batch_size, 1, 28, 28) > 0.5).float()

    def step() -> None:
        mean, log_variance = encoder(images).chunk(2, 1)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        nats = functional.binary_cross_entropy_with_logits(decoder(code), images, reduction="sum")
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
        optimizer.zero_grad()
        ((nats + kl) / len(images)).backward()
        optimizer.step()

    return step


def gan_non_saturating(train: Train, characters: int) -> Step:
    """One forward pass of the generator for both losses, and a moving average of it."""
    width, narrow = train.model["generator_width"], train.model["discriminator_width"]
    generator = nn.Sequential(
        nn.Linear(100, 14 * 14 * 2 * width, bias=False),
        *(nn.BatchNorm1d(14 * 14 * 2 * width), nn.ReLU(), nn.Unflatten(1, (2 * width, 14, 14))),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(2 * width, width, 3, padding=1, bias=False)),
        *(nn.BatchNorm2d(width), nn.ReLU()),
        nn.Conv2d(width, width // 2, 3, padding=1, bias=False),
        *(nn.BatchNorm2d(width // 2), nn.ReLU(), nn.Conv2d(width // 2, 1, 1), nn.Sigmoid()),
    )
    discriminator = nn.Sequential(
        *(nn.Conv2d(1, narrow, 5, 2, 2), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(narrow, 2 * narrow, 5, 2, 2), nn.LeakyReLU(0.2)),
        *(nn.Flatten(), nn.Linear(7 * 7 * 2 * narrow, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)),
    )
    both = [list(network.parameters()) for network in (generator, discriminator)]
    optimizers = [torch.optim.Adam(weights, 0.001, betas=(0.5, 0.999)) for weights in both]
    average = [weight.detach().clone() for weight in both[0]]
    images = torch.rand(train.batch_size, 1, 28, 28)

    def step() -> None:
        fake = generator(torch.randn(train.batch_size, 100))
        real_logits, fake_logits = discriminator(images), discriminator(fake)
        losses = (
            functional.softplus(-fake_logits).mean(),
            functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean(),
        )
        for weights, loss in zip(both, losses, strict=True):
            gradients = torch.autograd.grad(loss, weights, retain_graph=True)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = gradient
        for optimizer in optimizers:
            optimizer.step()
        torch._foreach_lerp_(average, [weight.detach() for weight in both[0]], 0.005)

    return step


class CharLSTM(nn.Module):
    def __init__(self, characters: int, options: dict[str, Any]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters + 1, options["embedding_size"])
        self.lstm = nn.LSTM(options["embedding_size"], options["units"], batch_first=True)
        self.readout = nn.Linear(options["units"], characters)

    def forward(self, ids: Any, state: Any) -> Any:
        x, state = self.lstm(self.embedding(ids), state)
        return self.readout(x), [array.detach() for array in state]


class CharConv(nn.Module):
    def __init__(self, characters: int, options: dict[str, Any]) -> None:
        super().__init__()
        width, kernel = options["width"], options["kernel_size"]
        self.embedding = nn.Embedding(characters + 1, width)
        dilations = [2**i for i in range(options["blocks"])]
        self.back = [(kernel - 1) * dilation for dilation in dilations]
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(len(dilations) + 1)])
        convolutions = [nn.Conv1d(width, width, kernel, dilation=d) for d in dilations]
        self.convolutions = nn.ModuleList(convolutions)
        self.pointwise = nn.ModuleList([nn.Linear(width, width) for _ in dilations])
        self.readout = nn.Linear(width, characters)

    def forward(self, ids: Any, state: Any) -> Any:
        x, after = self.embedding(ids), []
        if state is None:
            state = [x.new_zeros(len(ids), back, x.shape[2]) for back in self.back]
        for i, back in enumerate(self.back):
            inputs = torch.cat([state[i], self.norms[i](x)], 1)
            after.append(inputs[:, -back:].detach())
            y = functional.gelu(self.convolutions[i](inputs.transpose(1, 2)))
            x = x + self.pointwise[i](y.transpose(1, 2))
        return self.readout(self.norms[-1](x)), after


class CharTransformer(nn.Module):
    def __init__(self, characters: int, options: dict[str, Any]) -> None:
        super().__init__()
        self.width, self.heads, self.context = (options[n] for n in ("width", "heads", "context"))
        depth, width = range(options["depth"]), self.width
        self.embedding = nn.Embedding(characters + 1, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2 * len(depth) + 1)])
        self.projections = nn.ModuleList([nn.Linear(width, 3 * width) for _ in depth])
        self.outputs = nn.ModuleList([nn.Linear(width, width) for _ in depth])
        hidden = [
            nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
            for _ in depth
        ]
        self.hidden = nn.ModuleList(hidden)
        self.readout = nn.Linear(width, characters)

    def forward(self, ids: Any, state: Any) -> Any:
        x, after = self.embedding(ids), []
        if state is None:
            zeros = x.new_zeros(len(ids), self.context, 2 * self.width)
            state = [zeros for _ in self.projections]
        length = ids.shape[1]
        distance = self.context + torch.arange(length)[:, None]
        distance = distance - torch.arange(self.context + length)
        slopes = 2.0 ** (-8 * torch.arange(1, self.heads + 1) / self.heads)
        bias = -slopes[:, None, None] * distance
        bias = bias.masked_fill((distance < 0) | (distance > self.context), -1e9)

        def by_head(array: Any) -> Any:
            return array.unflatten(2, (self.heads, -1)).transpose(1, 2)

        for i, projection in enumerate(self.projections):
            projected = projection(self.norms[2 * i](x))
            query, own = projected.split([self.width, 2 * self.width], 2)
            memory = torch.cat([state[i], own], 1)
            after.append(memory[:, -self.context :].detach())
            key, value = memory.chunk(2, 2)
            y = functional.scaled_dot_product_attention(
                by_head(query), by_head(key), by_head(value), attn_mask=bias
            )
            x = x + self.outputs[i](y.transpose(1, 2).flatten(2))
            x = x + self.hidden[i](self.norms[2 * i + 1](x))
        return self.readout(self.norms[-1](x)), after


def text(network: Any) -> Callable[[Train, int], Step]:
    def build(train: Train, characters: int) -> Step:
        model = network(characters, train.model)
        optimizer = torch.optim.Adam(model.parameters(), 0.002)
        shape = (train.batch_size, train.data["length"])
        ids, targets = (torch.randint(characters, shape) for _ in range(2))
        state: Any = None

        def step() -> None:
            nonlocal state
            logits, state = model(ids, state)
            optimizer.zero_grad()
            functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

        return step

    return build


THEIRS: dict[str, Callable[[Train, int], Step]] = {
    "cvae": cvae,
    "gan_non_saturating": gan_non_saturating,
    "char_lstm": text(CharLSTM),
    "char_conv": text(CharConv),
    "char_transformer": text(CharTransformer),
}


def milliseconds(work: Step) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start) / STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", choices=[*THEIRS, []])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runtime.configure(params.read("runtime", Runtime), seed=1)
    table = Table("model", "ms a step here", "PyTorch", "PyTorch / here", "range")
    for key in arguments.models or THEIRS:
        train = params.read(f"train.{key}", Train)
        vocabulary = Prepared.of(train.dataset, train.data).facts().get("vocabulary", "")
        here, step = ours(key), THEIRS[key](train, len(vocabulary))

        def there(step: Step = step) -> None:
            for _ in range(STEPS):
                step()

        for work in (here, here, there):  # the first traces and compiles
            work()
        times = [(milliseconds(here), milliseconds(there)) for _ in range(arguments.rounds)]
        ratios = [theirs / own for own, theirs in times]
        own, theirs = (median(column) for column in zip(*times, strict=True))
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        table.add_row(key, f"{own:.1f}", f"{theirs:.1f}", f"{median(ratios):.2f}", spread)
        print(key, f"{own:.1f} {theirs:.1f} {median(ratios):.2f}", flush=True)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
