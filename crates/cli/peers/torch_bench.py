"""The peer of `cargo xtask bench`: one measurement of one network in PyTorch, on the CPU.

    python torch_bench.py version
    python torch_bench.py resnet110-train|resnet110-eval|vgg15-train [--threads 2] [--batch 128] [--warm-up 2] [--steps 5]
           [--bf16] [--compile]

Prints one JSON line: {"name": …} for `version`, else {"value": images per second, "peak_mb": …}. The networks are those
of crates/models/src/resnet.rs and vgg.rs. They run eagerly in f32 with channels_last; --bf16 puts them under autocast and
--compile through torch.compile, which `cargo xtask bench` does neither of. The images are random and lie ready, so that the
peer pays for nothing but the network.
"""

import argparse
import json
import resource
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    sys.exit(f"PyTorch cannot be imported: {error}")

CLASSES = 10


class PreActBlock(nn.Module):
    """relu(bn1) feeds the branch, and the projection where the shape changes."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c_in)
        self.conv1 = conv(c_in, c_out, stride)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.conv2 = conv(c_out, c_out)
        is_boundary = stride != 1 or c_in != c_out
        self.projection = nn.Conv2d(c_in, c_out, 1, stride, bias=False) if is_boundary else None

    def forward(self, x):
        c = F.relu(self.bn1(x), inplace=True)
        skip = x if self.projection is None else self.projection(c)
        return skip + self.conv2(F.relu(self.bn2(self.conv1(c)), inplace=True))


def conv(c_in, c_out, stride=1):
    """3x3, padded, without bias: a norm follows everywhere."""
    return nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)


def resnet110():
    """Three stages of 18 blocks."""
    layers = [conv(3, 16)]
    c_in = 16
    for c_out in (16, 32, 64):
        for block in range(18):
            stride = 2 if block == 0 and c_out > 16 else 1
            layers.append(PreActBlock(c_in, c_out, stride))
            c_in = c_out
    head = [nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES)]
    return nn.Sequential(*layers, *head)


def vgg15(width=128):
    """13 convolutions in five groups, each pooled at its end, and two linear layers behind dropout."""
    layers = []
    c_in = 3
    for group in (2, 2, 3, 3, 3):
        for _ in range(group):
            layers += [conv(c_in, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            c_in = width
        layers.append(nn.MaxPool2d(2, 2))
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += [nn.Dropout(0.5), nn.Linear(width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Dropout(0.5), nn.Linear(width, CLASSES))


def training_step(network, images, labels, autocast):
    """Forward, loss, backward and SGD as in the project's recipe."""
    network.train()
    sgd = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def step():
        sgd.zero_grad()
        with autocast:
            loss = F.cross_entropy(network(images), labels)
        loss.backward()
        sgd.step()

    return step


def evaluation(network, images, labels, autocast):
    """Forward with running statistics, nothing recorded. One step of training comes
    first: it lets the C library's allocator keep large blocks, without which an
    evaluation runs at half its speed."""
    training_step(network, images, labels, autocast)()
    network.eval()

    def step():
        with torch.inference_mode(), autocast:
            network(images)

    return step


WORKS = {
    "resnet110-train": (resnet110, training_step),
    "resnet110-eval": (resnet110, evaluation),
    "vgg15-train": (vgg15, training_step),
}


def peak_mb():
    """Peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(work, batch, warm_up, steps, bf16, compiles):
    """Images per second, by the median step, and the peak of memory."""
    build, prepare = WORKS[work]
    torch.manual_seed(0)
    images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (batch,))
    network = build().to(memory_format=torch.channels_last)
    if compiles:
        network = torch.compile(network)
    step = prepare(network, images, labels, torch.autocast("cpu", torch.bfloat16, enabled=bf16))
    for _ in range(warm_up):
        step()
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return {"value": batch / statistics.median(seconds), "peak_mb": peak_mb()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["version", *WORKS])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.work == "version":
        answer = {"name": f"torch {torch.__version__}"}
    else:
        answer = measure(args.work, args.batch, args.warm_up, args.steps, args.bf16, args.compile)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
