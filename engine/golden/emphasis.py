"""Embeddings of prompts with weights, for engine/pipeline's tests.

    python engine/golden/emphasis.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Reads the miniature model that models.py made and writes
engine/pipeline/testdata/emphasis.safetensors, float32:
  ids [n,16], weights [n,16]        three chunks as the text encoder reads them
  hidden.1, hidden.2 [n,16,24]      with clip skip 1 and 2
  original, no_norm [n,16,24]       hidden.1 with its weights, the three taken as
                                    one tensor, as AUTOMATIC1111's web UI does
  original.each [n,16,24]           each taken by itself
  comfy [n,16,24]                   (z - empty) * weight + empty, as ComfyUI does
  sum [4,16,16]                     noise-free latents: of nothing and of the three
  composed [1,4,16,16]              texts, and u + sum w g (c - u), for
  composed.noise [1,4,16,16], weights 1, 0.5 and -0.75, guidance 3, sigma 5
"""

import pathlib

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "engine/pipeline/testdata/tiny"
WORDS = 16
TEXTS = ["a red apple", "green , blue tree .", ""]
WEIGHTS = {0: {2: 1.5, 3: 1.5}, 1: {1: 0.5, 4: -1.25, 5: 1.1}, 2: {}}  # of tokens, by their place


def text_encoder():
    model = CLIPTextModel(CLIPTextConfig.from_pretrained(TINY / "text_encoder"))
    weights = load_file(TINY / "text_encoder/model.safetensors")
    own = model.state_dict().keys()
    names = {k if k in own else k.removeprefix("text_model."): v for k, v in weights.items()}
    model.load_state_dict(names)
    return model.eval()


def mean_restored(z, w):
    """Weighted, and scaled to the mean it had."""
    weighted = z * w[..., None]
    return weighted * (z.mean() / weighted.mean())


@torch.no_grad()
def main():
    tokenizer, encoder = CLIPTokenizer.from_pretrained(TINY / "tokenizer"), text_encoder()
    g = {}
    ids = tokenizer(TEXTS, padding="max_length", max_length=WORDS, return_tensors="pt").input_ids
    weights = torch.ones(len(TEXTS), WORDS)
    for row, some in WEIGHTS.items():
        for place, weight in some.items():
            weights[row, place] = weight
    g["ids"], g["weights"] = ids.float(), weights

    out = encoder(ids, output_hidden_states=True)
    norm = encoder.get_submodule("final_layer_norm" if hasattr(encoder, "final_layer_norm") else "text_model.final_layer_norm")
    z = g["hidden.1"] = out.last_hidden_state
    g["hidden.2"] = norm(out.hidden_states[-2])
    g["original"] = mean_restored(z, weights)
    g["original.each"] = torch.cat([mean_restored(z[i : i + 1], weights[i : i + 1]) for i in range(len(TEXTS))])
    g["no_norm"] = z * weights[..., None]
    empty = encoder(tokenizer("", padding="max_length", max_length=WORDS, return_tensors="pt").input_ids).last_hidden_state
    g["comfy"] = (z - empty) * weights[..., None] + empty

    unet = UNet2DConditionModel.from_pretrained(TINY / "unet").eval()
    sigma, guidance = 5.0, 3.0
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(2026)) * sigma
    g["composed.noise"] = x
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alphas = (1 - betas).cumprod(0)
    levels = ((1 - alphas) / alphas).sqrt().log()
    at = torch.tensor(sigma, dtype=torch.float64).log()
    low = int((levels <= at).sum()) - 1
    t = low + float((at - levels[low]) / (levels[low + 1] - levels[low]))
    noise = unet((x / (sigma**2 + 1) ** 0.5).expand(4, -1, -1, -1), torch.tensor([t] * 4), torch.cat([empty, z])).sample
    u, *parts = x0 = x - sigma * noise
    g["sum"] = x0
    g["composed"] = (u + sum(w * guidance * (c - u) for w, c in zip([1, 0.5, -0.75], parts)))[None]
    path = ROOT / "engine/pipeline/testdata/emphasis.safetensors"
    save_file({k: v.contiguous() for k, v in g.items()}, path, metadata={"made_by": "engine/golden/emphasis.py"})
    path.chmod(0o644)


if __name__ == "__main__":
    main()
