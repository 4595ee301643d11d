"""The runs of diffusers' own scheduler tests, for engine/sampler's tests.

    python engine/golden/scheduler_sums.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, numpy 2.4.6, scipy 1.17.1, torchsde 0.2.6
(the last two as trajectories.py has them installed).

Each run is one of tests/schedulers/test_scheduler_*.py (test_full_loop...), made
here as it is there; the script stops if it doesn't end in the sum or mean of |x|
that the test expects. Writes engine/sampler/testdata/sums.json.gz:
  test         where the number stands
  sampler, options
  sum, within  the expected sum over all numbers, and how exact diffusers wants it
  size         how many numbers there are: 768, or 96 in the tests in one dimension
  sigmas       the noise levels; known the pairs of level and timestep of the model
  form         "preserving": x/sqrt(sigma^2+1) is what the loop keeps;
               "exploding": x, but divided by sqrt(sigma^2+1) before each estimate;
               "edm": x, with Karras et al.'s c_skip and c_out of data of deviation
               0.5, and c_in if "scaled"
  prediction, clip, boundary   of the model: epsilon or v_prediction; x0 within
               -clip ... clip, if not 0, and divided by it; LCM's boundary conditions
  a, b         the start is a*sample + b*noise of the test, times the form's scale
  orders       the method's order at each step, where it isn't its usual one
  data         a second estimate in a step is x0 itself, and not a slope
  start, before, history  of a run that begins in the middle (PNDM after its
               Runge-Kutta steps, LMS with noise): the latent, the levels that are
               behind and what it remembers of them
  velocities   what PNDM remembers of the steps before is v, not the noise
IPNDM's levels begin at infinity, where its first step says only that x is noise: the
run begins behind that step. Its test then goes over the levels once more, the picture
in the place of the noise, and there the first step is (x-noise)/1e-8: a second run
begins behind that one.
Tests of what has the same steps are there once: DDIM's and DDPM's parallel schedulers
repeat their sums, beside a step of a batch each; test_switch and test_full_loop_device
repeat those of no_noise. No sampler here goes up the levels (DDIM and DPM-Solver
inverse) or is SA-Solver, a consistency model's or a score SDE's.
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
    """The record with its sum: the test's or, where that has the mean alone or, with
    neither, isn't what is to be compared, that which diffusers makes."""
    got = x.abs().sum().item()
    record["size"] = size = x.numel()
    if mean is not None and not abs(got / size - mean) < (within or 1e-3):
        raise SystemExit(f"{record['test']}: a mean of {got / size}, expected {mean}")
    if total is None:
        total = got
    if mean is not None or within is None:
        within = max(1e-2, 2e-6 * total)
    if abs(got - total) > max(within, 2e-2):
        raise SystemExit(f"{record['test']}: {got}, expected {total}")
    if record["sigmas"][-1] > record["sigmas"][-2] * (1 - 1e-6):
        record["sigmas"][-1] = record["sigmas"][-2] * (1 - 1e-6)  # a last step that goes nowhere
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


def in_double(scheduler):
    scheduler.one, scheduler.betas = torch.tensor(1.0).double(), scheduler.betas.double()
    scheduler.alphas = 1 - scheduler.betas
    scheduler.alphas_cumprod = scheduler.alphas.cumprod(0)


def preserving(test, sampler, name, total, mean=None, config=LINEAR, steps=10, start=0, noised=True, sample=SAMPLE, noise=NOISE, options=None, step=None, clip=0, boundary=False, orders=None, final=None, within=None, exact=False, **more):
    """A scheduler that keeps x/sqrt(sigma^2+1)."""
    scheduler = getattr(diffusers, name)(**config, **more)
    if steps != 1000:
        scheduler.set_timesteps(steps)
    if exact:
        in_double(scheduler)
    record = {"test": test, "sampler": sampler, "options": options or {}, "form": "preserving", "a": 1.0, "b": 0.0}
    record |= {"prediction": more.get("prediction_type", "epsilon"), "clip": clip, "boundary": boundary, "orders": orders}
    timesteps = scheduler.timesteps[start:]
    x = sample
    bars = scheduler.alphas_cumprod.double()
    level = lambda t: ((1 - bars[int(t)]) / bars[int(t)]).sqrt().item()  # noqa: E731
    if start and noised:
        x = scheduler.add_noise(x, noise, timesteps[:1]).float()
        record["b"] = level(timesteps[0])
    if hasattr(scheduler, "sigmas") and len(scheduler.sigmas) == len(scheduler.timesteps) + 1:
        sigmas = [s.item() for s in scheduler.sigmas[start:]]
    else:
        last = {"zero": 0.0, "first": level(0)}[final]
        sigmas = [level(t) for t in timesteps] + [last]
    record |= {"sigmas": sigmas, "known": [[s, float(t)] for s, t in zip(sigmas, timesteps)]}
    arguments = dict(step or {})
    if arguments.get("generator"):
        arguments["generator"] = torch.manual_seed(0)
    for i, t in enumerate(timesteps):
        if name == "UnCLIPScheduler":
            arguments["prev_timestep"] = timesteps[i + 1] if i + 1 < steps else None
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
    record["velocities"] = prediction == "v_prediction"
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


def edm(test, sampler, name, total, mean=None, start=0, options=None, scaled=False, clip=0, within=None, **more):
    """A scheduler of Karras et al. 2022, which keeps x."""
    scheduler = getattr(diffusers, name)(sigma_min=0.002, sigma_max=80.0, **more)
    scheduler.set_timesteps(10)
    record = {"test": test, "sampler": sampler, "options": options or {}, "form": "edm", "scaled": scaled, "clip": clip}
    record |= {"prediction": more.get("prediction_type", "epsilon"), "a": scheduler.init_noise_sigma if scaled else 1.0, "b": 0.0}
    timesteps = scheduler.timesteps[start:]
    sigmas = scheduler.sigmas[start:].tolist()
    x = SAMPLE * record["a"]
    if start:
        x = scheduler.add_noise(x, NOISE, timesteps[:1])
        record["b"] = sigmas[0]
    record |= {"sigmas": sigmas, "known": [[s, float(t)] for s, t in zip(sigmas, timesteps)]}
    for t in timesteps:
        seen = scheduler.scale_model_input(x, t) if scaled else x
        x = scheduler.step(model(seen, t), t, x).prev_sample
    return check(record, x, total, mean, within)


def ipndm(test, mean, within):
    """Both times that the test goes over the levels, behind the first step of each."""
    scheduler = diffusers.IPNDMScheduler(num_train_timesteps=1000)
    scheduler.set_timesteps(10)
    alphas, betas = scheduler.alphas.double(), scheduler.betas.double()
    sigmas = (betas / alphas).tolist()[1:]
    sigmas[-1] = 1e-12 * sigmas[-2]  # 0, but reached by the extrapolated noise as well
    known = [[s, float(t)] for s, t in zip(sigmas, scheduler.timesteps[1:])]
    x, runs = SAMPLE, []
    for time in ("once", "twice"):
        scheduler._step_index = None
        for i, t in enumerate(scheduler.timesteps):
            if i == 1:
                kept = scheduler.ets[-3:]
                record = {"test": f"{test} {time}", "sampler": "ipndm", "options": {}, "form": "preserving", "prediction": "v_prediction", "a": 1.0, "b": 0.0}
                record |= {"start": (x / alphas[1]).flatten().tolist(), "history": [e.flatten().tolist() for e in kept]}
                record["before"] = [sigmas[0] + len(kept) - k for k in range(len(kept))]  # not looked at
                record |= {"sigmas": list(sigmas), "known": known}
            x = scheduler.step(model(x, t), t, x).prev_sample
        runs.append(check(record, x, None, mean, within) if time == "twice" else check(record, x, None, None))
    return runs


def batch(test, sampler, name, total, final, steps, exact=False, **more):
    """One step of three batches at timesteps 0, 1 and 2, each a run of ours."""
    scheduler = getattr(diffusers, name)(**LINEAR, clip_sample=True, **more)
    if steps != 1000:
        scheduler.set_timesteps(steps)
    runs, sums = [], 0.0
    for t, shift in enumerate((0, 0.1, -0.1)):
        for double in (False, True):
            if double:
                in_double(scheduler)
            x = SAMPLE + shift
            stepped = scheduler.batch_step_no_noise(model(x, t), torch.full((4,), t), x)
            sums += 0 if double else stepped.abs().sum().item()
        bars = scheduler.alphas_cumprod
        scheduler.alphas_cumprod = bars.float()
        level = lambda t: ((1 - bars[t]) / bars[t]).sqrt().item()  # noqa: E731
        before = t - 1000 // steps
        sigmas = [level(t), level(before) if before >= 0 else 0.0]
        record = {"test": f"{test} {t}", "sampler": sampler, "options": {"s_noise": 0}, "form": "preserving", "prediction": "epsilon", "clip": 1}
        # sample and noise are i/768 and (767-i)/768, so this shifts by shift
        b = shift * 768 / 767
        scale = math.sqrt(1 + sigmas[0] ** 2) if shift else 1
        record |= {"a": (1 + b) * scale, "b": b * scale, "sigmas": sigmas, "known": [[sigmas[0], float(t)]]}
        runs.append(check(record, stepped, None, None))
    if abs(sums - total) > 1e-2:
        raise SystemExit(f"{test}: {sums}, expected {total}")
    return runs


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
    ddim = dict(clip_sample=True, clip=1)
    runs += [
        preserving("test_scheduler_ddim no_noise", "ddim_cfg_pp", "DDIMScheduler", 172.0067, final="zero", **ddim),
        preserving("test_scheduler_ddim v_prediction", "ddim_cfg_pp", "DDIMScheduler", 52.5302, final="zero", prediction_type="v_prediction", **ddim),
        preserving("test_scheduler_ddim set_alpha_to_one", "ddim_cfg_pp", "DDIMScheduler", 149.8295, config=low, final="zero", set_alpha_to_one=True, **ddim),
        preserving("test_scheduler_ddim no_set_alpha_to_one", "ddim_cfg_pp", "DDIMScheduler", 149.0784, config=low, final="first", set_alpha_to_one=False, **ddim),
        preserving("test_scheduler_ddim with_noise", "ddim_cfg_pp", "DDIMScheduler", 354.5418, start=8, final="zero", **ddim),
    ]
    runs += batch("test_scheduler_ddim_parallel batch_step_no_noise", "ddim_cfg_pp", "DDIMParallelScheduler", 1147.7904, "zero", 10)
    ddpm = dict(variance_type="fixed_small", clip_sample=True, clip=1, final="zero", steps=1000, step={"generator": True})
    # diffusers has betas and 1 minus alpha-bar as float32 rounds them, to 6e-8, and of
    # a step's beta of 1e-4 or less that is 1e-3: the sums of with_noise, two such
    # steps, and of unCLIP, whose last divides one by the other, are off by up to
    # 7e-4. Here they are, and the batches' are, diffusers' with alphas in float64.
    unclip = dict(config={"num_train_timesteps": 1000, "variance_type": "fixed_small_log"}, clip_sample=True, clip=1, final="zero", step={"generator": True})
    runs += [
        preserving("test_scheduler_ddpm no_noise", "ddpm", "DDPMScheduler", 258.9606, **ddpm),
        preserving("test_scheduler_ddpm v_prediction", "ddpm", "DDPMScheduler", 202.0296, prediction_type="v_prediction", **ddpm),
    ]
    for test, name, total, more in (
        ("test_scheduler_ddpm with_noise", "DDPMScheduler", 387.9466, ddpm | {"start": 998}),
        ("test_scheduler_unclip full_loop", "UnCLIPScheduler", 252.2682495, unclip | {"steps": 1000}),
        ("test_scheduler_unclip skip_timesteps", "UnCLIPScheduler", 258.2044983, unclip | {"steps": 25}),
    ):
        preserving(test, "ddpm", name, total, **more)
        runs.append(preserving(test, "ddpm", name, None, exact=True, **more))
    runs += batch("test_scheduler_ddpm_parallel batch_step_no_noise", "ddpm", "DDPMParallelScheduler", 1153.1833, "zero", 1000)
    multi = dict(solver_order=2, algorithm_type="dpmsolver++", solver_type="midpoint", lower_order_final=False, final_sigmas_type="sigma_min")
    v = dict(prediction_type="v_prediction")
    runs += [
        preserving("test_scheduler_dpm_multi no_noise", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.3301, **multi),
        preserving("test_scheduler_dpm_multi v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.2251, **multi, **v),
        preserving("test_scheduler_dpm_multi karras_and_v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.2096, **multi, **v, use_karras_sigmas=True),
        preserving("test_scheduler_dpm_multi lu_and_v_prediction", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 0.1554, **multi, **v, use_lu_lambdas=True),
        preserving("test_scheduler_dpm_multi thres", "dpmpp_2m", "DPMSolverMultistepScheduler", None, 1.1364, **multi, clip=0.5, thresholding=True, dynamic_thresholding_ratio=0.87, sample_max_value=0.5),
        preserving("test_scheduler_dpm_multi with_noise", "dpmpp_2m", "DPMSolverMultistepScheduler", 318.4111, start=5, **multi),
    ]
    single = dict(solver_order=2, algorithm_type="dpmsolver++", solver_type="midpoint", final_sigmas_type="sigma_min")
    runs += [
        preserving("test_scheduler_dpm_single no_noise", "dpmpp_2s", "DPMSolverSinglestepScheduler", None, 0.2791, **single),
        preserving("test_scheduler_dpm_single karras", "dpmpp_2s", "DPMSolverSinglestepScheduler", None, 0.2248, **single, use_karras_sigmas=True),
        preserving("test_scheduler_dpm_single v_prediction", "dpmpp_2s", "DPMSolverSinglestepScheduler", None, 0.1453, **single, **v),
        preserving("test_scheduler_dpm_single karras_and_v_prediction", "dpmpp_2s", "DPMSolverSinglestepScheduler", None, 0.0649, **single, **v, use_karras_sigmas=True),
        # these begin at the second of two steps that belong together
        preserving("test_scheduler_dpm_single with_noise", "dpmpp_2s", "DPMSolverSinglestepScheduler", 269.2187, start=5, orders=[1] + [2] * 4, **single),
        preserving("test_scheduler_dpm_single uneven", "dpmpp_2s", "DPMSolverSinglestepScheduler", None, 0.2574, steps=50, start=3, noised=False, orders=[1] + [2] * 46, **single),
    ]
    multi = dict(solver_order=2, solver_type="midpoint", lower_order_final=False, euler_at_final=False, final_sigmas_type="sigma_min")
    runs += [
        edm("test_scheduler_edm_dpmsolver_multistep no_noise", "dpmpp_2m", "EDMDPMSolverMultistepScheduler", None, 0.0001, **multi),
        edm("test_scheduler_edm_dpmsolver_multistep with_noise", "dpmpp_2m", "EDMDPMSolverMultistepScheduler", 8.1661, start=5, **multi),
        edm("test_scheduler_edm_dpmsolver_multistep thres", "dpmpp_2m", "EDMDPMSolverMultistepScheduler", None, 0.0080, **multi, clip=0.5, thresholding=True, dynamic_thresholding_ratio=0.87, sample_max_value=0.5),
        edm("test_scheduler_edm_dpmsolver_multistep v_prediction", "dpmpp_2m", "EDMDPMSolverMultistepScheduler", None, 0.0092, **multi, **v),
        edm("test_scheduler_edm_euler no_noise", "euler", "EDMEulerScheduler", 34.1855, scaled=True, within=1e-3),
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
    flat = dict(sample=(torch.arange(96).reshape(3, 8, 4) / 96).permute(2, 0, 1), noise=(torch.arange(96).flip(-1).reshape(3, 8, 4) / 96).permute(2, 0, 1))
    runs += [
        preserving("test_scheduler_unipc 1D no_noise", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.2441, **unipc, **flat),
        preserving("test_scheduler_unipc 1D karras", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.2898, **unipc, **flat, use_karras_sigmas=True),
        preserving("test_scheduler_unipc 1D v_prediction", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.1014, **unipc, **flat, **v),
        preserving("test_scheduler_unipc 1D karras_and_v_prediction", "uni_pc_bh2", "UniPCMultistepScheduler", None, 0.1944, **unipc, **flat, **v, use_karras_sigmas=True),
        preserving("test_scheduler_unipc 1D with_noise", "uni_pc_bh2", "UniPCMultistepScheduler", 39.0870, start=8, **unipc, **flat),
    ]
    runs += [
        pndm("test_scheduler_pndm no_noise", 198.1318, "first"),
        pndm("test_scheduler_pndm v_prediction", 67.3986, "first", **v),
        pndm("test_scheduler_pndm set_alpha_to_one", 230.0399, "zero", set_alpha_to_one=True, beta_start=0.01),
        pndm("test_scheduler_pndm no_set_alpha_to_one", 186.9482, "first", set_alpha_to_one=False, beta_start=0.01),
    ]
    runs += ipndm("test_scheduler_ipndm no_noise", 2540529, 10)
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
