"""Files with weights as PyTorch and GGUF's own package write them, for
engine/checkpoint's tests.

    python engine/golden/checkpoint.py        (from the root of the repository)

Versions: torch 2.15.0, safetensors 0.8.0, gguf 0.19.0, numpy 2.4.6.

Writes engine/checkpoint/testdata:
  <name>.pt           what torch.save makes of one value, in each of its formats
  ggml.gguf           a tensor of each type, its blocks random
  float8.safetensors  the 256 numbers of both float8 types
  expected.json       per file, per tensor: type, shape and numbers as float32, their
                      bits in hexadecimal, as torch or the gguf package reads them
"""

import collections
import json
import pathlib

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "engine/checkpoint/testdata"
random = torch.Generator().manual_seed(2026)
numpy_random = np.random.default_rng(2026)
expected = {}

TYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}  # fmt: skip
# blocks of a K type: its bytes, and where in them are float16 scales
K_TYPES = {"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}


def normal(*shape):
    return torch.randn(*shape, generator=random)


def bits(numbers):
    return np.ascontiguousarray(numbers, "<f4").tobytes().hex()


def note(file, name, dtype, shape, numbers):
    expected.setdefault(file, {})[name] = {"dtype": dtype, "shape": list(shape), "bits": bits(numbers)}


def save(file, value, tensors, **options):
    torch.save(value, OUT / file, **options)
    for name, t in tensors.items():
        note(file, name, TYPES[t.dtype], t.shape, t.detach().float().numpy())


def model():
    """Views of all kinds, shared storages and every type."""
    base = normal(4, 6)
    shared = normal(10)
    weights = collections.OrderedDict(
        rows=normal(2, 3),
        transposed=base.T,
        columns=base[:, 1:4],
        steps=base[::2, ::3],
        permuted=normal(2, 3, 4).permute(2, 0, 1),
        head=shared[:4],
        tail=shared[4:],
        tied=shared,
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        parameter=torch.nn.Parameter(normal(3)),
        half=normal(5).half(),
        bfloat=normal(5).bfloat16(),
        half_transposed=normal(2, 3).half().T,
        double=normal(2).double(),
        ids=torch.arange(7),
        int=torch.tensor([-3, 70000], dtype=torch.int32),
        short=torch.tensor([-3, 300], dtype=torch.int16),
        char=torch.tensor([-3, 100], dtype=torch.int8),
        byte=torch.tensor([3, 200], dtype=torch.uint8),
        bool=torch.tensor([True, False]),
    )
    return weights


class Serial(type):
    """Stands for str in torch.serialization: the keys of storages in the older format
    are addresses, which would differ at every run; here they are counted."""

    seen = {}

    def __instancecheck__(cls, value):
        return isinstance(value, str)

    def __call__(cls, value):
        return f"{Serial.seen.setdefault(value, len(Serial.seen)):09}" if isinstance(value, int) else str(value)


def pickles():
    torch.serialization.str = Serial("str", (), {})
    weights = model()
    for protocol in 2, 3, 4, 5:
        save(f"protocol{protocol}.pt", weights, weights, pickle_protocol=protocol)
    save("legacy.pt", weights, weights, _use_new_zipfile_serialization=False)
    small = {k: weights[k] for k in ("rows", "columns")}
    save("legacy4.pt", small, small, _use_new_zipfile_serialization=False, pickle_protocol=4)

    eights = {
        "e4m3": normal(6).to(torch.float8_e4m3fn), "e5m2": normal(2, 3).to(torch.float8_e5m2).T,
    }  # fmt: skip
    save("float8.pt", eights, eights)

    linear = torch.nn.Linear(2, 3)
    with torch.no_grad():
        linear.weight.copy_(normal(3, 2))
        linear.bias.copy_(normal(3))
    state = linear.state_dict()  # with _metadata
    trained = {
        "epoch": 3, "global_step": 470000, "pytorch-lightning_version": "1.4.2", "state_dict": state,
        "optimizer_states": [{"state": {0: {"exp_avg": normal(2)}}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999)}]}],
        "lr": np.float64(0.25), "count": np.int64(-5), "seen": {"a"}, "device": torch.device("cpu"), "size": torch.Size([2]),
    }  # fmt: skip
    save("trained.pt", trained, dict(state))
    save("trained2.pt", dict(trained, pickled=np.float32(1.5)), dict(state), pickle_protocol=4)

    # As the repository textual_inversion and AUTOMATIC1111's web UI save an embedding.
    vector = normal(2, 8)
    embedding = {
        "string_to_token": {"*": torch.tensor(265)}, "string_to_param": {"*": vector}, "name": "cat-toy", "step": 500,
        "sd_checkpoint": None, "sd_checkpoint_name": "model",
    }  # fmt: skip
    save("embedding.pt", embedding, {"string_to_param.*": vector, "string_to_token.*": torch.tensor(265)})
    module = torch.nn.ParameterDict({"*": torch.nn.Parameter(vector)})
    save("embedding_module.pt", {"string_to_token": {"*": 265}, "string_to_param": module}, {"string_to_param.*": vector})

    # As AUTOMATIC1111's web UI saves a hypernetwork.
    layers = [{"linear.0.weight": normal(2, 2), "linear.0.bias": normal(2)} for _ in range(2)]
    hypernetwork = {
        320: tuple(layers), "step": 7, "name": "style", "layer_structure": [1, 2, 1], "activation_func": "relu",
        "is_layer_norm": False, "dropout_structure": [0, 0.3, 0],
    }  # fmt: skip
    named = {f"320.{i}.{k}": t for i, layer in enumerate(layers) for k, t in layer.items()}
    save("hypernetwork.pt", hypernetwork, named)

    nested = [normal(2), {"x": normal(3)}]
    save("list.pt", nested, {"0": nested[0], "1.x": nested[1]["x"]})


def ggml():
    writer = gguf.GGUFWriter(OUT / "ggml.gguf", "sd")
    writer.add_string("general.name", "random")
    writer.add_uint32("answer", 42)
    writer.add_int64("less", -7)
    writer.add_float32("scale", 0.5)
    writer.add_bool("yes", True)
    writer.add_array("some", [1, 2, 3])
    writer.add_array("names", ["a", "b"])
    writer.add_array("many", list(range(40)))
    writer.add_array("words", [f"word{i}" for i in range(40)])
    writer.add_array("comfy.gguf.orig_shape.flat", [2, 1, 3])
    plain = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}
    for name, dtype in plain.items():
        data = (numpy_random.standard_normal((2, 3)) * 20).astype(dtype)
        writer.add_tensor(name, data)
        note("ggml.gguf", name, name, data.shape, data.astype("<f4"))
    flat = numpy_random.standard_normal(6).astype("<f4")
    writer.add_tensor("flat", flat)
    note("ggml.gguf", "flat", "F32", (2, 1, 3), flat)
    for name in "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0":
        kind = gguf.GGMLQuantizationType[name]
        blocks = gguf.quants.quantize(numpy_random.standard_normal((3, 64)).astype("<f4"), kind)
        writer.add_tensor(name, blocks, raw_dtype=kind)
        note("ggml.gguf", name, name, (3, 64), gguf.quants.dequantize(blocks, kind))
    for name, scales in K_TYPES.items():
        kind = gguf.GGMLQuantizationType[name]
        _, width = gguf.GGML_QUANT_SIZES[kind]
        blocks = numpy_random.integers(0, 256, (2, 2 * width), np.uint8)
        for at in scales:
            for block in 0, 1:
                halves = (numpy_random.standard_normal(2) / 30).astype("<f2").view(np.uint8).reshape(2, 2)
                blocks[:, block * width + at : block * width + at + 2] = halves
        writer.add_tensor(name, blocks, raw_dtype=kind)
        note("ggml.gguf", name, name, (2, 512), gguf.quants.dequantize(blocks, kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def float8():
    every = torch.arange(256, dtype=torch.uint8)
    tensors = {"e4m3": every.view(torch.float8_e4m3fn), "e5m2": every.clone().view(torch.float8_e5m2)}
    save_file(tensors, OUT / "float8.safetensors")
    for name, t in tensors.items():
        note("float8.safetensors", name, TYPES[t.dtype], t.shape, t.float().numpy())


OUT.mkdir(exist_ok=True)
pickles()
ggml()
float8()
(OUT / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
