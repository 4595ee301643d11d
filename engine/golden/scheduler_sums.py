"""The runs of diffusers' own scheduler tests, for engine/sampler's tests.

    python engine/golden/scheduler_sums.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6, scipy 1.17.1, torchsde 0.2.6
(the last two as trajectories.py has them installed).

Each run is one of tests/schedulers/test_scheduler_*.py (test_full_loop...), made
here as it is there; the script stops if it doesn't end in the sum or mean of |x|
that the test expects. Writes engine/sampler/testdata/sums.json.gz:
  test         where the number stands
  sampler, options
  sum, within  the expected sum over 768 numbers, and how exact diffusers wants it
  sigmas       the noise levels; known the pairs of level and timestep of the model
  form         "preserving": x/sqrt(sigma^2+1) is what the loop keeps;
               "exploding": x, but divided by sqrt(sigma^2+1) before each estimate
  prediction, clip, boundary   of the model: epsilon or v_prediction; x0 within
               -1 ... 1; LCM's boundary conditions
  a, b         the start is a*sample + b*noise of the test, times the form's scale
  orders       the method's order at each step, where it isn't its usual one
  data         a second estimate in a step is x0 itself, and not a slope
  start, before, history  of a run that begins in the middle (PNDM after its
               Runge-Kutta steps, LMS with noise): the latent, the levels that are
               behind and what it remembers of them
IPNDM's test is left out: its levels begin at infinity, and it goes over them twice.
"""

import gzip
import json
import math
import pathlib

import torch
import diffusers

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINEAR = dict(num_train_timesteps=1000, beta_start=0.0001, beta_end=0.02, beta_schedule="linear")
LONGER = dict(LINEAR, num_train_timesteps=1100)
SCALED = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")

SAMPLE = (torch.arange(768).reshape(3, 8, 8, 4) / 768).permute(3, 0, 1, 2)
NOISE = (torch.arange(768).flip(-1).reshape(3, 8, 8, 4) / 768).permute(3, 0, 1, 2)


def model(x, t):
    t = torch.as_tensor(t).to(x.dtype)
    return x * t / (t + 1)


def check(record, x, total, mean, within=None):
    got = x.abs().sum().item()
    if total is None:
        total, within = mean * 768, 1e-3 * 768
    elif within is None:
        within = max(1e-2, 2e-6 * total)
    if record["sigmas"][-1] == record["sigmas"][-2]:
        record["sigmas"][-1] *= 1 - 1e-6  # a last step that goes nowhere
    if abs(got - total) > max(within, 2e-2):
        raise SystemExit(f"{record['test']}: {got}, expected {total}")
    record |= {"sum": total, "within": within}
    print(f"{record['test']:52} {record['sampler']:24} {got:12.4f}  {total:12.4f}")
    return record


def first_order(scheduler):
    return getattr(scheduler, "state_in_first_order", True)


def exploding(test, sampler, name, total, config=LONGER, start=0, options=None, **more):
    """A scheduler that keeps x; its loop overwrites x by the model's input."""
    scheduler = getattr(diffusers, name)(**config, **more)
    scheduler.set_timesteps(10)
    record = {"test": test, "sampler": sampler, "options": options or {}, "form": "exploding", "b": 0.0}
    record["prediction"] = more.get("prediction_type", "epsilon")
    record["a"] = float(scheduler.init_noise_sigma)
    x = SAMPLE * scheduler.init_noise_sigma
    timesteps = scheduler.timesteps
    if start:
        timesteps = timesteps[start * scheduler.order :]
        before = x
        x = scheduler.add_noise(x, NOISE, timesteps[:1])
        record["b"] = ((x - before) / NOISE).flatten()[0].item()
    generator = torch.manual_seed(0)
    takes_generator = "generator" in scheduler.step.__code__.co_varnames
    sigmas, known = [], []
    for t in timesteps:
        x = scheduler.scale_model_input(x, t)
        i = scheduler.step_index
        sigma = scheduler.sigmas[i].item()
        if first_order(scheduler):
            sigmas.append(sigma)
        elif hasattr(scheduler, "sigmas_interpol"):
            sigma = scheduler.sigmas_interpol[i - ("Ancestral" in name)].item()
        elif hasattr(scheduler, "mid_point_sigma"):
            sigma = float(scheduler.mid_point_sigma)
        known.append([sigma, float(t)])
        x = scheduler.step(model(x, t), t, x, **({"generator": generator} if takes_generator else {})).prev_sample
    record |= {"sigmas": sigmas + [scheduler.sigmas[-1].item()], "known": known, "data": "SDE" in name}
    if start and name.startswith("LMS"):
        # it has the weights of four steps, of which three were never made
        record |= {"before": scheduler.sigmas[start - 3 : start].tolist(), "history": [[0.0] * 768] * 3}
    return check(record, x, total, None)


def preserving(test, sampler, name, total, mean=None, config=LINEAR, steps=10, start=0, options=None, step=None, clip=False, boundary=False, orders=None, final=None, within=None, **more):
    """A scheduler that keeps x/sqrt(sigma^2+1)."""
    scheduler = getattr(diffusers, name)(**config, **more)
    if steps != 1000:
        scheduler.set_timesteps(steps)
    record = {"test": test, "sampler": sampler, "options": options or {}, "form": "preserving", "a": 1.0, "b": 0.0}
    record |= {"prediction": more.get("prediction_type", "epsilon"), "clip": clip, "boundary": boundary, "orders": orders}
    timesteps = scheduler.timesteps[start:]
    x = SAMPLE
    bars = scheduler.alphas_cumprod.double()
    level = lambda t: ((1 - bars[int(t)]) / bars[int(t)]).sqrt().item()  # noqa: E731
    if start:
        x = scheduler.add_noise(x, NOISE, timesteps[:1])
        record["b"] = level(timesteps[0])
    if hasattr(scheduler, "sigmas") and len(scheduler.sigmas) == len(scheduler.timesteps) + 1:
        sigmas = [s.item() for s in scheduler.sigmas[start:]]
    else:
        last = {"zero": 0.0, "first": level(0)}[final]
        sigmas = [level(t) for t in timesteps] + [last]
    record |= {"sigmas": sigmas, "known": [[s, float(t)] for s, t in zip(sigmas, timesteps)]}
    arguments = step or {}
    if arguments.get("generator"):
        arguments["generator"] = torch.manual_seed(0)
    for t in timesteps:
        x = scheduler.step(model(x, t), t, x, **arguments).prev_sample
    return check(record, x, total, mean, within)


def pndm(test, total, final, **more):
    """PNDM's first steps are Runge-Kutta ones; the run begins after them."""
    scheduler = diffusers.PNDMScheduler(**dict(LINEAR, **more))
    scheduler.set_timesteps(10)
    x = SAMPLE
    for t in scheduler.prk_timesteps:
        x = scheduler.step_prk(model(x, t), t, x).prev_sample
    bars = scheduler.alphas_cumprod.double()
    level = lambda t: ((1 - bars[int(t)]) / bars[int(t)]).sqrt().item()  # noqa: E731
    rest = scheduler.plms_timesteps.tolist()
    prediction = more.get("prediction_type", "epsilon")
    record = {"test": test, "sampler": "plms", "options": {}, "form": "preserving", "prediction": prediction, "a": 1.0, "b": 0.0}
    history = []
    begin = rest[0]
    scale = math.sqrt(1 + level(begin) ** 2)
    for kept in scheduler.ets[-3:]:
        history.append(kept.flatten().tolist())
    sigmas = [level(t) for t in rest] + [0.0 if final == "zero" else level(0)]
    record |= {"start": (x * scale).flatten().tolist(), "history": history}
    record["before"] = [level(begin) + len(history) - i for i in range(len(history))]  # not looked at
    record |= {"sigmas": sigmas, "known": [[s, float(t)] for s, t in zip(sigmas, rest)]}
    for t in rest:
        x = scheduler.step_plms(model(x, t), t, x).prev_sample
    return check(record, x, total, None)


def main():
    runs = []
    for name, sampler, plain, v, noised in (
        ("Euler", "euler", 10.0807, 0.0002, 57062.9297),
        ("EulerAncestral", "euler_ancestral", 152.3192, 108.4439, 56163.0508),
        ("Heun", "heun", 0.1233, 4.6934e-07, 75074.8906),
        ("KDPM2", "dpm_2", 20.4125, 4.6934e-07, 70408.4062),
        ("KDPM2Ancestral", "dpm_2_ancestral", 13979.9433, 331.8133, 93087.3437),
        ("LMS", "lms", 1006.388, 0.0017, 27663.6895),
    ):
        kind = name + ("DiscreteScheduler")
        test = "test_scheduler_" + {"Euler": "euler", "EulerAncestral": "euler_ancestral", "Heun": "heun", "KDPM2": "kdpm2_discrete", "KDPM2Ancestral": "kdpm2_ancestral", "LMS": "lms"}[name]
        runs += [
            exploding(test + " no_noise", sampler, kind, plain),
            exploding(test + " v_prediction", sampler, kind, v, prediction_type="v_prediction"),
            exploding(test + " with_noise", sampler, kind, noised, start=8),
        ]
    runs += [
        exploding("test_scheduler_euler karras", "euler", "EulerDiscreteScheduler", 124.52299, use_karras_sigmas=True),
        exploding("test_scheduler_lms karras", "lms", "LMSDiscreteScheduler", 3812.9927, use_karras_sigmas=True),
        exploding("test_scheduler_heun karras", "heun", "HeunDiscreteScheduler", 0.00015, use_karras_sigmas=True),
        exploding("test_scheduler_dpm_sde no_noise", "dpmpp_sde", "DPMSolverSDEScheduler", 162.52383, noise_sampler_seed=0),
        exploding("test_scheduler_dpm_sde v_prediction", "dpmpp_sde", "DPMSolverSDEScheduler", 119.84875, noise_sampler_seed=0, prediction_type="v_prediction"),
        exploding("test_scheduler_dpm_sde karras", "dpmpp_sde", "DPMSolverSDEScheduler", 170.31352, noise_sampler_seed=0, use_karras_sigmas=True),
    ]
    # DDIM's here clip x0 and not the noise they found, which only the two
    # estimates of CFG++ can tell apart.
    low = dict(LINEAR, beta_start=0.01)
    ddim = dict(clip_sample=True, clip=True)
    runs += [
        preserving("test_scheduler_ddim no_noise", "ddim_cfg_pp", "DDIMScheduler", 172.0067, final="zero", **ddim),
        preserving("test_scheduler_ddim v_prediction", "ddim_cfg_pp", "DDIMScheduler", 52.5302, final="zero", prediction_type="v_prediction", **ddim),
        preserving("test_scheduler_ddim set_alpha_to_one", "ddim_cfg_pp", "DDIMScheduler", 149.8295, config=low, final="zero", set_alpha_to_one=True, **ddim),
        preserving("test_scheduler_ddim no_set_alpha_to_one", "ddim_cfg_pp", "DDIMScheduler", 149.0784, config=low, final="first", set_alpha_to_one=False, **ddim),
        preserving("test_scheduler_ddim with_noise", "ddim_cfg_pp", "DDIMScheduler", 354.5418, start=8, final="zero", **ddim),
    ]
    ddpm = dict(variance_type="fixed_small", clip_sample=True, clip=True, final="zero", steps=1000, step={"generator": True})
    # with_noise is two steps of betas 1e-4, which float32 makes of 1-(1-1e-4)
    # to 1e-3 of themselves; it is held to the test's tolerance of the mean.
    runs += [
        preserving("test_scheduler_ddpm no_noise", "ddpm", "DDPMScheduler", 258.9606, **ddpm),
        preserving("test_scheduler_ddpm v_prediction", "ddpm", "DDPMScheduler", 202.0296, prediction_type="v_prediction", **ddpm),
        preserving("test_scheduler_ddpm with_noise", "ddpm", "DDPMScheduler", 387.9466, start=998, within=1e-3 * 768, **ddpm),
    ]
    multi = dict(solver_order=2, algorithm_type="dpmsolver++", solver_type="midpoint", lower_order_final=False, final_sigmas_type="sigma_min")
    v = dict(prediction_type="v_prediction")
    runs += [
        preserving("test_scheduler_dpm_multi no_noise", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.3301, **multi),
        preserving("test_scheduler_dpm_multi v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.2251, **multi, **v),
        preserving("test_scheduler_dpm_multi karras_and_v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.2096, **multi, **v, use_karras_sigmas=True),
        preserving("test_scheduler_dpm_multi lu_and_v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.1554, **multi, **v, use_lu_lambdas=True),
        preserving("test_scheduler_dpm_multi with_noise", "dpmpp_2m", "DPMSolverMultistepScheduler", 318.4111, start=5, **multi),
    ]
    deis = dict(solver_order=2, options={"solver": "logrho", "order": 2})
    runs += [
        preserving("test_scheduler_deis no_noise", "deis", "DEISMultistepScheduler", None, 0.23916, orders=[2] * 9 + [1], **deis),
        preserving("test_scheduler_deis v_prediction", "deis", "DEISMultistepScheduler", None, 0.091, orders=[2] * 9 + [1], **deis, **v),
        preserving("test_scheduler_deis with_noise", "deis", "DEISMultistepScheduler", 315.3016, start=8, orders=[2, 1], **deis),
    ]
    unipc = dict(solver_order=2, solver_type="bh2", final_sigmas_type="sigma_min", options={"order": 2})
    runs += [
        preserving("test_scheduler_unipc no_noise", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.2464, **unipc),
        preserving("test_scheduler_unipc karras", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.2925, **unipc, use_karras_sigmas=True),
        preserving("test_scheduler_unipc v_prediction", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.1014, **unipc, **v),
        preserving("test_scheduler_unipc karras_and_v_prediction", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.1966, **unipc, **v, use_karras_sigmas=True),
        preserving("test_scheduler_unipc with_noise", "uni_pc_bh2", "UniPCMultistepScheduler", 315.5757, start=8, **unipc),
    ]
    runs += [
        pndm("test_scheduler_pndm no_noise", 198.1318, "first"),
        pndm("test_scheduler_pndm set_alpha_to_one", 230.0399, "zero", set_alpha_to_one=True, beta_start=0.01),
        pndm("test_scheduler_pndm no_set_alpha_to_one", 186.9482, "first", set_alpha_to_one=False, beta_start=0.01),
    ]
    generator = {"generator": True}
    runs += [
        preserving("test_scheduler_lcm onestep", "lcm", "LCMScheduler", 18.7097, config=SCALED, steps=1, final="zero", boundary=True, step=dict(generator)),
        preserving("test_scheduler_lcm multistep", "lcm", "LCMScheduler", 197.7616, config=SCALED, final="zero", boundary=True, step=dict(generator)),
        preserving("test_scheduler_tcd onestep_deter", "tcd", "TCDScheduler", 29.8715, config=SCALED, steps=1, final="first", step={"eta": 0.0}, options={"eta": 0}),
        preserving("test_scheduler_tcd multistep_deter", "tcd", "TCDScheduler", 181.2040, config=SCALED, final="first", step={"eta": 0.0}, options={"eta": 0}),
    ]
    path = ROOT / "engine/sampler/testdata/sums.json.gz"
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(runs, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
