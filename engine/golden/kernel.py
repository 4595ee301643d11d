"""Results of PyTorch for the small cases of engine/kernel's table of operators.

    python engine/golden/kernel.py        (from the root of the repository; needs Go)

Versions: torch 2.15.0, numpy 2.4.6.

Writes engine/kernel/testdata/operators.json: for each case by its name the result's
elements, or 256 of them where there are more. The test itself lists the cases, and
the inputs are made from integers, here (uniform) and there, with the same bits.
Pictures are laid out [N,H,W,C], tokens [N,T,C]. Where an operator rounds its
factors to bfloat16, so it does here, but for what attention's softmax makes. All
else is computed in float64, and stored with 8 digits.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import torch
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "engine/kernel/testdata/operators.json"
# of the inputs, and of the elements to keep
INPUT, WEIGHTS, BIAS, RESIDUAL, KEYS, VALUES, PICK = range(1, 8)
MOST = 256
BITS = 24, 11, 8  # of weights in float32, float16 and bfloat16
ACTIVATIONS = {
    "": lambda x: x,
    "SiLU": F.silu,
    "GELU": F.gelu,
    "QuickGELU": lambda x: x * torch.sigmoid(1.702 * x),
}


def split_mix(seed, n):
    """n integers of 64 bits (SplitMix64)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, *shape, bits=24):
    """Numbers of −1 … 1 that need the given number of bits."""
    z = split_mix(seed, int(np.prod(shape))) >> np.uint64(64 - bits)
    return torch.from_numpy(z.astype(np.float64) * 2.0 ** (1 - bits) - 1).reshape(shape)


def rounded(x, to_bfloat16):
    return x.bfloat16().double() if to_bfloat16 else x


def planes(x):
    """Channels first, as PyTorch wants pictures."""
    return x.permute(0, 3, 1, 2)


def finish(y, scale, activation, residual):
    y = ACTIVATIONS[activation](y * (scale or 1))
    return y + uniform(RESIDUAL, *y.shape) if residual else y


def product(m, k, n, format, pairs, gated, scale, activation, residual):
    x, w = uniform(INPUT, m, k), uniform(WEIGHTS, n, k, bits=BITS[format])
    y = F.linear(rounded(x, pairs), rounded(w, pairs), uniform(BIAS, n))
    if gated:
        y, gate = y.chunk(2, dim=-1)
        y = y * F.gelu(gate)
    scale = float(np.float32(scale))
    return finish(y, scale, activation, residual)


def convolution(n, h, w, size, stride, before, after, format, pairs, residual, **channels):
    i, o = channels["in"], channels["out"]
    x = F.pad(planes(uniform(INPUT, n, h, w, i)), (before, after, before, after))
    filters = uniform(WEIGHTS, o, i, size, size, bits=BITS[format])
    y = F.conv2d(rounded(x, pairs), rounded(filters, pairs), uniform(BIAS, o), stride=stride)
    return finish(y.permute(0, 2, 3, 1), 1, "", residual)


def winograd(n, h, w, format, upsample, biases, residual, **channels):
    i, o = channels["in"], channels["out"]
    if upsample:
        x = F.interpolate(planes(uniform(INPUT, n, h // 2, w // 2, i)), scale_factor=2.0, mode="nearest")
    else:
        x = planes(uniform(INPUT, n, h, w, i))
    bias = uniform(BIAS, n, o) if biases else uniform(BIAS, 1, o)
    y = F.conv2d(x, uniform(WEIGHTS, o, i, 3, 3, bits=BITS[format]), padding=1) + bias[:, :, None, None]
    return finish(y.permute(0, 2, 3, 1), 1, "", residual)


def attention(n, heads, d, tq, tk, shared, causal, **options):
    def split(x):
        return rounded(x, options["rounded"]).unflatten(2, (heads, d)).transpose(1, 2)

    q = split(8 * uniform(INPUT, 1 if shared else n, tq, heads * d)).expand(n, -1, -1, -1)
    k, v = split(uniform(KEYS, n, tk, heads * d)), split(uniform(VALUES, n, tk, heads * d))
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)


def picked(y):
    y = y.contiguous().flatten().numpy()
    if y.size <= MOST:
        return y
    return y[(split_mix(PICK, MOST) >> np.uint64(32)) * np.uint64(y.size) >> np.uint64(32)]


def cases():
    """The name, the operator and the sizes of each, from the table in operators_test.go."""
    listing = subprocess.run(
        ["go", "test", "-count=1", "-v", "-run=^TestListOperators$", "./engine/kernel"],
        cwd=ROOT, env=os.environ | {"DARKROOM_TEST_LIST_OPERATORS": "1"}, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for line in listing.splitlines():
        if line.startswith("{"):
            case = json.loads(line)
            yield case["name"], globals()[case["kind"]], {name.lower(): size for name, size in case["sizes"].items()}


def main():
    lines = []
    for name, operator, sizes in cases():
        y = operator(**sizes)
        print(f"{name}: {list(y.shape)}, standard deviation {y.std(correction=0):.3g}")
        elements = ",".join(f"{v:.8g}" for v in picked(y))
        lines.append(f"{json.dumps(name, ensure_ascii=False)}:[{elements}]")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
