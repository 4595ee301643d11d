"""Every family of Stable Diffusion in miniature, as single files name it.

    python engine/golden/families.py        (from the root of the repository)

Versions: torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Writes into engine/pipeline/testdata:
  families.json.gz: for each family the tensors of its file: name, shape, gain. The
  weights are made from these names, here (values) and in the test, with the same
  bits. Where diffusers can convert such a file, what it makes of it is compared
  with the networks that were run.
  families.safetensors: for each family
    text [2,5,d] and, if there is one, pooled [2,p]: of the negative and the prompt,
    of the first the tokens in SEEN
    predicted [2,4,16,16]: what the U-Net makes of sample<channels> at timesteps
    final [1,4,16,16]: after 20 Euler steps with guidance 3 from draw 0 of seed 7
  and for all of them
    sample4, sample8, sample9 [1,channels,16,16] and timesteps [2]
    latent [1,4,16,16] → decoded [1,3,64,64]  (not scaled)
    moments [1,8,16,16] of picture()
Pictures are [N,C,H,W] here. All of it is float32.
"""

import gzip
import json
import math
import pathlib
import types

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders import single_file_utils
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import philox
from geometries import uniform

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "engine/pipeline/testdata"
PROMPT, NEGATIVE = "a red apple on a table, oil painting", "blurry"
GUIDANCE, IMAGE_GUIDANCE, STEPS, SEED = 3.0, 1.5, 20, 7
SIDE, LATENT = 64, 16
SEEN = [0, 3, 10, 40, 76]
VOCABULARY, POSITIONS = 49408, 77


def tokenizer():
    lines = gzip.open(ROOT / "engine/tokenizer/clip_merges.txt.gz", "rt", encoding="utf-8").read().split("\n")[1:]
    merges = [tuple(line.split(" ")) for line in lines if line]
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [c for c in range(256) if c not in printed]
    units = [chr(c) for c in printed] + [chr(256 + i) for i in range(len(hidden))]
    tokens = units + [u + "</w>" for u in units] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={t: i for i, t in enumerate(tokens)}, merges=merges)


TOKENIZER = tokenizer()


def ids(text, pad):
    """Start, tokens, end, and then pad."""
    found = [49406] + TOKENIZER(text, add_special_tokens=False).input_ids + [49407]
    return torch.tensor([found + [pad] * (POSITIONS - len(found))])


# --- names -------------------------------------------------------------------

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def ldm_unet(name, config):
    layers = config.layers_per_block
    p = name.split(".")
    if p[0] not in ("down_blocks", "up_blocks", "mid_block"):
        module, _, kind = name.rpartition(".")
        return f"model.diffusion_model.{UNET[module]}.{kind}"
    if p[0] == "mid_block":
        kind, j, rest = p[1], int(p[2]), p[3:]
        at = "middle_block.1" if kind == "attentions" else f"middle_block.{2 * j}"
    else:
        i, kind, j, rest = int(p[1]), p[2], int(p[3]), p[4:]
        if p[0] == "down_blocks":
            block = i * (layers + 1) + j + 1
            at = f"input_blocks.{block}.{'0' if kind == 'resnets' else '1'}"
            if kind == "downsamplers":
                return f"model.diffusion_model.input_blocks.{(i + 1) * (layers + 1)}.0.op.{rest[-1]}"
        else:
            block = i * (layers + 1) + j
            at = f"output_blocks.{block}.{'0' if kind == 'resnets' else '1'}"
            if kind == "upsamplers":
                after = "2" if "CrossAttn" in config.up_block_types[i] else "1"
                return f"model.diffusion_model.output_blocks.{i * (layers + 1) + layers}.{after}.conv.{rest[-1]}"
    if kind == "resnets":
        rest = [RESNET[rest[0]], *rest[1:]]
    return f"model.diffusion_model.{at}.{'.'.join(rest)}"


ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def ldm_vae(name, levels):
    p = name.split(".")
    if len(p) > 3 and p[1] == "mid_block":
        if p[2] == "attentions":
            p = [p[0], "mid.attn_1", ATTENTION[".".join(p[4:-1])], p[-1]]
        else:
            p = [p[0], f"mid.block_{int(p[3]) + 1}", *p[4:]]
    elif len(p) > 3:
        i = int(p[2])
        way, i = ("down", i) if p[1] == "down_blocks" else ("up", levels - 1 - i)
        if p[3] == "resnets":
            p = [p[0], f"{way}.{i}.block", *p[4:]]
        else:
            p = [p[0], f"{way}.{i}.{way}sample", *p[5:]]
    return "first_stage_model." + ".".join(p).replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")


OPENCLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
OPENCLIP_ENDS = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
    "text_projection.weight": "text_projection",
}


class File:
    """The tensors of a single file. Its values depend on its own names alone."""

    def __init__(self):
        self.tensors = []
        self.values = {}

    def tensor(self, name, shape, gain=1):
        self.tensors.append([name, list(shape), gain])
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else 100
        scale = np.float32(math.sqrt((3 if len(shape) > 1 else 1) / fan_in))
        values = uniform(name, math.prod(shape)) * scale * np.float32(gain)
        if len(shape) == 1 and name.endswith("weight"):
            values += np.float32(1)
        self.values[name] = torch.from_numpy(values).reshape(shape)
        return self.values[name]


def set_all(model, values):
    model.load_state_dict(values, strict=True)
    return model.eval()


def unet(file, gains=None, **config):
    config.setdefault("norm_num_groups", 32)
    model = UNet2DConditionModel(sample_size=LATENT, out_channels=4, **{"in_channels": 4} | config)
    values = {}
    for name, p in model.state_dict().items():
        ldm = ldm_unet(name, model.config)
        values[name] = file.tensor(ldm, p.shape, (gains or {}).get(ldm, 1))
    set_all(model, values)
    standard = model.config.mid_block_type and model.config.time_cond_proj_dim is None
    if standard:
        same(single_file_utils.convert_ldm_unet_checkpoint(dict(file.values), dict(model.config)), values)
    return model


def vae(file, scaling):
    model = AutoencoderKL(
        block_out_channels=(32, 32, 64),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        scaling_factor=scaling,
    )
    values = {}
    for name, p in model.state_dict().items():
        shape = list(p.shape)
        if "attentions" in name and len(shape) == 2:
            shape += [1, 1]
        values[name] = file.tensor(ldm_vae(name, 3), shape).reshape(p.shape)
    same(single_file_utils.convert_ldm_vae_checkpoint(dict(file.values), dict(model.config)), values)
    return set_all(model, values)


def text_config(hidden, layers, act, projection=512):
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        max_position_embeddings=POSITIONS,
        hidden_act=act,
        projection_dim=projection,
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=49407,
    )


def clip(file, prefix, hidden, layers):
    """CLIP as transformers names it, which leaves out text_model. since version 5."""
    model = CLIPTextModel(text_config(hidden, layers, "quick_gelu"))
    values = {n: file.tensor(f"{prefix}text_model.{n.removeprefix('text_model.')}", p.shape) for n, p in model.state_dict().items()}
    return set_all(model, values)


def openclip(file, prefix, hidden, layers, projection=None):
    """OpenCLIP; without a projection the model leaves out the file's last layer."""
    config = text_config(hidden, layers, "gelu", projection or hidden)
    model = CLIPTextModelWithProjection(config) if projection else CLIPTextModel(config)
    values = {}
    in_file = CLIPTextModelWithProjection(text_config(hidden, layers + (not projection), "gelu", projection or hidden))
    known = model.state_dict()
    begin = "text_model." if any(n.startswith("text_model.") for n in known) else ""

    def keep(name, tensor):
        name = name if name == "text_projection.weight" else begin + name
        if name in known:
            values[name] = tensor.contiguous()

    for name, p in in_file.state_dict().items():
        name = name.removeprefix("text_model.")
        if name in OPENCLIP_ENDS:
            t = file.tensor(prefix + OPENCLIP_ENDS[name], p.T.shape if name == "text_projection.weight" else p.shape)
            keep(name, t.T if name == "text_projection.weight" else t)
            continue
        _, _, n, rest = name.split(".", 3)
        layer = f"{prefix}transformer.resblocks.{n}."
        module, _, kind = rest.rpartition(".")
        if module in OPENCLIP:
            keep(name, file.tensor(f"{layer}{OPENCLIP[module]}.{kind}", p.shape))
        elif module == "self_attn.q_proj":
            joined = file.tensor(f"{layer}attn.in_proj_{kind}", [3 * p.shape[0], *p.shape[1:]])
            for proj, part in zip("qkv", joined.chunk(3)):
                keep(f"encoder.layers.{n}.self_attn.{proj}_proj.{kind}", part)
    # diffusers' conversion asks for the names of transformers before version 5
    theirs = single_file_utils.convert_open_clip_checkpoint(types.SimpleNamespace(config=config), dict(file.values), prefix)
    ours = {n if n == "text_projection.weight" else "text_model." + n.removeprefix("text_model."): t for n, t in values.items()}
    same({n: t for n, t in theirs.items() if n in ours}, ours)
    return set_all(model, values)


def same(theirs, ours):
    assert theirs.keys() == ours.keys(), sorted(theirs.keys() ^ ours.keys())[:4]
    for name, t in ours.items():
        assert torch.equal(theirs[name].reshape(t.shape), t), name


# --- drawing -----------------------------------------------------------------


def noise_levels(zero_snr):
    """Timesteps and σ, evenly spaced; a model trained down to pure noise leaves the last timestep out."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alphas = (1 - betas).cumprod(0)
    timesteps = torch.linspace(999, 0, STEPS, dtype=torch.float64)
    if zero_snr:
        root = alphas.sqrt()
        root = (root - root[-1]) * root[0] / (root[0] - root[-1])
        alphas = root**2
        alphas[-1] = 4.8973451890853435e-08
        timesteps = torch.linspace(999, 0, STEPS + 1, dtype=torch.float64)[:-1]
    ln = ((1 - alphas) / alphas).log() / 2
    low, high = timesteps.floor().long(), timesteps.ceil().long()
    return timesteps.tolist(), torch.lerp(ln[low], ln[high], timesteps - low).exp().tolist() + [0.0]


def draw(predict, v, zero_snr):
    timesteps, sigmas = noise_levels(zero_snr)
    x = noise(0, 4) * sigmas[0]
    for t, sigma, following in zip(timesteps, sigmas, sigmas[1:]):
        out = predict(x / (sigma**2 + 1) ** 0.5, torch.tensor([t], dtype=torch.float32))
        x0 = x / (sigma**2 + 1) - out * sigma / (sigma**2 + 1) ** 0.5 if v else x - sigma * out
        x = x + (x - x0) / sigma * (following - sigma)
    return x


def noise(number, channels):
    return torch.from_numpy(philox.normal(SEED, number, channels * LATENT**2)).reshape(1, channels, LATENT, LATENT)


def picture():
    """The picture that is painted into or changed; the test makes the same."""
    values = ((uniform("picture", SIDE * SIDE * 3) + np.float32(1)) * np.float32(128)).astype(np.uint8)
    return torch.from_numpy(values.reshape(1, SIDE, SIDE, 3)).permute(0, 3, 1, 2).float() / 127.5 - 1


def mask():
    m = torch.zeros(1, 1, SIDE, SIDE)
    m[:, :, :40, 24:] = 1
    return m


def run(file, texts, model, autoencoder, v=False, zero_snr=False, numbers=None, zero_empty=False, task="drawing", negative=NEGATIVE):
    """One family's goldens; texts gives the embeddings and the pooled vector of a text."""
    (uncond, pooled_uncond), (cond, pooled_cond) = texts(negative), texts(PROMPT)
    g = {"text": torch.cat([uncond, cond])[:, SEEN]}
    if zero_empty:
        uncond, pooled_uncond = torch.zeros_like(uncond), torch.zeros_like(pooled_uncond)
    words = torch.cat([uncond, cond])
    added = None
    if numbers:
        g["pooled"] = torch.cat([texts(negative)[1], pooled_cond])
        added = {"text_embeds": torch.cat([pooled_uncond, pooled_cond]), "time_ids": torch.tensor(numbers, dtype=torch.float32)}
    guidance = None
    if model.config.time_cond_proj_dim:
        guidance = StableDiffusionPipeline.get_guidance_scale_embedding(
            None, torch.tensor([GUIDANCE - 1]), embedding_dim=model.config.time_cond_proj_dim
        )

    def unet(x, t, rows=slice(None)):
        kw = {} if added is None else {"added_cond_kwargs": {k: a[rows] for k, a in added.items()}}
        w = words[rows]
        cond = None if guidance is None else guidance.expand(len(w), -1)
        return model(x.expand(len(w), -1, -1, -1), t, w, timestep_cond=cond, **kw).sample

    channels = model.config.in_channels
    g[f"sample{channels}"], g["timesteps"] = noise(1, channels), torch.tensor([17.0, 749.25])
    g["predicted"] = unet(g[f"sample{channels}"], g["timesteps"])
    g["latent"] = noise(2, 4)
    g["decoded"] = autoencoder.decode(g["latent"]).sample
    g["moments"] = autoencoder.encode(picture()).latent_dist.parameters

    scale = autoencoder.config.scaling_factor
    if task == "inpainting":
        masked = autoencoder.encode(picture() * (mask() < 0.5)).latent_dist.mode() * scale
        beside = torch.cat([torch.nn.functional.interpolate(mask(), size=(LATENT, LATENT)), masked], 1)
    elif task == "editing":
        beside = autoencoder.encode(picture()).latent_dist.mode()

    def predict(x, t):
        if task == "editing":
            both = unet(torch.cat([x, beside], 1), t, slice(1, 2))
            seen = unet(torch.cat([x, beside], 1), t, slice(0, 1))
            nothing = unet(torch.cat([x, torch.zeros_like(beside)], 1), t, slice(0, 1))
            return nothing + GUIDANCE * (both - seen) + IMAGE_GUIDANCE * (seen - nothing)
        if task == "inpainting":
            x = torch.cat([x, beside], 1)
        if guidance is not None:
            return unet(x, t, slice(1, 2))
        a, b = unet(x, t).chunk(2)
        return a + GUIDANCE * (b - a)

    g["final"] = draw(predict, v, zero_snr)
    return file.tensors, {name: t.contiguous().float() for name, t in g.items()}


# --- the families ------------------------------------------------------------

DOWN, UP = "DownBlock2D", "UpBlock2D"
CROSS_DOWN, CROSS_UP = "CrossAttn" + DOWN, "CrossAttn" + UP


def last_hidden(encoder, pad):
    return lambda text: (encoder(ids(text, pad)).last_hidden_state, None)


def sd1(task="drawing", **more):
    f = File()
    text = clip(f, "cond_stage_model.transformer.", 64, 2)
    model = unet(
        f,
        block_out_channels=(32, 64, 64),
        layers_per_block=2,
        down_block_types=(CROSS_DOWN, CROSS_DOWN, DOWN),
        up_block_types=(UP, CROSS_UP, CROSS_UP),
        attention_head_dim=8,
        cross_attention_dim=64,
        **more,
    )
    f.tensor("alphas_cumprod", [3])
    f.tensor("cond_stage_model.transformer.text_model.embeddings.position_ids", [1, 2])
    return run(f, last_hidden(text, 49407), model, vae(f, 0.18215), task=task)


def sd2(v):
    f = File()
    text = openclip(f, "cond_stage_model.model.", 64, 23)
    f.tensor("cond_stage_model.model.logit_scale", [])
    model = unet(
        f,
        # by how far these are spread the two kinds of Stable Diffusion 2 are told apart
        gains={"model.diffusion_model.output_blocks.8.1.transformer_blocks.0.norm1.bias": 3 if v else 1},
        block_out_channels=(64, 128, 128),
        layers_per_block=2,
        down_block_types=(CROSS_DOWN, CROSS_DOWN, DOWN),
        up_block_types=(UP, CROSS_UP, CROSS_UP),
        attention_head_dim=[1, 2, 2],
        cross_attention_dim=64,
        use_linear_projection=True,
    )
    return run(f, last_hidden(text, 0), model, vae(f, 0.18215), v=v)


XL = dict(
    block_out_channels=(64, 128, 128),
    layers_per_block=2,
    down_block_types=(DOWN, CROSS_DOWN, CROSS_DOWN),
    up_block_types=(CROSS_UP, CROSS_UP, UP),
    attention_head_dim=[1, 2, 2],
    cross_attention_dim=192,
    use_linear_projection=True,
    addition_embed_type="text_time",
    addition_time_embed_dim=256,
    projection_class_embeddings_input_dim=128 + 6 * 256,
)
SIZES = [SIDE, SIDE, 0, 0, SIDE, SIDE]


def penultimate(first, second):
    def texts(text):
        one, two = first(ids(text, 49407), output_hidden_states=True), second(ids(text, 0), output_hidden_states=True)
        return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1), two.text_embeds

    return texts


def xl(markers=(), v=False, zero_snr=False, negative=NEGATIVE, **more):
    f = File()
    first = clip(f, "conditioner.embedders.0.transformer.", 64, 2)
    second = openclip(f, "conditioner.embedders.1.model.", 128, 3, 128)
    model = unet(f, **XL | {"transformer_layers_per_block": [1, 2, 3]} | more)
    for m in markers:
        f.tensor(m, [])
    return run(
        f,
        penultimate(first, second),
        model,
        vae(f, 0.13025),
        v=v,
        zero_snr=zero_snr,
        numbers=[SIZES, SIZES],
        zero_empty=negative == "",
        negative=negative,
    )


def refiner():
    f = File()
    text = openclip(f, "conditioner.embedders.0.model.", 128, 3, 128)
    model = unet(
        f,
        block_out_channels=(64, 128, 128, 128),
        layers_per_block=2,
        down_block_types=(DOWN, CROSS_DOWN, CROSS_DOWN, DOWN),
        up_block_types=(UP, CROSS_UP, CROSS_UP, UP),
        transformer_layers_per_block=2,
        attention_head_dim=[1, 2, 2, 2],
        cross_attention_dim=128,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=128 + 5 * 256,
    )

    def texts(t):
        out = text(ids(t, 0), output_hidden_states=True)
        return out.hidden_states[-2], out.text_embeds

    return run(f, texts, model, vae(f, 0.13025), numbers=[[SIDE, SIDE, 0, 0, 2.5], [SIDE, SIDE, 0, 0, 6]])


def sdxs():
    """As SDXS made from Stable Diffusion 2: no middle, one layer, and at the finest level only the words are looked at."""
    f = File()
    text = openclip(f, "cond_stage_model.model.", 192, 23)
    model = unet(
        f,
        block_out_channels=(64, 128, 128),
        layers_per_block=1,
        down_block_types=(CROSS_DOWN,) * 3,
        up_block_types=(CROSS_UP,) * 3,
        mid_block_type=None,
        only_cross_attention=[True, False, False],
        attention_head_dim=[1, 2, 2],
        cross_attention_dim=192,
        use_linear_projection=True,
    )
    return run(f, last_hidden(text, 0), model, vae(f, 0.18215))


@torch.no_grad()
def main():
    torch.set_num_threads(1)  # the networks are too small for more
    families = {
        "sd1": sd1(),
        "inpaint": sd1("inpainting", in_channels=9),
        "ip2p": sd1("editing", in_channels=8),
        "lcm": sd1(time_cond_proj_dim=32),
        "sd2": sd2(False),
        "sd2v": sd2(True),
        "sdxs": sdxs(),
        "xl": xl(),
        "xlv": xl(("v_pred", "ztsnr"), v=True, zero_snr=True, negative=""),
        "ssd": xl(
            mid_block_type="UNetMidBlock2D",
            transformer_layers_per_block=[[1, 1], [2, 2], [2, 2]],
            reverse_transformer_layers_per_block=[[2, 2, 3], [2, 1, 1], [1, 1, 1]],
        ),
        "refiner": refiner(),
    }
    own = {"text", "pooled", "predicted", "final"}
    kept = {}
    for family, (_, g) in families.items():
        for name, t in g.items():
            name = f"{family}.{name}" if name in own else name
            # every family has the same autoencoder
            assert name not in kept or torch.equal(kept[name], t), name
            kept[name] = t
        print(f"{family}: the last latent's standard deviation is {g['final'].std(correction=0):.3g}")
    save_file(kept, OUT / "families.safetensors", metadata={"made_by": "engine/golden/families.py"})
    names = json.dumps({family: tensors for family, (tensors, _) in families.items()}, separators=(",", ":"))
    (OUT / "families.json.gz").write_bytes(gzip.compress(names.encode(), 9, mtime=0))
    (OUT / "families.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
