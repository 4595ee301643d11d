"""A whole Stable Diffusion 1 in miniature, for the tests of the networks and
of the pipeline.

    python engine/golden/models.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Writes engine/pipeline/testdata/tiny, a model folder as diffusers lays it out,
with random weights and a hundred tokens, and in it golden.safetensors:
  unet.sample [2,4,12,16], unet.timestep [2], unet.context [2,16,24] → unet.out
  vae.latent [1,4,6,8] → vae.decoded [1,3,12,16]    (latent not scaled)
  vae.pixels [1,3,12,16] → vae.moments [1,8,6,8]    (mean, then ln variance)
  text.ids [2,16] → text.hidden [2,16,24]           (last hidden state, normed)
and one picture, "a red apple" and nothing as the negative prompt: e2e.ids and
e2e.uncond_ids [1,16] → e2e.context, e2e.uncond; e2e.noise [1,4,16,16] (draw 0
of seed 7) → 5 Euler steps along e2e.sigmas with guidance 3 → e2e.latent →
e2e.picture [1,3,32,32], −1 … 1 but not clamped.
Pictures are [N,C,H,W] here. All of it is float32.
"""

import json
import pathlib
import shutil
import string

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import philox

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "engine/pipeline/testdata/tiny"
PROMPT = "a red apple"
GUIDANCE = 3
STEPS = 5
SEED = 7
WORDS = 16  # positions of the text encoder
WIDTH = 24  # of the text encoder
random = torch.Generator().manual_seed(2026)


def normal(*shape):
    return torch.randn(*shape, generator=random)


def fill(module):
    """Makes every parameter random, so that none is trivially 0 or 1."""
    for layer in module.modules():
        for name, p in layer.named_parameters(recurse=False):
            fan_in = p[0].numel() if p.dim() > 1 else 100
            p.data = normal(*p.shape) / fan_in**0.5
            if isinstance(layer, (nn.GroupNorm, nn.LayerNorm)) and name == "weight":
                p.data += 1
    return module.eval()


def make_unet():
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        norm_num_groups=8,
        attention_head_dim=4,  # the number of heads, as in Stable Diffusion 1's own file
        cross_attention_dim=WIDTH,
    )


def make_vae():
    return AutoencoderKL(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        norm_num_groups=4,
        scaling_factor=0.18215,
    )


def make_text_encoder():
    config = CLIPTextConfig(
        vocab_size=100,
        hidden_size=WIDTH,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=WORDS,
        hidden_act="quick_gelu",
        bos_token_id=98,
        eos_token_id=99,
        pad_token_id=99,
    )
    return CLIPTextModel(config)


def make_tokenizer(folder):
    """Letters, digits, a few merges and CLIP's two special tokens."""
    symbols = list(string.ascii_lowercase + string.digits + ",.")
    merges = ["r e", "re d</w>", "a p", "ap p", "l e</w>", "app le</w>"]
    merges += ["g r", "e e", "gr ee", "gree n</w>", "b l", "bl u", "blu e</w>"]
    tokens = symbols + [s + "</w>" for s in symbols] + [m.replace(" ", "") for m in merges]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    vocabulary |= {"<|startoftext|>": 98, "<|endoftext|>": 99}
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary) + "\n")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2"] + merges) + "\n")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": WORDS, "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return CLIPTokenizer.from_pretrained(folder)


def save(unet, vae, text_encoder):
    """Everything but the tokenizer, under the names published models have."""
    unet.save_pretrained(TINY / "unet")
    vae.save_pretrained(TINY / "vae")
    text_encoder.save_pretrained(TINY / "text_encoder")
    # transformers 5 leaves out the "text_model." that published files carry.
    path = TINY / "text_encoder/model.safetensors"
    weights = {"text_model." + name.removeprefix("text_model."): t for name, t in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    EulerDiscreteScheduler(
        num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
    ).save_pretrained(TINY / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (TINY / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def noise_levels(steps):
    """σ at evenly spaced timesteps, interpolated in ln σ, and a final 0."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alphas = (1 - betas).cumprod(0)
    ln = ((1 - alphas) / alphas).log() / 2
    timesteps = torch.linspace(999, 0, steps, dtype=torch.float64)
    low, high = timesteps.floor().long(), timesteps.ceil().long()
    sigmas = torch.lerp(ln[low], ln[high], timesteps - low).exp()
    return timesteps.tolist(), sigmas.tolist() + [0.0]


def draw(unet, noise, context, uncond):
    """k-diffusion's Euler with classifier-free guidance."""
    timesteps, sigmas = noise_levels(STEPS)
    x = noise * sigmas[0]
    for t, sigma, following in zip(timesteps, sigmas, sigmas[1:]):
        scaled = x / (sigma**2 + 1) ** 0.5
        t = torch.tensor([t], dtype=torch.float32)
        with_words = unet(scaled, t, context).sample
        without = unet(scaled, t, uncond).sample
        denoised = x - sigma * (without + GUIDANCE * (with_words - without))
        x = x + (x - denoised) / sigma * (following - sigma)
    return torch.tensor(sigmas, dtype=torch.float64), x


@torch.no_grad()
def goldens(unet, vae, text_encoder, tokenizer):
    g = {}
    g["unet.sample"] = normal(2, 4, 12, 16)
    g["unet.timestep"] = torch.tensor([17.0, 749.25])
    g["unet.context"] = normal(2, WORDS, WIDTH)
    g["unet.out"] = unet(g["unet.sample"], g["unet.timestep"], g["unet.context"]).sample

    g["vae.latent"] = normal(1, 4, 6, 8)
    g["vae.decoded"] = vae.decode(g["vae.latent"]).sample
    g["vae.pixels"] = normal(1, 3, 12, 16).clamp(-1, 1)
    g["vae.moments"] = vae.encode(g["vae.pixels"]).latent_dist.parameters

    def tokenize(*texts):
        return tokenizer(texts, padding="max_length", max_length=WORDS, truncation=True, return_tensors="pt").input_ids

    def encode(ids):
        return text_encoder(ids).last_hidden_state

    g["text.ids"] = tokenize("a blue tree, 7 leaves.", "green")
    g["text.hidden"] = encode(g["text.ids"])

    g["e2e.ids"], g["e2e.uncond_ids"] = tokenize(PROMPT), tokenize("")
    g["e2e.context"], g["e2e.uncond"] = encode(g["e2e.ids"]), encode(g["e2e.uncond_ids"])
    g["e2e.noise"] = torch.from_numpy(philox.normal(SEED, 0, 4 * 16 * 16)).reshape(1, 4, 16, 16)
    g["e2e.sigmas"], g["e2e.latent"] = draw(unet, g["e2e.noise"], g["e2e.context"], g["e2e.uncond"])
    g["e2e.picture"] = vae.decode(g["e2e.latent"] / vae.config.scaling_factor).sample
    return {name: t.contiguous() for name, t in g.items()}


def main():
    unet, vae, text_encoder = fill(make_unet()), fill(make_vae()), fill(make_text_encoder())
    if TINY.exists():
        shutil.rmtree(TINY)
    tokenizer = make_tokenizer(TINY / "tokenizer")
    save(unet, vae, text_encoder)
    found = goldens(unet, vae, text_encoder, tokenizer)
    save_file(found, TINY / "golden.safetensors", metadata={"made_by": "engine/golden/models.py"})
    for file in TINY.rglob("*"):
        if file.is_file():
            file.chmod(0o644)


if __name__ == "__main__":
    main()
