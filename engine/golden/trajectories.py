"""Whole runs of every sampler on an analytic denoiser, for engine/sampler's tests.

    pip install --no-deps k-diffusion==0.1.1.post1 torchsde==0.2.6 torchdiffeq==0.2.5 \
        scipy==1.17.1 trampoline==0.1.2 boltons==26.2.0 tqdm==4.70.1
    python engine/golden/trajectories.py        (from the root of the repository)

Versions: torch 2.15.0, numpy 2.4.6 and those above.

Writes engine/sampler/testdata/trajectories.json.gz, a list of runs:
  sampler, options   as engine/sampler has them; options missing are usual
  sigmas             the noise levels
  seed               noise: draws 1, 2, ... of this seed, [c,h,w] = [2,2,3]
  start              x at the first level, [1,h,w,c]
  steps              x after each step; of dpm_adaptive, after the last
  first              the first step of dpm_adaptive, if not its own
Numbers are clean with mean -1 or 1, deviation 0.3; the estimate without guidance
is of means -0.5, 0.5 and deviation 0.6. All is float64, written to 1e-7.

k-diffusion's own code makes the runs of the samplers that it has. The others are
written down here from their papers and from what the tools that have them do.
"""

import gzip
import importlib.util
import json
import math
import pathlib
import sys
import types

import numpy as np
import scipy.integrate
import torch

import philox

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 77
SHAPE = (2, 2, 3)


def k_diffusion_sampling():
    """k_diffusion.sampling without the rest of its package, which wants more."""
    package = types.ModuleType("k_diffusion")
    package.__path__ = importlib.util.find_spec("k_diffusion").submodule_search_locations
    sys.modules["k_diffusion"] = package
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]
    sys.modules["k_diffusion.utils"] = package.utils = utils
    import k_diffusion.sampling

    return k_diffusion.sampling


K = k_diffusion_sampling()


class Draws:
    """The seed's draws, one after the other, whatever is asked for."""

    def __init__(self):
        self.number = 0

    def __call__(self, *_):
        planes = torch.from_numpy(philox.normal(SEED, self.number, 12)).double().reshape(SHAPE)
        self.number += 1
        return planes.permute(1, 2, 0).unsqueeze(0).contiguous()


def bumps(mean, deviation):
    """The expectation of clean numbers that are normal around -mean or mean."""

    def denoise(x, sigma):
        square = deviation**2
        total = square + sigma**2
        return (square * x + sigma**2 * mean * torch.tanh(mean * x / total)) / total

    return denoise


guided, unguided = bumps(1, 0.3), bumps(0.5, 0.6)


def karras(n, low=0.0291672, high=14.6146):
    roots = np.linspace(high ** (1 / 7), low ** (1 / 7), n)
    return torch.tensor(np.append(roots**7, 0))


def uniform(n, low=0.0291672, high=14.6146):
    """Levels that differ much, as those of even timesteps do."""
    return torch.tensor(np.append(np.linspace(high**0.35, low**0.35, n) ** (1 / 0.35), 0))


# The samplers that k-diffusion lacks: functions of the latent and the levels that
# call see(x) after each step.


def slope(x, sigma):
    return (x - guided(x, sigma)) / sigma


def ddim(x, sigmas, draws, see, eta=0.0):
    """Song et al. 2020, equation 12, on the latent that is scaled by sqrt(alpha-bar)."""
    bar = 1 / (1 + sigmas**2)
    for i in range(len(sigmas) - 1):
        a, p = bar[i], bar[i + 1]
        epsilon = slope(x, sigmas[i])
        scaled = x * a.sqrt()
        clean = (scaled - (1 - a).sqrt() * epsilon) / a.sqrt()
        s = eta * ((1 - p) / (1 - a) * (1 - a / p)).sqrt()
        scaled = p.sqrt() * clean + (1 - p - s**2).clamp(min=0).sqrt() * epsilon
        if eta and sigmas[i + 1] > 0:
            scaled = scaled + s * draws()
        x = scaled / p.sqrt()
        see(x)


def ddpm(x, sigmas, draws, see):
    """Ho et al. 2020, equation 7, with the betas between two levels."""
    bar = 1 / (1 + sigmas**2)
    for i in range(len(sigmas) - 1):
        a, p = bar[i], bar[i + 1]
        alpha = a / p
        clean, scaled = guided(x, sigmas[i]), x * a.sqrt()
        mean = p.sqrt() * (1 - alpha) / (1 - a) * clean + alpha.sqrt() * (1 - p) / (1 - a) * scaled
        if sigmas[i + 1] > 0:
            mean = mean + ((1 - p) / (1 - a) * (1 - alpha)).sqrt() * draws()
        x = mean / p.sqrt()
        see(x)


def adams(order):
    return {1: [1], 2: [3 / 2, -1 / 2], 3: [23 / 12, -16 / 12, 5 / 12], 4: [55 / 24, -59 / 24, 37 / 24, -9 / 24]}[order]


def dpmpp_2s(x, sigmas, draws, see):
    """Lu et al. 2022, DPM-Solver++, algorithm 1, each second level being the one in between."""
    lam = [-math.log(s) if s > 0 else math.inf for s in sigmas.tolist()]
    for i in range(len(sigmas) - 1):
        clean, h = guided(x, sigmas[i]), lam[i + 1] - lam[i]
        if i % 2 == 0 or sigmas[i + 1] == 0:
            begin, first, r = x, clean, h
            x = sigmas[i + 1] / sigmas[i] * x - math.expm1(-h) * clean
        else:
            whole = r + h
            middle = first + whole / (2 * r) * (clean - first)
            x = sigmas[i + 1] / sigmas[i - 1] * begin - math.expm1(-whole) * middle
        see(x)


def ipndm(x, sigmas, draws, see):
    found = []
    for i in range(len(sigmas) - 1):
        found.insert(0, slope(x, sigmas[i]))
        if sigmas[i + 1] == 0:
            x = guided(x, sigmas[i])
        else:
            x = x + (sigmas[i + 1] - sigmas[i]) * sum(w * e for w, e in zip(adams(min(i + 1, 4)), found))
        see(x)


def plms(x, sigmas, draws, see):
    """Liu et al. 2022, on the scaled latent: the step itself is DDIM's."""
    bar = 1 / (1 + sigmas**2)

    def along(x, epsilon, i):
        scaled = x * bar[i].sqrt()
        clean = (scaled - (1 - bar[i]).sqrt() * epsilon) / bar[i].sqrt()
        return clean + ((1 - bar[i + 1]) / bar[i + 1]).sqrt() * epsilon

    found = []
    for i in range(len(sigmas) - 1):
        found.insert(0, slope(x, sigmas[i]))
        if i == 0:
            epsilon = (found[0] + slope(along(x, found[0], 0), sigmas[1])) / 2
        else:
            epsilon = sum(w * e for w, e in zip(adams(min(i + 1, 4)), found))
        x = along(x, epsilon, i)
        see(x)


def uni_pc(x, sigmas, draws, see, variant="bh1", order=3):
    """Zhao et al. 2023, algorithms 1 and 2, data prediction, lower orders at the end."""
    steps = len(sigmas) - 1
    lam = [-math.log(s) if s > 0 else math.inf for s in sigmas.tolist()]

    def update(x, i, p, estimates, there):
        h = lam[i + 1] - lam[i]
        hh = -h
        b = hh if variant == "bh1" else math.expm1(hh)
        r = [(lam[i - k] - lam[i]) / h for k in range(1, p)] + ([1.0] if there is not None else [])
        d = [(estimates[i - k] - estimates[i]) / r[k - 1] for k in range(1, p)] + ([there - estimates[i]] if there is not None else [])
        base = sigmas[i + 1] / sigmas[i] * x - math.expm1(hh) * estimates[i]
        if not r:
            return base
        if len(r) == 1:
            rho = [0.5]
        else:
            phi, fact, right = math.expm1(hh) / hh - 1, 1, []
            for k in range(1, len(r) + 1):
                right.append(phi * fact / b)
                fact *= k + 1
                phi = phi / hh - 1 / fact
            rho = np.linalg.solve(np.array([[v**k for v in r] for k in range(len(r))]), np.array(right))
        return base - b * sum(w * v for w, v in zip(rho, d))

    estimates, before = [], None
    for i in range(steps):
        estimates.append(guided(x, sigmas[i]))
        if i > 0:
            x = update(before, i - 1, min(order, i, steps - i + 1), estimates, estimates[i])
        before = x
        x = estimates[i] if sigmas[i + 1] == 0 else update(x, i, min(order, i + 1, steps - i), estimates, None)
        see(x)


def deis(x, sigmas, draws, see, kind="tab", order=3):
    """Zhang and Chen 2022; integrals by quadrature, "tab" as the mean of 10000 places."""
    low, high = math.log1p(0.002**2), math.log1p(80.0**2)
    d = 2 * (low / 1e-3 - high) / (1e-3 - 1)
    m = high - d / 2

    def time(s):
        return (math.sqrt(m * m + 2 * d * math.log1p(s * s)) - m) / d

    def rate(t):
        a = np.exp(-d * t * t / 2 - m * t)
        return (d * t + m) / (2 * np.sqrt(a * (1 - a)))

    def basis(nodes, j, t):
        out = 1.0
        for k, node in enumerate(nodes):
            if k != j:
                out = out * (t - node) / (nodes[j] - node)
        return out

    found = []
    for i in range(len(sigmas) - 1):
        found.insert(0, slope(x, sigmas[i]))
        n = min(i + 1, order)
        if sigmas[i + 1] == 0:
            x = guided(x, sigmas[i])
        elif n == 1:
            x = x + (sigmas[i + 1] - sigmas[i]) * found[0]
        else:
            place = time if kind == "tab" else math.log
            nodes = [place(s) for s in sigmas[i + 1 - n : i + 1].flip(0).tolist()]
            end = place(sigmas[i + 1].item())
            for j in range(n):
                if kind == "tab":
                    t = np.linspace(nodes[0], end, 10000)
                    weight = np.sum(rate(t) * basis(nodes, j, t)) * (end - nodes[0]) / 10000
                else:
                    weight = scipy.integrate.quad(lambda t: math.exp(t) * basis(nodes, j, t), nodes[0], end, epsabs=1e-12)[0]
                x = x + weight * found[j]
        see(x)


def restart(x, sigmas, draws, see):
    """Xu et al. 2023, with the web UI's choice of restarts; the latent before a jump is not seen."""

    def heun(x, a, b):
        d = slope(x, a)
        there = x + d * (b - a)
        return there if b == 0 else x + (d + slope(there, b)) / 2 * (b - a)

    n = len(sigmas) - 1
    pairs = list(zip(sigmas[:-1], sigmas[1:]))
    if n >= 20:
        back, times = (9, 1) if n < 36 else (n // 4, 2)
        levels = karras(n - back * times, sigmas[-2].item(), sigmas[0].item())
        at = (levels - 0.1).abs().argmin().item()
        top = (levels - 2).abs().argmin().item()
        again = karras(back + 1, levels[at].item(), levels[top].item())[:-1]
        pairs = []
        for i in range(len(levels) - 1):
            pairs.append((levels[i], levels[i + 1]))
            if i + 1 == at:
                pairs += list(zip(again[:-1], again[1:])) * times
    last = None
    for a, b in pairs:
        if last is not None and last < a:
            x = x + draws() * (a**2 - last**2).sqrt()
        x = heun(x, a, b)
        last = b
        see(x)


def lcm(x, sigmas, draws, see):
    for i in range(len(sigmas) - 1):
        x = guided(x, sigmas[i])
        if sigmas[i + 1] > 0:
            x = x + sigmas[i + 1] * draws()
        see(x)


def training():
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    bar = torch.cumprod(1 - betas, 0)
    return ((1 - bar) / bar).sqrt()


def tcd(x, sigmas, draws, see, eta=0.3):
    """Zheng et al. 2024, algorithm 4, at whole timesteps."""
    table = training()
    bar = 1 / (1 + table**2)
    for i in range(len(sigmas) - 1):
        clean = guided(x, sigmas[i])
        if sigmas[i + 1] == 0:
            x = clean
        else:
            epsilon = slope(x, sigmas[i])
            t = (table - sigmas[i + 1]).abs().argmin().item()
            s = math.floor((1 - eta) * t)
            noised = bar[s].sqrt() * clean + (1 - bar[s]).sqrt() * epsilon
            ratio = bar[t] / bar[s]
            noised = ratio.sqrt() * noised
            if ratio < 1:
                noised = noised + (1 - ratio).sqrt() * draws()
            x = noised / bar[t].sqrt()
        see(x)


def cfg_pp(x, sigmas, draws, see, eta=0.0):
    for i in range(len(sigmas) - 1):
        clean, epsilon = guided(x, sigmas[i]), (x - unguided(x, sigmas[i])) / sigmas[i]
        down, up = K.get_ancestral_step(sigmas[i], sigmas[i + 1], eta)
        x = clean + down * epsilon
        if eta and sigmas[i + 1] > 0:
            x = x + up * draws()
        see(x)


def run(name, sigmas, sampler, options=None, first=0, **arguments):
    draws, states = Draws(), []
    x = draws() * sigmas[0]
    record = {
        "sampler": name,
        "options": options or {},
        "sigmas": sigmas.tolist(),
        "seed": SEED,
        "first": first,
        "start": x.flatten().tolist(),
    }
    if isinstance(sampler, str):
        function = getattr(K, "sample_" + sampler)
        model = lambda x, sigma, **_: guided(x, sigma.reshape(-1, 1, 1, 1))  # noqa: E731
        K.torch.randn_like = draws
        if sampler == "dpm_adaptive":
            end = function(model, x, sigmas[-2], sigmas[0], disable=True, noise_sampler=draws, **arguments)
        else:
            if "noise_sampler" in function.__wrapped__.__code__.co_varnames:
                arguments["noise_sampler"] = draws
            end = function(model, x, sigmas, disable=True, callback=lambda info: states.append(info["x"]), **arguments)
            states = states[1:]
        if any("churn" in key for key in arguments):
            states = []  # what the callback sees has the churn in it
        states.append(end)
    else:
        sampler(x, sigmas, draws, states.append, **arguments)
    record["steps"] = [[round(v, 7) for v in state.flatten().tolist()] for state in states]
    return record


def whole(n):
    """Levels at whole timesteps, for tcd."""
    at = np.linspace(999, 0, n + 1).round().astype(int)[:-1]
    return torch.cat([training()[at.tolist()], torch.zeros(1, dtype=torch.float64)])


def main():
    runs = []
    for sigmas in (karras(10), uniform(25), karras(50)):
        runs += [
            run("euler", sigmas, "euler"),
            run("euler_ancestral", sigmas, "euler_ancestral"),
            run("heun", sigmas, "heun"),
            run("dpm_2", sigmas, "dpm_2"),
            run("dpm_2_ancestral", sigmas, "dpm_2_ancestral"),
            run("lms", sigmas, "lms"),
            run("dpmpp_2s_ancestral", sigmas, "dpmpp_2s_ancestral"),
            run("dpmpp_sde", sigmas, "dpmpp_sde"),
            run("dpmpp_2s", sigmas, dpmpp_2s),
            run("dpmpp_2m", sigmas, "dpmpp_2m"),
            run("dpmpp_2m_sde", sigmas, "dpmpp_2m_sde"),
            run("dpmpp_2m_sde_heun", sigmas, "dpmpp_2m_sde", solver_type="heun"),
            run("dpmpp_3m_sde", sigmas, "dpmpp_3m_sde"),
            run("dpm_adaptive", sigmas, "dpm_adaptive"),
            run("ddim", sigmas, ddim),
            run("ddpm", sigmas, ddpm),
            run("plms", sigmas, plms),
            run("ipndm", sigmas, ipndm),
            run("deis", sigmas, deis),
            run("deis", sigmas, deis, {"solver": "logrho"}, kind="logrho"),
            run("uni_pc", sigmas, uni_pc),
            run("uni_pc_bh2", sigmas, uni_pc, variant="bh2"),
            run("restart", sigmas, restart),
            run("lcm", sigmas, lcm),
            run("tcd", whole(len(sigmas) - 1), tcd),
            run("euler_cfg_pp", sigmas, cfg_pp),
            run("euler_ancestral_cfg_pp", sigmas, cfg_pp, eta=1.0),
            run("ddim_cfg_pp", sigmas, cfg_pp, {"eta": 0.5}, eta=0.5),
        ]
    churn = {"s_churn": 8, "s_tmin": 0.1, "s_tmax": 9, "s_noise": 1.003}
    few = karras(20)
    runs += [
        run("euler", few, "euler", churn, **churn),
        run("heun", few, "heun", churn, **churn),
        run("dpm_2", few, "dpm_2", churn, **churn),
        run("ddim", few, ddim, {"eta": 0.7}, eta=0.7),
        run("euler_ancestral", few, "euler_ancestral", {"eta": 0.6, "s_noise": 1.01}, eta=0.6, s_noise=1.01),
        run("dpmpp_2s_ancestral", few, "dpmpp_2s_ancestral", {"eta": 0.5}, eta=0.5),
        run("dpmpp_sde", few, "dpmpp_sde", {"eta": 0.5, "s_noise": 1.01}, eta=0.5, s_noise=1.01),
        run("dpmpp_2m_sde", few, "dpmpp_2m_sde", {"eta": 0.5}, eta=0.5),
        run("dpmpp_3m_sde", few, "dpmpp_3m_sde", {"eta": 0.0}, eta=0.0),
        run("dpm_adaptive", karras(10, high=3.0), "dpm_adaptive", first=1.5, h_init=1.5),
        run("dpm_adaptive", karras(10, high=3.0), "dpm_adaptive", {"eta": 1.0}, first=1.2, h_init=1.2, eta=1.0),
        run("uni_pc", few, uni_pc, {"order": 2}, order=2),
        run("tcd", whole(4), tcd, {"eta": 0.0}, eta=0.0),
    ]
    path = ROOT / "engine/sampler/testdata/trajectories.json.gz"
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(runs, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
