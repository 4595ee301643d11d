"""Noise levels and timesteps of diffusers' schedulers, for engine/dialect's tests.

    python engine/golden/diffusers_levels.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6, scipy 1.17.1.

Writes engine/dialect/testdata/diffusers.json.gz, a list of runs of Stable Diffusion 1:
  sampler, schedule   as a request has them; schedule is empty for the usual one
  own, xl             the model's own curve, and whether it is a Stable Diffusion XL:
                      by them its scheduler's configuration has another spacing
  steps
  sigmas              the levels, each but once, the last included
  timesteps           what the model is shown at each level but the last; at a second
                      estimate's they are left out
The schedulers are given their alpha-bars in float64 and write levels in float32. Those
that have no levels step from one timestep to that 1000/n before it, which are the next
one where n divides 1000: others of them are left out, but for the usual spacing.
"""

import gzip
import json
import pathlib
import warnings

import diffusers
import torch

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SD1 = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, set_alpha_to_one=False, skip_prk_steps=True)
SPACINGS = {"normal": "linspace", "ddim_uniform": "leading", "sgm_uniform": "trailing"}
APART = ("karras", "exponential", "beta")
STEPS = (4, 10, 20, 33)

BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
BARS = torch.cumprod(1 - BETAS, 0)


def once(values):
    return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]


def run(sampler, name, steps, schedule="", own="normal", xl=False, **more):
    spacing = {}
    if xl:
        spacing = {"timestep_spacing": "leading"}
    if own == "sgm_uniform":
        spacing = {"timestep_spacing": "trailing"}
    if schedule in SPACINGS:
        spacing = {"timestep_spacing": SPACINGS[schedule]}
    elif schedule:
        more[f"use_{schedule}_sigmas"] = True
    scheduler = getattr(diffusers, name).from_config(SD1 | spacing | more)
    scheduler.set_timesteps(steps)
    cut = scheduler.timesteps.tolist()
    scheduler.alphas_cumprod = BARS
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.tolist()
    if isinstance(timesteps[0], int):
        timesteps = cut  # by what float32 makes of them
    if hasattr(scheduler, "sigmas"):
        sigmas = once(scheduler.sigmas.tolist())
        if len(timesteps) > len(sigmas):
            timesteps = timesteps[::2]
    else:
        timesteps = once(timesteps)
        last = {"DDPMScheduler": 0.0, "LCMScheduler": 0.0}.get(name, (1 / BARS[0] - 1).sqrt().item())
        sigmas = once([(1 / BARS[t] - 1).sqrt().item() for t in timesteps] + [last])
    return {"sampler": sampler, "schedule": schedule, "own": own, "xl": xl, "steps": steps, "sigmas": sigmas, "timesteps": timesteps[: len(sigmas) - 1]}


def main():
    runs = []
    for steps in STEPS:
        for sampler, name, curves in (
            ("euler", "EulerDiscreteScheduler", (*SPACINGS, *APART)),
            ("euler_ancestral", "EulerAncestralDiscreteScheduler", SPACINGS),
            ("heun", "HeunDiscreteScheduler", (*SPACINGS, *APART)),
            ("lms", "LMSDiscreteScheduler", (*SPACINGS, *APART)),
            # these round Karras's timesteps, but not those in the middle of a step
            ("dpm_2", "KDPM2DiscreteScheduler", (*SPACINGS, "exponential", "beta")),
            ("dpm_2_ancestral", "KDPM2AncestralDiscreteScheduler", (*SPACINGS, "exponential", "beta")),
            ("dpmpp_sde", "DPMSolverSDEScheduler", (*SPACINGS, *APART)),
            ("dpmpp_2m", "DPMSolverMultistepScheduler", (*SPACINGS, *APART)),
            ("dpmpp_2s", "DPMSolverSinglestepScheduler", ("normal", *APART)),
            ("uni_pc_bh2", "UniPCMultistepScheduler", (*SPACINGS, *APART)),
            ("deis", "DEISMultistepScheduler", (*SPACINGS, *APART)),
            ("ddim", "DDIMScheduler", SPACINGS),
            ("ddpm", "DDPMScheduler", SPACINGS),
            ("plms", "PNDMScheduler", SPACINGS),
            ("lcm", "LCMScheduler", ()),
            ("tcd", "TCDScheduler", ()),
        ):
            runs.append(run(sampler, name, steps))
            for curve in curves:
                if name in ("DDIMScheduler", "DDPMScheduler", "PNDMScheduler") and (1000 % steps or curve == "normal"):
                    continue
                runs.append(run(sampler, name, steps, curve))
        for curve in ("", "karras", "beta"):
            runs += [
                run("euler", "EulerDiscreteScheduler", steps, curve, xl=True),
                run("euler", "EulerDiscreteScheduler", steps, curve, own="sgm_uniform"),
                run("dpmpp_2m", "DPMSolverMultistepScheduler", steps, curve, xl=True),
            ]
        runs.append(run("dpmpp_2m_sde", "DPMSolverMultistepScheduler", steps, "karras", algorithm_type="sde-dpmsolver++"))
        runs.append(run("dpmpp_3m_sde", "DPMSolverMultistepScheduler", steps, "karras", algorithm_type="sde-dpmsolver++", solver_order=3))
    path = ROOT / "engine/dialect/testdata/diffusers.json.gz"
    path.parent.mkdir(exist_ok=True)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(runs, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
