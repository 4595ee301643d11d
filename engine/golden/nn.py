"""Outputs and gradients of PyTorch's layers, for engine/nn's tests.

    python engine/golden/nn.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Writes engine/nn/testdata/golden.safetensors. Per case there are
  <case>.<parameter>          as a diffusers or transformers file names and lays it out
  <case>.in.<input>           the inputs
  <case>.out                  the output
  <case>.seed                 the gradient handed to the output: of Σ seed·out
  <case>.grad.<name>          the gradient of each parameter and input
Pictures are laid out [N,H,W,C] here, tokens [N,T,C]; parameters and their
gradients keep PyTorch's order. Computed in float64, stored in float32: what
differs from these numbers by more than float32's own rounding is wrong.
"""

import pathlib

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import get_timestep_embedding
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from transformers import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPAttention

ROOT = pathlib.Path(__file__).resolve().parents[2]
torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(2026)


def normal(*shape):
    return torch.randn(*shape, generator=random)


def picture(n, h, w, c):
    """A picture to be stored channels last, as PyTorch wants it."""
    return normal(n, c, h, w).requires_grad_()


def tokens(n, t, c):
    return normal(n, t, c).requires_grad_()


def fill(module):
    """Makes every parameter random, so that none is trivially 0 or 1."""
    for layer in module.modules():
        for name, p in layer.named_parameters(recurse=False):
            fan_in = p[0].numel() if p.dim() > 1 else 10
            p.data = normal(*p.shape) / fan_in**0.5
            if isinstance(layer, (nn.GroupNorm, nn.LayerNorm)) and name == "weight":
                p.data += 1
    return module.eval()


def channels_last(t):
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


class Sequence(nn.Module):
    """A layer and the function that follows it, under the layer's own names."""

    def __init__(self, layer, then=lambda x: x, first=lambda x: x):
        super().__init__()
        self.layer, self.then, self.first = layer, then, first

    def forward(self, x):
        return self.then(self.layer(self.first(x)))


class Causal(nn.Module):
    """CLIP's self-attention, each token seeing itself and those before it."""

    def __init__(self, width, heads):
        super().__init__()
        config = CLIPTextConfig(hidden_size=width, num_attention_heads=heads, attn_implementation="sdpa")
        self.layer = CLIPAttention(config)

    def forward(self, x):
        ahead = torch.full((x.shape[1], x.shape[1]), float("-inf")).triu(1)
        return self.layer(x, attention_mask=ahead[None, None])[0]


def cases():
    def conv(k, stride, padding):
        return nn.Conv2d(6, 5, k, stride, padding)

    image = dict(x=picture(2, 7, 6, 6))
    yield "conv3x3", Sequence(conv(3, 1, 1)), image
    yield "conv1x1", Sequence(conv(1, 1, 0)), image
    # The downsampling layers keep the number of channels.
    yield "down_all_round", Sequence(nn.Conv2d(6, 6, 3, 2, 1)), image
    # The autoencoder's: padded below and to the right only, pad (0,1,0,1).
    yield "down_after", Sequence(nn.Conv2d(6, 6, 3, 2, 0), first=lambda x: F.pad(x, (0, 1, 0, 1))), image

    wide = dict(x=tokens(2, 5, 8))
    yield "linear", Sequence(nn.Linear(8, 6)), wide
    yield "linear_without_bias", Sequence(nn.Linear(8, 6, bias=False)), wide
    yield "layer_norm", Sequence(nn.LayerNorm(8)), wide
    channels = dict(x=picture(2, 4, 3, 8))
    yield "group_norm", Sequence(nn.GroupNorm(4, 8, eps=1e-5)), channels
    yield "group_norm_silu", Sequence(nn.GroupNorm(4, 8, eps=1e-6), then=F.silu), channels

    none = nn.Identity()
    yield "silu", Sequence(none, then=F.silu), wide
    yield "gelu", Sequence(none, then=F.gelu), wide
    yield "quick_gelu", Sequence(none, then=lambda x: x * torch.sigmoid(1.702 * x)), wide
    yield "geglu", Sequence(GEGLU(8, 6)), wide  # proj is the linear layer before the gate
    yield "upsample", Sequence(none, then=lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest")), channels

    yield "self_attention", Attention(8, heads=2, dim_head=4), dict(hidden_states=tokens(2, 7, 8))
    yield (
        "cross_attention",
        Attention(8, cross_attention_dim=6, heads=2, dim_head=4),
        dict(hidden_states=tokens(2, 7, 8), encoder_hidden_states=tokens(2, 5, 6)),
    )
    yield "causal_attention", Causal(8, 2), dict(x=tokens(2, 7, 8))

    yield (
        "resnet",
        ResnetBlock2D(in_channels=8, out_channels=12, temb_channels=10, groups=4, eps=1e-5),
        dict(input_tensor=picture(2, 5, 4, 8), temb=normal(2, 10).requires_grad_()),
    )
    yield (
        "transformer",
        Transformer2DModel(2, 4, in_channels=8, num_layers=1, norm_num_groups=4, cross_attention_dim=6),
        dict(hidden_states=picture(2, 4, 3, 8), encoder_hidden_states=tokens(2, 5, 6)),
    )


def main():
    found = {}

    def keep(name, t):
        found[name] = t.detach().float().contiguous()

    for case, module, inputs in cases():
        fill(module)
        for x in inputs.values():
            x.grad = None
        out = module(**inputs)
        out = out[0] if isinstance(out, tuple) else getattr(out, "sample", out)
        seed = normal(*out.shape)
        (seed * out).sum().backward()
        for name, p in module.named_parameters():
            name = name.removeprefix("layer.")
            keep(f"{case}.{name}", p)
            keep(f"{case}.grad.{name}", p.grad)
        for name, x in inputs.items():
            keep(f"{case}.in.{name}", channels_last(x))
            keep(f"{case}.grad.{name}", channels_last(x.grad))
        keep(f"{case}.out", channels_last(out))
        keep(f"{case}.seed", channels_last(seed))

    # Computed in float32, as in training and in every other tool.
    timesteps = torch.tensor([0.0, 1.0, 17.5, 500.0, 749.25, 999.0], dtype=torch.float32)
    keep("timestep.in.timesteps", timesteps)
    keep("timestep.out", get_timestep_embedding(timesteps, 32, flip_sin_to_cos=True, downscale_freq_shift=0))

    path = ROOT / "engine/nn/testdata/golden.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(found, path, metadata={"made_by": "engine/golden/nn.py"})


if __name__ == "__main__":
    main()
