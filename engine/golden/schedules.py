"""Noise levels as diffusers computes them, for engine/schedule's tests.

    python engine/golden/schedules.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6.

Writes engine/schedule/testdata/diffusers.json:
  alphas_cumprod  per scheduler config: ᾱ at the timesteps in "timesteps"
  levels          per curve: σ of Stable Diffusion 1 in 10 steps and a final 0
diffusers multiplies in float32, so its ᾱ are right to about 1e-6 only.
"""

import json
import pathlib

import torch
from diffusers import EulerDiscreteScheduler

ROOT = pathlib.Path(__file__).resolve().parents[2]
SD1 = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
TIMESTEPS = [0, 1, 10, 100, 500, 900, 998, 999]

CONFIGS = {
    "sd1": SD1,
    "linear": dict(num_train_timesteps=1000, beta_start=0.0001, beta_end=0.02, beta_schedule="linear"),
    "cosine": dict(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"),
    "zero_snr": dict(SD1, rescale_betas_zero_snr=True, prediction_type="v_prediction"),
}


def alphas_cumprod():
    found = {}
    for name, config in CONFIGS.items():
        alphas = EulerDiscreteScheduler(**config).alphas_cumprod
        found[name] = {"config": config, "alphas_cumprod": [alphas[t].item() for t in TIMESTEPS]}
    return found


def levels(steps=10):
    curves = {"karras": dict(use_karras_sigmas=True), "exponential": dict(use_exponential_sigmas=True)}
    found = {}
    for name, options in curves.items():
        scheduler = EulerDiscreteScheduler(**SD1, **options)
        scheduler.set_timesteps(steps)
        found[name] = scheduler.sigmas.tolist()
    # diffusers interpolates σ itself between timesteps where k-diffusion, and
    # so Darkroom, interpolates ln σ: those curves are taken from its ᾱ table.
    log_sigmas = EulerDiscreteScheduler(**SD1).alphas_cumprod.double()
    log_sigmas = ((1 - log_sigmas) / log_sigmas).log() / 2
    for name, grid in {
        "normal": torch.linspace(999, 0, steps, dtype=torch.float64),
        "sgm_uniform": torch.linspace(999, 0, steps + 1, dtype=torch.float64)[:-1],
    }.items():
        low = grid.floor().long()
        high = grid.ceil().long()
        ln = torch.lerp(log_sigmas[low], log_sigmas[high], grid - low)
        found[name] = ln.exp().tolist() + [0.0]
    return found


def main():
    path = ROOT / "engine/schedule/testdata/diffusers.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    golden = {"timesteps": TIMESTEPS, "alphas_cumprod": alphas_cumprod(), "levels": levels()}
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
