"""What LoRA and its kin make of layers and of a network.

    python engine/golden/adapters.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, safetensors 0.8.0, numpy 2.4.6, and
peft 0.21.2, lycoris-lora 4.1.3, accelerate 1.15.0, einops 0.8.2, toml.

Writes engine/adapter/testdata/layers.safetensors. For each form of layer
  <form>/layer.weight, <form>/layer.bias: as it was, and <form>/x: its input
and for each kind of adapter
  <kind>.<form>/y: its output then
  <kind>.<form>/file/…: the adapter's tensors, by the names that they have in files
and the metadata <kind>.<form>: what stands beside them, if anything.
Pictures are [N,C,H,W], tokens [N,T,C].

Writes engine/pipeline/testdata/adapter.safetensors: a LoRA for miniature Stable
Diffusion 2's U-Net of geometries.py as diffusers saves it, and
  in.sample [2,4,8,12], in.timestep [2], in.context [2,9,12] → in.out
"""

import copy
import json
import pathlib
import tempfile

import torch
from diffusers import StableDiffusionPipeline
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from safetensors import safe_open

import geometries

ROOT = pathlib.Path(__file__).resolve().parents[2]
random = torch.Generator().manual_seed(2027)


def scatter(module, keep=()):
    """Gives every parameter random numbers: adapters start as nothing."""
    for name, p in module.named_parameters():
        if not any(k in name for k in keep):
            p.data = torch.randn(p.shape, generator=random) * (0.3 if p.dim() > 1 else 1) + (1 if "magnitude" in name or "dora" in name else 0)


def layers():
    linear = torch.nn.Linear(12, 20)
    square = torch.nn.Linear(16, 16)
    conv = torch.nn.Conv2d(6, 10, 3, padding=1)
    point = torch.nn.Conv2d(8, 12, 1)
    for layer in (linear, square, conv, point):
        scatter(layer)
    inputs = {linear: (2, 3, 12), square: (2, 3, 16), conv: (2, 6, 5, 4), point: (1, 8, 3, 4)}
    inputs = {layer: torch.randn(*s, generator=random) for layer, s in inputs.items()}
    forms = [("linear", linear), ("square", square), ("conv", conv), ("point", point)]
    out, beside = {}, {}
    for form, layer in forms:
        out[f"{form}/layer.weight"], out[f"{form}/layer.bias"], out[f"{form}/x"] = layer.weight.data, layer.bias.data, inputs[layer]

    def add(name, layer, y, file):
        out[f"{name}/y"] = y
        for key, value in file.items():
            out[f"{name}/file/{key}"] = value.detach().clone()

    def lycoris(name, kind, layer, **more):
        module = kind("lora_unet_layer", layer, lora_dim=3, alpha=2, **more)
        scatter(module, keep=("org_",))
        module.apply_to()  # merging would scale LoHa and LoKr twice
        y = layer(inputs[layer])
        module.restore()
        file = module.custom_state_dict() if kind is LokrModule else None
        file = file or {k: v for k, v in module.state_dict().items() if not k.startswith("org_")}
        add(name, layer, y, {f"lora_unet_layer.{k}": v for k, v in file.items()})

    for form, layer in forms:
        lycoris(f"kohya.lora.{form}", LoConModule, layer)
        lycoris(f"lycoris.loha.{form}", LohaModule, layer)
        lycoris(f"lycoris.lokr.{form}", LokrModule, layer, factor=2)
        lycoris(f"lycoris.lokr_both.{form}", LokrModule, layer, factor=4, decompose_both=True)
        lycoris(f"lycoris.lokr_full.{form}", LokrModule, layer, factor=2, full_matrix=True)
        lycoris(f"lycoris.dora.{form}", LoConModule, layer, weight_decompose=True, wd_on_out=True)
        if form != "square":  # of which nothing tells the two apart
            lycoris(f"lycoris.dora_in.{form}", LoConModule, layer, weight_decompose=True, wd_on_out=False)
        lycoris(f"lycoris.loha_dora.{form}", LohaModule, layer, weight_decompose=True, wd_on_out=True)
    for kind, name in ((LoConModule, "lora"), (LohaModule, "loha"), (LokrModule, "lokr")):
        lycoris(f"lycoris.{name}_tucker.conv", kind, conv, use_tucker=True, **({"factor": 2} if kind is LokrModule else {}))

    class Net(torch.nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x)

    for form, layer in forms:
        for name, config in (
            ("lora", LoraConfig(r=3, lora_alpha=5, target_modules=["layer"])),
            ("rslora", LoraConfig(r=3, lora_alpha=5, use_rslora=True, target_modules=["layer"])),
            ("dora", LoraConfig(r=3, lora_alpha=5, use_dora=True, target_modules=["layer"])),
            ("loha", LoHaConfig(r=3, alpha=5, target_modules=["layer"])),
            ("loha_tucker", LoHaConfig(r=3, alpha=5, use_effective_conv2d=True, target_modules=["layer"])),
            ("lokr", LoKrConfig(r=2, alpha=5, target_modules=["layer"])),
            ("lokr_both", LoKrConfig(r=1, alpha=5, decompose_both=True, decompose_factor=4, target_modules=["layer"])),
            ("lokr_tucker", LoKrConfig(r=2, alpha=5, use_effective_conv2d=True, decompose_factor=2, target_modules=["layer"])),
        ):
            net = get_peft_model(Net(copy.deepcopy(layer)), config).eval()
            scatter(net, keep=("base_layer",))
            y = net(inputs[layer])
            add(f"peft.{name}.{form}", layer, y, get_peft_model_state_dict(net))
            beside[f"peft.{name}.{form}"] = json.dumps(
                {k: v for k, v in config.to_dict().items() if k in ("r", "lora_alpha", "alpha", "use_rslora")}
            )
    save(ROOT / "engine/adapter/testdata/layers.safetensors", out, beside)


def network():
    model = geometries.unet(
        block_out_channels=(8, 16),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=[2, 4],
        cross_attention_dim=12,
    )
    model.add_adapter(
        LoraConfig(
            r=2,
            lora_alpha=3,
            target_modules=["to_q", "to_k", "to_v", "to_out.0", "proj_in", "ff.net.0.proj", "ff.net.2", "conv1", "conv_shortcut", "time_emb_proj", "conv_in"],
        )
    )
    for name, p in model.named_parameters():
        if "lora_" in name:
            p.data = torch.randn(p.shape, generator=random) * 0.2
    g = {
        "sample": torch.randn(2, 4, 8, 12, generator=random),
        "timestep": torch.tensor([17.0, 749.25]),
        "context": torch.randn(2, geometries.POSITIONS, 12, generator=random),
    }
    g["out"] = model(g["sample"], g["timestep"], g["context"]).sample
    with tempfile.TemporaryDirectory() as folder:
        StableDiffusionPipeline.save_lora_weights(
            folder,
            unet_lora_layers=get_peft_model_state_dict(model),
            unet_lora_adapter_metadata=model.peft_config["default"].to_dict(),
        )
        path = pathlib.Path(folder) / "pytorch_lora_weights.safetensors"
        found = load_file(path)
        with safe_open(path, "pt") as f:
            beside = f.metadata()
    found.update({f"in.{k}": v for k, v in g.items()})
    save(ROOT / "engine/pipeline/testdata/adapter.safetensors", found, beside)


def save(path, tensors, metadata):
    path.parent.mkdir(exist_ok=True)
    save_file({k: v.contiguous().float() for k, v in tensors.items()}, path, metadata={"made_by": "engine/golden/adapters.py", **metadata})
    path.chmod(0o644)
    print(path, path.stat().st_size)


if __name__ == "__main__":
    with torch.no_grad():
        layers()
        network()
