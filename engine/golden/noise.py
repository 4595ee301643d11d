"""Writes engine/noise/testdata: the noise that other tools make of a seed.

Made with torch 2.15.0 (on a processor with AVX2), torchsde 0.2.6 and numpy
2.4.6; pip install torchsde==0.2.6 beside what the other scripts need. Words
are exact; normal numbers have the bits of that torch.

words.bin     10 000 words of torch.manual_seed(42), little endian
torch.json    the words of other seeds as sums, and the shapes of torch.bin
torch.bin     float32, little endian: draws of torch.randn after manual_seed
brownian.json trees and the increments asked of them; brownian.bin has their
              float32 numbers, tree by tree and query by query
tools.json    the noise of whole runs by the conventions of the web UI and of
              ComfyUI, written down anew here from their sources (modules/rng.py;
              comfy/sample.py, comfy/k_diffusion/sampling.py)
"""

import hashlib
import json
import math
import os

import numpy as np
import torch
import torchsde
import torchsde._brownian.brownian_interval as interval

import philox

OUT = os.path.join(os.path.dirname(__file__), "..", "noise", "testdata")
SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32 + 42, 0xDEADBEEFCAFEF00D, 2**64 - 1]
SHAPES = [(1,), (3,), (15,), (16,), (4, 9, 9), (1, 4, 8, 8), (3, 4, 16, 16), (1, 4, 64, 64)]


def write(name, data):
    mode = "wb" if isinstance(data, bytes) else "w"
    with open(os.path.join(OUT, name), mode) as f:
        if isinstance(data, bytes):
            f.write(data)
        else:
            json.dump(data, f, separators=(",", ":"))
            f.write("\n")


def words(seed, n=10000):
    """The generator's words: random_ over all int64 takes two each, high first."""
    g = torch.Generator().manual_seed(seed)
    pairs = torch.empty(n // 2, dtype=torch.int64).random_(-(2**63), None, generator=g).numpy().astype(np.uint64)
    return np.stack([pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)], 1).ravel().astype("<u4")


def torch_randn(seed, shape, draw=0):
    g = torch.Generator().manual_seed(seed)
    for _ in range(draw + 1):
        x = torch.randn(shape, generator=g)
    return x


def philox_randn(seed, shape, draw=0):
    return torch.from_numpy(philox.normal(int(seed), draw, math.prod(shape))).reshape(shape)


RANDN = {"mt19937": torch_randn, "": philox_randn}


def torch_draws():
    cases, data = [], b""
    for i, shape in enumerate(SHAPES):
        seed = SEEDS[i]
        draws = 3 if math.prod(shape) < 4000 else 1
        for draw in range(draws):
            data += torch_randn(seed, shape, draw).numpy().astype("<f4").tobytes()
        cases.append({"seed": seed, "shape": shape, "draws": draws})
    sums = [{"seed": s, "sha256": hashlib.sha256(words(s).tobytes()).hexdigest()} for s in SEEDS]
    write("words.bin", words(42).tobytes())
    write("torch.json", {"words": sums, "draws": cases})
    write("torch.bin", data)


def tree(source, seed, shape, low, high):
    interval._randn = lambda size, dtype, device, seed: RANDN[source](int(seed), size).to(dtype)
    t0, t1 = torch.tensor(low), torch.tensor(high)
    return torchsde.BrownianTree(t0, torch.zeros(shape), t1, entropy=seed)


def between(bm, source, a, b):
    """k-diffusion's BrownianTreeNoiseSampler for one pair of noise levels."""
    interval._randn = lambda size, dtype, device, seed: RANDN[source](int(seed), size).to(dtype)
    t0, t1 = torch.tensor(a), torch.tensor(b)
    sign = 1 if t0 < t1 else -1
    lo, hi = (t0, t1) if sign == 1 else (t1, t0)
    return bm(lo, hi) * sign / (t1 - t0).abs().sqrt()


def karras(n, low, high, rho=7):
    ramp = np.linspace(0, 1, n)
    return [float(np.float32(x)) for x in (high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho]


def brownian():
    rng = np.random.default_rng(5)
    trees, data = [], b""
    for source, seed, shape, sigmas in (
        ("mt19937", 42, (1, 4, 2, 2), karras(20, 0.0291675, 14.614642)),
        ("", 42, (4, 2, 3), karras(10, 0.0291675, 14.614642)),
        ("mt19937", 2**63 + 12345, (2, 3, 3), karras(30, 0.1, 10.0)),
        ("", 7, (1, 2, 2), karras(5, 0.002, 4518.3)),
    ):
        low, high = min(sigmas), max(sigmas)
        queries = list(zip(sigmas, sigmas[1:]))
        # the halfway points of DPM++ SDE, in order
        for a, b in zip(sigmas, sigmas[1:]):
            m = math.exp(0.5 * (math.log(a) + math.log(b)))
            queries += [(a, m), (a, b)]
        # anything, in any order and direction, and beyond the range
        for a, b in rng.uniform(low, high, (30, 2)):
            queries.append((a, b))
        queries += [(low, high), (high, low), (high * 2, low / 2), (high, high * 0.75), (low, 2 * low)]
        queries = [(float(np.float32(a)), float(np.float32(b))) for a, b in queries]
        bm = tree(source, seed, shape, low, high)
        values = [between(bm, source, a, b) for a, b in queries]
        # what was asked before makes no difference
        for i in rng.permutation(len(queries)):
            again = between(bm, source, *queries[i])
            alone = between(tree(source, seed, shape, low, high), source, *queries[i])
            assert torch.equal(again, values[i]) and torch.equal(alone, values[i]), queries[i]
        n = math.prod(shape)
        for v in values:
            data += v.numpy().astype("<f4").tobytes()
        trees.append({"source": source, "seed": seed, "n": n, "low": low, "high": high, "queries": queries})
    write("brownian.json", trees)
    write("brownian.bin", data)


def slerp(t, low, high):
    """Along the second of three dimensions, as the web UI has it."""
    dot = (low / low.norm(dim=1, keepdim=True) * (high / high.norm(dim=1, keepdim=True))).sum(1)
    if dot.mean() > 0.9995:
        return low * t + high * (1 - t)
    omega = dot.acos()
    a, b = ((1 - t) * omega).sin() / omega.sin(), (t * omega).sin() / omega.sin()
    return a.unsqueeze(1) * low + b.unsqueeze(1) * high


def web_ui(source, seed, shape, ensd=0, variation=None, strength=0.0, old=None):
    """The first noise and the next two draws of one picture."""
    randn = RANDN[source]
    first = shape if old is None else (shape[0], *old)
    noise = randn(seed, first)
    if strength != 0:
        noise = slerp(strength, noise, randn(variation, first))
    if old is not None:
        x = randn(seed, shape)
        # the middle of the old noise on the middle of the new; // rounds down
        off = [(n - o) // 2 for n, o in zip(shape[1:], old)]
        span = [o if d >= 0 else o + 2 * d for d, o in zip(off, old)]
        to = [slice(max(d, 0), max(d, 0) + s) for d, s in zip(off, span)]
        from_ = [slice(max(-d, 0), max(-d, 0) + s) for d, s in zip(off, span)]
        x[:, to[0], to[1]] = noise[:, from_[0], from_[1]]
        noise = x
    if ensd:
        return noise, randn(seed + ensd, shape), randn(seed + ensd, shape, 1)
    return noise, randn(seed, shape, 1), randn(seed, shape, 2)


def comfy(seed, shape, batch, index, cpu):
    """One draw for the whole batch; what a step adds is from a generator of its
    own on the device of the latent, with the seed on CUDA and the next one on
    the CPU."""
    whole = (batch, *shape)
    noise = torch_randn(seed, whole)[index]
    if cpu:
        steps = [torch_randn(seed + 1, whole, d)[index] for d in range(2)]
    else:
        steps = [philox_randn(seed, whole, d)[index] for d in range(2)]
    return noise, *steps


def tools():
    shape = (4, 6, 5)
    cases = []

    def add(dialect, want, tree_source, tree_shape=shape, index=0, **fields):
        seed = fields["seed"]
        bm = tree(tree_source, seed, tree_shape, 0.0291675, 14.614642)
        w = between(bm, tree_source, 14.614642, 3.25)
        w = w[index] if len(tree_shape) == 4 else w
        first, *nexts = [[float(str(v)) for v in x.numpy().ravel()] for x in (*want, w)]
        cases.append({"dialect": dialect, "first": first, "next": nexts[:2], "between": nexts[2], "index": index, **fields})

    for dialect, source in (("native", ""), ("a1111", ""), ("a1111-cpu", "mt19937")):
        for options in (
            {},
            {"ensd": 31337},
            {"variation": 99, "strength": 0.3},
            {"old": (4, 4)},
            {"old": (9, 8), "variation": 2**40, "strength": 1.0, "ensd": -5},
            {"old": (9, 3)},
        ):
            seed = 2**33 + 17
            want = web_ui(source, seed, shape, **options)
            add(dialect, want, source, seed=seed, **options)
    for index in (0, 2):
        add("comfyui", comfy(1234567890123, shape, 3, index, False), "mt19937", (3, *shape), index, seed=1234567890123, batch=3)
        add("comfyui-cpu", comfy(1234567890123, shape, 3, index, True), "mt19937", (3, *shape), index, seed=1234567890123, batch=3)
    add("comfyui", comfy(5, shape, 1, 0, False), "mt19937", (1, *shape), seed=5)
    g = torch_randn(5, (2, *shape)), torch_randn(5, (2, *shape), 1), torch_randn(5, (2, *shape), 2)
    add("diffusers", [x[1] for x in g], "mt19937", (2, *shape), 1, seed=5, batch=2)
    flipped = 5 ^ 0xFFFFFFFF
    add("invokeai", (torch_randn(5, shape), philox_randn(flipped, shape), philox_randn(flipped, shape, 1)), "", seed=5)
    write("tools.json", {"shape": shape, "cases": cases})


if __name__ == "__main__":
    torch_draws()
    brownian()
    tools()
