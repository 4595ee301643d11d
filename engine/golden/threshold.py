"""Dynamic thresholding of estimates, for engine/pipeline's tests.

    python engine/golden/threshold.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6.

Writes engine/pipeline/testdata/threshold.json: estimates of 48 numbers, and what
DDPMScheduler's _threshold_sample makes of them with dynamic_thresholding_ratio "ratio"
and sample_max_value "most" (0 there: no limit), in float32.
"""

import json
import math
import pathlib

import torch
from diffusers import DDPMScheduler

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    generator, cases = torch.Generator().manual_seed(8), []
    for spread in (0.3, 3.0):
        for ratio, most in ((0.995, 0), (0.995, 1), (0.5, 0), (0.87, 0.5), (1, 4), (0.9, 2)):
            x = torch.randn(1, 3, 4, 4, generator=generator) * spread
            scheduler = DDPMScheduler(thresholding=True, dynamic_thresholding_ratio=ratio, sample_max_value=most or math.inf)
            clipped = scheduler._threshold_sample(x)
            cases.append({"ratio": ratio, "most": most, "estimate": x.flatten().tolist(), "clipped": clipped.flatten().tolist()})
    path = ROOT / "engine/pipeline/testdata/threshold.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
