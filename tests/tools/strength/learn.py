#!/usr/bin/python3
"""Trains a network on labelled pictures and prints how many new ones it reads without a mistake.

    go run ./tests/tools/strength -draw /tmp/train -n 1000 -seed 1
    go run ./tests/tools/strength -draw /tmp/test  -n 1000 -seed 2
    python3 tests/tools/strength/learn.py /tmp/train /tmp/test

It needs torch and PIL. A residual network feeds two readers that are trained together: a CTC head over the columns, and
a head with one attention query for each place in the text. The loss is printed every 100 steps, because a network that
never starts to learn proves nothing about the pictures. Try it first on pictures of -style classic.
"""

import argparse
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn


def load(folder, limit):
    names = open(os.path.join(folder, "answers.txt"), encoding="utf-8").read().split()[:limit]
    pictures = []
    for i in range(len(names)):
        with Image.open(os.path.join(folder, "%05d.png" % i)) as picture:
            pictures.append(np.asarray(picture.convert("L"), dtype=np.float32))
    x = torch.from_numpy(np.stack(pictures))[:, None] / 255
    # The border tells the ground: light letters on dark become dark ones on light.
    edge = torch.cat([x[:, :, 0], x[:, :, -1]], -1).mean(-1)
    x = torch.where(edge[..., None, None] < 0.5, 1 - x, x)
    return (x - 0.5) * 2, names


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True),
                                 nn.Conv2d(b, b, 3, padding=1, bias=False), nn.BatchNorm2d(b))
        self.skip = nn.Conv2d(a, b, 1, bias=False)

    def forward(self, x):
        return F.relu(self.one(x) + self.skip(x))


class Reader(nn.Module):
    def __init__(self, height, width, letters, length, c):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, c, 5, padding=2, stride=1 if height < 60 else 2, bias=False), nn.BatchNorm2d(c), nn.ReLU(True), nn.MaxPool2d(2),
            Block(c, c), nn.MaxPool2d(2), Block(c, 2 * c), nn.MaxPool2d((2, 1)), Block(2 * c, 4 * c))
        with torch.no_grad():
            _, d, h, w = self.body.eval()(torch.zeros(1, 1, height, width)).shape
        self.place = nn.Parameter(torch.randn(1, d, h, w) * 0.02)
        self.query = nn.Parameter(torch.randn(length, d) * 0.1)
        self.key = nn.Conv2d(d, d, 1)
        self.letters = nn.Linear(d, letters)
        self.columns = nn.Conv1d(d * h, letters + 1, 3, padding=1)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        f = self.body(x)
        n, d, h, w = f.shape
        columns = self.columns(self.drop(f.reshape(n, d * h, w)))
        keys = self.key(f + self.place).flatten(2)
        look = torch.softmax(torch.einsum("ld,ndp->nlp", self.query, keys) / d ** 0.5 * 4, -1)
        seen = torch.einsum("nlp,ndp->nld", look, f.flatten(2))
        return columns, self.letters(self.drop(seen))


def jitter(x):
    """Small shifts, turns and stretches, which are free labelled pictures to an attacker."""
    n = len(x)
    a = (torch.rand(n) - 0.5) * 0.3
    s = 1 + (torch.rand(n, 2) - 0.5) * 0.2
    theta = torch.zeros(n, 2, 3)
    ratio = x.shape[3] / x.shape[2]
    theta[:, 0, 0], theta[:, 0, 1] = s[:, 0] * torch.cos(a), -torch.sin(a) / ratio
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(a) * ratio * 0.5, s[:, 1] * torch.cos(a)
    theta[:, 0, 2] = (torch.rand(n) - 0.5) * 0.15
    theta[:, 1, 2] = (torch.rand(n) - 0.5) * 0.25
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), padding_mode="border", align_corners=False)
    return torch.where(torch.rand(n, 1, 1, 1) < 0.3, -x, x)


def whole(right):
    return 100.0 * right.all(1).float().mean().item()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("train", help="folder of pictures to train on")
    p.add_argument("test", help="folder of other pictures to read afterwards")
    p.add_argument("-n", type=int, default=1000, help="number of pictures to train on")
    p.add_argument("--tests", type=int, default=1000, help="number of pictures to read afterwards")
    p.add_argument("--steps", type=int, default=1500, help="steps of training")
    p.add_argument("--batch", type=int, default=48, help="pictures in a step")
    p.add_argument("--channels", type=int, default=24, help="channels of the first layer")
    p.add_argument("--seed", type=int, default=1, help="seed for everything that is random")
    p.add_argument("--threads", type=int, default=2, help="threads to compute with")
    p.add_argument("--head", choices=["both", "ctc", "places"], default="both", help="readers to train")
    a = p.parse_args()
    torch.manual_seed(a.seed), random.seed(a.seed), torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)

    x, names = load(a.train, a.n)
    tx, tnames = load(a.test, a.tests)
    alphabet = sorted(set("".join(names)))
    number = {c: i for i, c in enumerate(alphabet)}
    length = max(map(len, names))
    if any(len(s) != length for s in names):
        raise SystemExit("texts of one length only")
    y = torch.tensor([[number[c] for c in s] for s in names])
    ty = torch.tensor([[number.get(c, -1) for c in s] for s in tnames])
    net = Reader(x.shape[2], x.shape[3], len(alphabet), length, a.channels)
    rate = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(rate, 3e-3, total_steps=a.steps, pct_start=0.2)
    start, sums, order = time.time(), [0.0, 0.0], []
    spent = time.process_time()
    net.train()
    for step in range(1, a.steps + 1):
        if len(order) < a.batch:
            order += torch.randperm(len(x)).tolist()
        pick, order = order[:a.batch], order[a.batch:]
        columns, places = net(jitter(x[pick]))
        t = columns.shape[2]
        ctc = F.ctc_loss(columns.permute(2, 0, 1).log_softmax(2), y[pick] + 1, torch.full((len(pick),), t), torch.full((len(pick),), length))
        each = F.cross_entropy(places.flatten(0, 1), y[pick].flatten(), label_smoothing=0.05)
        loss = {"both": ctc + each, "ctc": ctc, "places": each}[a.head]
        rate.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        rate.step(), plan.step()
        sums[0] += ctc.item()
        sums[1] += each.item()
        if step % 100 == 0:
            print("step %5d  %4.0f s  ctc %.3f  places %.3f" % (step, time.time() - start, sums[0] / 100, sums[1] / 100), flush=True)
            sums = [0.0, 0.0]
    trained = time.process_time()
    net.eval()
    with torch.no_grad():
        out = [net(b) for b in tx.split(100)]
    read = time.process_time()
    print("CPU: %.0f s to train, %.4f s to read a picture" % (trained - spent, (read - trained) / len(tx)))
    places = torch.cat([o[1] for o in out])
    right = places.argmax(2) == ty
    print("places: %.1f %% of answers, %.1f %% of letters" % (whole(right), 100 * right.float().mean().item()))
    read = torch.cat([o[0] for o in out]).argmax(1)
    hits = 0
    for row, s in zip(read.tolist(), tnames):
        letters = [k for i, k in enumerate(row) if k and (i == 0 or row[i - 1] != k)]
        hits += "".join(alphabet[k - 1] for k in letters) == s
    print("ctc: %.1f %% of answers" % (100.0 * hits / len(tnames)))


main()
