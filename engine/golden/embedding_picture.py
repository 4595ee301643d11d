"""Textual inversions in pictures, as AUTOMATIC1111's web UI saves them.

    python engine/golden/embedding_picture.py        (from the root of the repository)

Versions: numpy 2.4.6, Pillow 13.0.0.

Writes engine/adapter/testdata/embedding_text.png (base64 in a text), _pixels.png and
_pixels.webp (in the pixels): two vectors of six numbers, 0.5·k − 1.25 for k = 0 … 11.
"""

import base64
import json
import pathlib
import zlib

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

OUT = pathlib.Path(__file__).resolve().parents[2] / "engine/adapter/testdata"
rows = (0.5 * np.arange(12) - 1.25).reshape(2, 6).tolist()
data = json.dumps({"string_to_token": {"*": 265}, "string_to_param": {"*": {"TORCHTENSOR": rows}}, "name": "zog", "step": 7})
photo = np.full((16, 24, 3), 200, np.uint8)
photo[4:9, 5:11] = (90, 30, 160)


def hide(numbers, height):
    """Four bits each in the colours of columns, mixed with a generator's."""
    size = -(-len(numbers) // (height * 3)) * height * 3
    seed, out = 0, []
    for n in np.resize(numbers, size):
        seed = (1664525 * seed + 1013904223) % 2**32
        out.append(int(n) ^ seed % 255 & 15 | 0x40)
    return np.array(out, np.uint8).reshape(height, -1, 3)


def main():
    OUT.mkdir(exist_ok=True)
    info = PngInfo()
    info.add_text("sd-ti-embedding", base64.b64encode(data.encode()).decode())
    Image.fromarray(photo).save(OUT / "embedding_text.png", pnginfo=info)
    packed = np.frombuffer(zlib.compress(data.encode(), 9), np.uint8)
    black = np.zeros((16, 1, 3), np.uint8)
    whole = np.concatenate([hide(packed & 15, 16), black, photo, black, hide(packed >> 4, 16)], 1)
    whole = np.pad(whole, ((2, 3), (1, 4), (0, 0)))  # a margin is cropped
    Image.fromarray(whole).save(OUT / "embedding_pixels.png")
    Image.fromarray(whole).save(OUT / "embedding_pixels.webp", lossless=True)


if __name__ == "__main__":
    main()
