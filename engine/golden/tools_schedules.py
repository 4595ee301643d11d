"""Noise levels as other tools draw with them, for engine/schedule's tests.

    python engine/golden/tools_schedules.py        (from the root of the repository)

Versions: numpy 2.4.6, scipy 1.17.1.

Writes engine/schedule/testdata/tools.json: per tool and curve the levels of Stable
Diffusion 1 in some numbers of steps, in float64 from what the tools do (they work
in float32). The tables of optimised levels are written down once more.
"""

import json
import math
import pathlib

import numpy as np
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS = (4, 10, 20, 33)

BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
BARS = np.cumprod(1 - BETAS)
SIGMAS = np.sqrt((1 - BARS) / BARS)
HIGH, LOW = SIGMAS[-1], SIGMAS[0]


def sigma(t):
    return np.exp(np.interp(t, np.arange(1000), np.log(SIGMAS)))


def zero(levels):
    return np.append(levels, 0)


def resample(table, n):
    if n == len(table):
        return np.array(table)
    return np.exp(np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(table)), np.log(table)))


def karras(n, rho=7):
    return zero(np.linspace(HIGH ** (1 / rho), LOW ** (1 / rho), n) ** rho)


def beta_a1111(n, alpha=0.6, beta=0.6):
    return zero(LOW + scipy.stats.beta.ppf(1 - np.linspace(0, 1, n), alpha, beta) * (HIGH - LOW))


def beta_comfyui(n):
    at = np.rint(scipy.stats.beta.ppf(1 - np.linspace(0, 1, n, endpoint=False), 0.6, 0.6) * 999).astype(int)
    return zero([SIGMAS[t] for i, t in enumerate(at) if i == 0 or t != at[i - 1]])


def kl_optimal_a1111(n):
    i = np.arange(n + 1)
    return np.tan(i / n * math.atan(LOW) + (1 - i / n) * math.atan(HIGH))


def kl_optimal_comfyui(n):
    i = np.arange(n) / (n - 1)
    return zero(np.tan(i * math.atan(LOW) + (1 - i) * math.atan(HIGH)))


def simple(n):
    return zero([SIGMAS[-(1 + int(i * 1000 / n))] for i in range(n)])


def ddim_uniform(n):
    return zero(SIGMAS[1 :: max(1000 // n, 1)][::-1])


def linear_quadratic(n, threshold=0.025):
    half = n // 2
    line = [i * threshold / half for i in range(half)]
    left = half - threshold * n
    a = left / (half * (n - half) ** 2)
    b = threshold / half - 2 * left / (n - half) ** 2
    curve = [a * i * i + b * i + a * half**2 for i in range(half, n)]
    return HIGH * (1 - np.array(line + curve + [1.0]))


def ends_at_zero(levels):
    levels[-1] = 0
    return levels


AYS = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]
AYS_COMFYUI = [14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092, 0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582]
GITS = [14.615, 4.617, 2.507, 1.236, 0.702, 0.402, 0.240, 0.156, 0.104, 0.094, 0.029]
GITS_COMFYUI = {
    4: [14.61464119, 2.36326075, 0.92192322, 0.36617002, 0.02916753],
    10: [14.61464119, 5.85520077, 2.84484982, 1.67050016, 1.08895338, 0.74807048, 0.50118381, 0.32104823, 0.19894916, 0.09824532, 0.02916753],
    20: [14.61464119, 7.49001646, 4.65472794, 3.07277966, 2.19988537, 1.61558151, 1.24153244, 0.95350921, 0.74807048, 0.59516323, 0.50118381, 0.41087446, 0.34370604, 0.29807833, 0.25053367, 0.22545385, 0.19894916, 0.17026083, 0.13792117, 0.09824532, 0.02916753],
}


def both(n):
    return {
        "normal": zero(sigma(np.linspace(999, 0, n))),
        "karras": karras(n),
        "exponential": zero(np.geomspace(HIGH, LOW, n)),
        "polyexponential": zero(np.geomspace(HIGH, LOW, n)),
        "sgm_uniform": zero(sigma(np.linspace(999, 0, n + 1)[:-1])),
        "simple": simple(n),
        "ddim_uniform": ddim_uniform(n),
    }


def a1111(n):
    turbo = np.clip(np.round(np.arange(1, n + 1) * (1000.0 / n) - 1), 0, 999)[::-1].astype(int)
    return both(n) | {
        "beta": beta_a1111(n),
        "kl_optimal": kl_optimal_a1111(n),
        "align_your_steps": zero(resample(AYS, n)),
        "align_your_steps_gits": zero(resample(GITS, n)),
        "turbo": zero(SIGMAS[turbo]),
    }


def comfyui(n):
    gits = GITS_COMFYUI.get(n)
    found = both(n) | {
        "beta": beta_comfyui(n),
        "kl_optimal": kl_optimal_comfyui(n),
        "align_your_steps": ends_at_zero(resample(AYS_COMFYUI, n + 1)),
        "align_your_steps_gits": ends_at_zero(resample(gits or GITS_COMFYUI[20], n + 1)),
        "linear_quadratic": linear_quadratic(n),
    }
    if n <= 10:
        found["turbo"] = zero(SIGMAS[[999 - 100 * i for i in range(n)]])
    return found


def main():
    golden = []
    for tool, levels in {"a1111": a1111, "comfyui": comfyui}.items():
        for n in STEPS:
            for curve, values in levels(n).items():
                golden.append({"tool": tool, "curve": curve, "steps": n, "levels": [float(f"{v:.10g}") for v in values]})
    # options of the web UI's recipes
    golden += [
        {"tool": "a1111", "curve": "karras", "steps": 12, "rho": 5, "levels": karras(12, 5).tolist()},
        {"tool": "a1111", "curve": "polyexponential", "steps": 12, "rho": 1.5, "levels": zero(np.exp(np.linspace(1, 0, 12) ** 1.5 * math.log(HIGH / LOW) + math.log(LOW))).tolist()},
        {"tool": "a1111", "curve": "beta", "steps": 12, "alpha": 0.8, "beta": 1.7, "levels": beta_a1111(12, 0.8, 1.7).tolist()},
        {"tool": "a1111", "curve": "exponential", "steps": 12, "high": 10, "low": 0.1, "levels": zero(np.geomspace(10, 0.1, 12)).tolist()},
        {"tool": "comfyui", "curve": "normal", "steps": 12, "discard": True, "levels": np.delete(both(13)["normal"], -2).tolist()},
        {"tool": "a1111", "curve": "ddim_uniform", "steps": 20, "keep": True, "levels": SIGMAS[np.clip(np.arange(0, 1000, 50) + 1, 0, 999)][::-1].tolist()},
    ]
    path = ROOT / "engine/schedule/testdata/tools.json"
    path.write_text("[\n" + ",\n".join(json.dumps(g) for g in golden) + "\n]\n")


if __name__ == "__main__":
    main()
