"""Stable Diffusion 2, XL and the tiny autoencoder in miniature.

    python engine/golden/geometries.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Writes engine/pipeline/testdata/geometries.safetensors, inputs and outputs only:
the weights are made from the tensors' names, here (fill) and in the test, with
the same bits.
  sd2.sample [2,4,8,12], sd2.timestep [2], sd2.context [2,9,12] → sd2.out
  sdxl.ids, sdxl.ids_2 [2,9] → sdxl.context [2,9,28], the last but one layer of
  both text encoders side by side, and sdxl.pooled [2,10] of the second; with
  sdxl.sample [2,4,8,12], sdxl.timestep [2] and sdxl.sizes [2,6] → sdxl.out
  tiny.latent [1,4,4,6] → tiny.decoded [1,3,32,48], about −1 … 1
  tiny.pixels [1,3,32,48] → tiny.encoded [1,4,4,6]
and as sd2.flop, sdxl.flop and tiny.flop [1] how many floating-point operations
PyTorch counts in the matrix products and convolutions of the U-Net's pass and of
the decoder's.
Pictures are [N,C,H,W] here. All of it is float32.
"""

import math
import pathlib

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "engine/pipeline/testdata/geometries.safetensors"
VOCABULARY, POSITIONS, END = 60, 9, 59
random = torch.Generator().manual_seed(2026)


def normal(*shape):
    return torch.randn(*shape, generator=random)


def uniform(name, n):
    """n numbers in −1 … 1 from a name: FNV-1a, then SplitMix64's upper 24 bits."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


def fill(module):
    """Gives every parameter a variance of 1/fan-in, vectors 1/300; norms are about 1."""
    for name, p in module.named_parameters():
        if isinstance(module, CLIPTextModel):
            # transformers 5 leaves out the "text_model." that published files carry.
            name = "text_model." + name.removeprefix("text_model.")
        fan_in = p[0].numel() if p.dim() > 1 else 100
        values = uniform(name, p.numel()) * np.float32(math.sqrt((3 if p.dim() > 1 else 1) / fan_in))
        if p.dim() == 1 and name.endswith("weight"):
            values += np.float32(1)
        p.data = torch.from_numpy(values).reshape(p.shape)
    return module.eval()


def counted(run):
    """What run returns, and its FLOP."""
    with FlopCounterMode(display=False) as counter:
        out = run()
    return out, torch.tensor([counter.get_total_flops()])


def unet(**more):
    model = UNet2DConditionModel(in_channels=4, out_channels=4, norm_num_groups=4, use_linear_projection=True, **more)
    model.set_attn_processor(AttnProcessor())  # whose products can be counted
    return fill(model)


def xl_unet():
    return unet(
        block_out_channels=(8, 16, 24),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 2, 3],
        attention_head_dim=[1, 2, 3],
        cross_attention_dim=28,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=10 + 6 * 8,
    )


def text_config(**more):
    return CLIPTextConfig(
        vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, bos_token_id=58, eos_token_id=END, pad_token_id=END, **more
    )


def sd2():
    model = unet(
        block_out_channels=(8, 16),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=[2, 4],
        cross_attention_dim=12,
    )
    g = {"sample": normal(2, 4, 8, 12), "timestep": torch.tensor([17.0, 749.25]), "context": normal(2, POSITIONS, 12)}
    g["out"], g["flop"] = counted(lambda: model(g["sample"], g["timestep"], g["context"]).sample)
    return g


def sdxl():
    first = fill(
        CLIPTextModel(
            text_config(
                hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, hidden_act="quick_gelu"
            )
        )
    )
    second = fill(
        CLIPTextModelWithProjection(
            text_config(
                hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4, hidden_act="gelu", projection_dim=10
            )
        )
    )
    model = xl_unet()
    ids = torch.tensor([[58, 3, 14, 15, END, END, END, END, END], [58, 9, 2, 6, 5, 35, 8, 9, END]])
    ids_2 = torch.where(ids.eq(END).cumsum(1) > 1, 0, ids)  # OpenCLIP fills up with 0
    g = {"ids": ids, "ids_2": ids_2, "sample": normal(2, 4, 8, 12), "timestep": torch.tensor([999.0, 250.5])}
    g["sizes"] = torch.tensor([[1024.0, 768, 0, 64, 1024, 1024], [512, 512, 8, 0, 64, 96]])
    one, two = first(ids, output_hidden_states=True), second(ids_2, output_hidden_states=True)
    g["context"] = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1)
    g["pooled"] = two.text_embeds
    added = {"text_embeds": g["pooled"], "time_ids": g["sizes"]}
    g["out"], g["flop"] = counted(lambda: model(g["sample"], g["timestep"], g["context"], added_cond_kwargs=added).sample)
    return g


def tiny():
    model = fill(AutoencoderTiny())
    g = {"latent": 2 * normal(1, 4, 4, 6), "pixels": normal(1, 3, 32, 48).clamp(-1, 1)}
    g["decoded"], g["flop"] = counted(lambda: model.decode(g["latent"]).sample)
    g["encoded"] = model.encode(g["pixels"]).latents
    return g


@torch.no_grad()
def main():
    parts = {"sd2": sd2(), "sdxl": sdxl(), "tiny": tiny()}
    found = {f"{part}.{name}": t.contiguous().float() for part, g in parts.items() for name, t in g.items()}
    for name, t in found.items():
        print(f"{name}: {list(t.shape)}, standard deviation {t.std(correction=0):.3g}")
    save_file(found, OUT, metadata={"made_by": "engine/golden/geometries.py"})
    OUT.chmod(0o644)


if __name__ == "__main__":
    main()
