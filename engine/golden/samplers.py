"""Trajectories of diffusers' schedulers, for engine/sampler's tests.

    python engine/golden/samplers.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6.

Writes engine/sampler/testdata/diffusers.json; per sampler:
  sigmas, timesteps   the noise levels of the run and the model's timestep at each
  seed                ancestral noise: draws 1, 2, … of this seed, [c,h,w] = [2,3,3]
  start               x at the first level, laid out [1,h,w,c]
  steps               x after each step
x is in the variance-exploding form x₀ + σ·noise. The model is
ε = tanh(x/√(σ²+1))·t/(t+1). All of it is float32 in diffusers, so a step is
right to about 1e-5 of the largest number in it.
"""

import json
import pathlib

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler
from diffusers.schedulers import scheduling_euler_ancestral_discrete as ancestral

import philox

ROOT = pathlib.Path(__file__).resolve().parents[2]
SD1 = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SEED = 2026
SHAPE = (2, 3, 3)
STEPS = 8


def draw(number):
    """A draw of the seed laid out [1,h,w,c]."""
    planes = torch.from_numpy(philox.normal(SEED, number, 18)).reshape(SHAPE)
    return planes.permute(1, 2, 0).unsqueeze(0).contiguous()


def model(x, t):
    return torch.tanh(x) * t / (t + 1)


def exploding(scheduler):
    """A scheduler that keeps x in the variance-exploding form itself."""
    scheduler.set_timesteps(STEPS)
    x = draw(0) * scheduler.sigmas[0]
    run = record(scheduler.sigmas, scheduler.timesteps, x)
    for t in scheduler.timesteps:
        x = scheduler.step(model(scheduler.scale_model_input(x, t), t), t, x).prev_sample
        run["steps"].append(x.flatten().tolist())
    return run


def preserving(scheduler, sigmas):
    """A scheduler that keeps x/√(σ²+1)."""
    x = draw(0) * sigmas[0]
    run = record(sigmas, scheduler.timesteps, x)
    x = x / (sigmas[0] ** 2 + 1).sqrt()
    for t, sigma in zip(scheduler.timesteps, sigmas[1:]):
        x = scheduler.step(model(x, t), t, x).prev_sample
        run["steps"].append((x * (sigma**2 + 1).sqrt()).flatten().tolist())
    return run


def record(sigmas, timesteps, start):
    return {
        "sigmas": [float(s) for s in sigmas],
        "timesteps": [float(t) for t in timesteps],
        "seed": SEED,
        "start": start.flatten().tolist(),
        "steps": [],
    }


def ddim():
    scheduler = DDIMScheduler(**SD1, clip_sample=False, set_alpha_to_one=True, steps_offset=1)
    scheduler.set_timesteps(STEPS)
    alphas = scheduler.alphas_cumprod[scheduler.timesteps]
    sigmas = torch.cat([((1 - alphas) / alphas).sqrt(), torch.zeros(1)])
    return preserving(scheduler, sigmas)


def dpmpp_2m():
    scheduler = DPMSolverMultistepScheduler(**SD1, algorithm_type="dpmsolver++", solver_order=2, final_sigmas_type="zero")
    scheduler.set_timesteps(STEPS)
    return preserving(scheduler, scheduler.sigmas)


def euler_ancestral():
    numbers = iter(range(1, STEPS + 1))
    ancestral.randn_tensor = lambda *_, **__: draw(next(numbers))
    return exploding(EulerAncestralDiscreteScheduler(**SD1))


def main():
    golden = {
        "euler": exploding(EulerDiscreteScheduler(**SD1)),
        "euler_ancestral": euler_ancestral(),
        "ddim": ddim(),
        "dpmpp_2m": dpmpp_2m(),
    }
    path = ROOT / "engine/sampler/testdata/diffusers.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
