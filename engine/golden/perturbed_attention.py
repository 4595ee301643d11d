"""Perturbed-attention guidance and guidance rescale, for engine/pipeline's tests.

    python engine/golden/perturbed_attention.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Reads the miniature model that models.py made and writes
engine/pipeline/testdata/perturbed_attention.safetensors, float32. The U-Nets have
diffusers' own processors for it in their middle, whose last third (of three) or half
(of two) of the batch is perturbed:
  sample [1,4,12,16], timestep [1], context [2,16,24]: of nothing and of a prompt
  → guided [3,4,12,16], for nothing, the prompt and the prompt perturbed
  → unguided [2,4,12,16], without the first
  xl.sample [1,4,8,12], xl.context [2,9,28], xl.pooled [2,10], xl.sizes [2,6]
  → xl.guided [3,4,8,12], by a U-Net with three blocks in its middle, whose weights are
  made as in geometries.py
and two pictures, "a red apple" and nothing as the negative prompt, as models.py draws
one, from draw 0 of seed 7 in 5 Euler steps:
  latent [1,4,16,16]           guidance 3, perturbed attention 2.5, rescale 0.7
  latent.unguided [1,4,16,16]  guidance 1, perturbed attention 2.5
  latent.rescaled [1,4,16,16]  guidance 3, rescale 0.7
Pictures are [N,C,H,W] here.
"""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import PAGCFGIdentitySelfAttnProcessor2_0, PAGIdentitySelfAttnProcessor2_0
from diffusers.pipelines.pag.pag_utils import PAGMixin
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from safetensors.torch import load_file, save_file

import geometries
import models

OUT = models.ROOT / "engine/pipeline/testdata/perturbed_attention.safetensors"
SCALE, RESCALE = 2.5, 0.7
random = torch.Generator().manual_seed(2026)


def normal(*shape):
    return torch.randn(*shape, generator=random)


def perturbed(unet, guided, depth):
    """Lets diffusers put its processors into the middle, which has depth blocks."""
    pipe = PAGMixin()
    pipe.unet = unet
    pipe.set_pag_applied_layers("mid")
    pipe._set_pag_attn_processor(pipe.pag_applied_layers, guided)
    kind = PAGCFGIdentitySelfAttnProcessor2_0 if guided else PAGIdentitySelfAttnProcessor2_0
    assert sum(isinstance(p, kind) for p in unet.attn_processors.values()) == depth
    return unet


def tiny(guided):
    unet = UNet2DConditionModel.from_pretrained(models.TINY / "unet").eval()
    return unet if guided is None else perturbed(unet, guided, 1)


def xl():
    return perturbed(geometries.xl_unet(), True, 3)


def again(x):
    """The last once more."""
    return torch.cat([x, x[-1:]])


def draw(noise, context, guidance, scale, rescale):
    guided = guidance != 1
    unet = tiny(guided if scale else None)
    context = context if guided else context[-1:]
    context = again(context) if scale else context
    mixin = PAGMixin()
    mixin._pag_scale, mixin._pag_adaptive_scale = scale, 0
    timesteps, sigmas = models.noise_levels(models.STEPS)
    x = noise * sigmas[0]
    for t, sigma, following in zip(timesteps, sigmas, sigmas[1:]):
        scaled = (x / (sigma**2 + 1) ** 0.5).expand(len(context), -1, -1, -1)
        eps = unet(scaled, torch.tensor([t] * len(context), dtype=torch.float32), context).sample
        if scale:
            eps, text = mixin._apply_perturbed_attention_guidance(eps, guided, guidance, t, True)
        else:
            nothing, text = eps.chunk(2)
            eps = nothing + guidance * (text - nothing)
        if rescale:
            eps = rescale_noise_cfg(eps, text, rescale)
        x = x + eps * (following - sigma)
    return x


@torch.no_grad()
def main():
    golden = load_file(models.TINY / "golden.safetensors")
    context = torch.cat([golden["e2e.uncond"], golden["e2e.context"]])
    g = {"sample": normal(1, 4, 12, 16), "timestep": torch.tensor([749.25]), "context": context}
    three, two = again(context), again(context[-1:])
    g["guided"] = tiny(True)(g["sample"].expand(3, -1, -1, -1), g["timestep"], three).sample
    g["unguided"] = tiny(False)(g["sample"].expand(2, -1, -1, -1), g["timestep"], two).sample
    assert torch.allclose(g["guided"][1:], g["unguided"], atol=1e-5)

    g["xl.sample"], g["xl.context"], g["xl.pooled"] = normal(1, 4, 8, 12), normal(2, 9, 28), normal(2, 10)
    g["xl.sizes"] = torch.tensor([[1024.0, 768, 0, 64, 1024, 1024], [512, 512, 8, 0, 64, 96]])
    added = {"text_embeds": again(g["xl.pooled"]), "time_ids": again(g["xl.sizes"])}
    g["xl.guided"] = xl()(g["xl.sample"].expand(3, -1, -1, -1), g["timestep"], again(g["xl.context"]), added_cond_kwargs=added).sample

    noise = golden["e2e.noise"]
    g["latent"] = draw(noise, context, 3, SCALE, RESCALE)
    g["latent.unguided"] = draw(noise, context, 1, SCALE, 0)
    g["latent.rescaled"] = draw(noise, context, 3, 0, RESCALE)
    for name, t in g.items():
        print(f"{name}: {list(t.shape)}, standard deviation {t.std(correction=0):.3g}")
    for name in "guided", "xl.guided":
        print(f"{name}: perturbed differs by {(g[name][2] - g[name][1]).std():.2g}")
    save_file({k: v.contiguous() for k, v in g.items()}, OUT, metadata={"made_by": "engine/golden/perturbed_attention.py"})
    OUT.chmod(0o644)


if __name__ == "__main__":
    main()
