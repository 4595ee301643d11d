"""Tiny pictures with texts in every place other programs put them, for
engine/metadata, and how Python's re splits lines of parameters, for
engine/recipe. Made with Pillow 13.0.0 and piexif 1.1.3 (exact: bytes and texts).

    /tmp/oracle/bin/pip install pillow==13.0.0 piexif==1.1.3
    /tmp/oracle/bin/python engine/golden/recipes.py
"""

import base64
import gzip
import io
import json
import re
import struct
from pathlib import Path

import piexif
import piexif.helper
from PIL import Image, PngImagePlugin

ENGINE = Path(__file__).parent.parent
LATIN = "a café, \"quoted\"\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
UNICODE = "猫 と 😀: é\nNegative prompt: 雨\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 5}}})
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Somebody &amp; Co">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">words: %s</rdf:li></rdf:Alt></dc:description>
<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{&quot;c&quot;:&quot;a &lt;b&gt;&quot;}</rdf:li></rdf:Alt></exif:UserComment>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""" % "猫"

picture = Image.new("RGB", (3, 2), (200, 100, 50))
files = {}


def save(name, texts, format=None, **how):
    b = io.BytesIO()
    picture.save(b, format or name.rsplit(".", 1)[1].upper().replace("JPG", "JPEG"), **how)
    files[name] = (b.getvalue(), texts)


def png(name, texts, chunks):
    info = PngImagePlugin.PngInfo()
    for add, args in chunks:
        getattr(info, add)(*args)
    save(name, texts, pnginfo=info)


def web_ui_exif(text):
    comment = piexif.helper.UserComment.dump(text, encoding="unicode")
    return piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}})


def pillow_exif(tags):
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return exif.tobytes()


def hand_exif(order, comment):
    """An EXIF block with a comment as it is, in either order of bytes."""
    e = "<" if order == b"II" else ">"
    b = order + struct.pack(e + "HI", 42, 8)
    b += struct.pack(e + "HHHII", 1, 0x8769, 4, 1, 26) + struct.pack(e + "I", 0)
    b += struct.pack(e + "HHHII", 1, 0x9286, 7, len(comment), 44) + struct.pack(e + "I", 0)
    return b"Exif\0\0" + b + comment


png("latin1.png", [["parameters", LATIN]], [("add_text", ("parameters", LATIN))])
png("unicode.png", [["parameters", UNICODE]], [("add_text", ("parameters", UNICODE))])
png("ztxt.png", [["parameters", LATIN]], [("add_text", ("parameters", LATIN, True))])
png("zitxt.png", [["parameters", UNICODE]], [("add_itxt", ("parameters", UNICODE, "en", "Parameter", True))])
png("comfy.png", [["prompt", GRAPH], ["workflow", "{}"]], [("add_text", ("prompt", GRAPH)), ("add_text", ("workflow", "{}"))])
xmp_texts = [["CreatorTool", "Somebody & Co"], ["description", "words: 猫"], ["UserComment", '{"c":"a <b>"}']]
png("xmp.png", xmp_texts, [("add_itxt", ("XML:com.adobe.xmp", XMP))])
save("exif.png", [["UserComment", UNICODE]], exif=web_ui_exif(UNICODE))
for kind in "jpg", "webp":
    save(f"webui.{kind}", [["UserComment", UNICODE]], exif=web_ui_exif(UNICODE))
    save(f"ascii.{kind}", [["UserComment", LATIN.replace("é", "e")]],
         exif=piexif.dump({"Exif": {0x9286: piexif.helper.UserComment.dump(LATIN.replace("é", "e"), encoding="ascii")}}))
    save(f"little.{kind}", [["UserComment", UNICODE]], exif=hand_exif(b"II", b"UNICODE\0" + UNICODE.encode("utf-16-le")))
    save(f"bom.{kind}", [["UserComment", "漢字"]], exif=hand_exif(b"II", b"UNICODE\0" + b"\xff\xfe" + "漢字".encode("utf-16-le")))
    save(f"plain.{kind}", [["UserComment", LATIN]], exif=hand_exif(b"MM", LATIN.encode() + b"\0"))
    save(f"pillow.{kind}", [["Software", "Fooocus v2.5.5"], ["MakerNote", "fooocus"], ["UserComment", '{"seed": "1"}']],
         exif=pillow_exif({0x9286: '{"seed": "1"}', 0x0131: "Fooocus v2.5.5", 0x927C: "fooocus"}))
    save(f"comfy.{kind}", [["Make", "workflow:{}"], ["Model", "prompt:" + GRAPH]],
         exif=pillow_exif({0x0110: "prompt:" + GRAPH, 0x010F: "workflow:{}"}))
    save(f"xmp.{kind}", xmp_texts, xmp=XMP.encode())
    save(f"none.{kind}", [])
save("comment.jpg", [["Comment", LATIN]], comment=LATIN.encode())
save("odd.webp", [["UserComment", "odd length"[:9]]], exif=hand_exif(b"MM", b"odd length"[:9])[6:])

out = {name: {"file": base64.b64encode(data).decode(), "texts": texts} for name, (data, texts) in files.items()}
path = ENGINE / "metadata" / "testdata" / "pictures.json.gz"
path.write_bytes(gzip.compress(json.dumps(out, indent=0, ensure_ascii=False).encode(), mtime=0))

# The web UI's expressions, as engine/recipe must understand them.
PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
lines = [
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b",
    'Steps: 20, Model: "a, \\"b\\": c", Seed: 3',
    'Lora hashes: "one: 0123456789ab, two: ba9876543210", TI hashes: "bad: 1", Version: v1.10.1',
    'Steps: 20, Model: "never closed, Seed: 3, Size: 1x1',
    "Steps:20,Seed:3,Size:1x1,", "Steps: , Seed: 3", ":::,,,", "a: b: c: d, e: f", "x: 1", "xy: 1, z: 2",
    "Ünïcode key: 1, 鍵 あ: 値, Ключ: да", "a-b/c d: 1,2,3", 'k1: "a\\nb", k2: ""', 'k3: "", k4: "a" b, k5: c"d"e',
    "\u00a0 no break: 1,\u2003em space: 2", 'k6: "tab\\tq", k7: "\\u00e9", k8: "bad \\x"',
    "Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, Denoising strength: 0.5,", "trailing: yes,  ", "_a: 1, __: 2, 3: 4, 33: 5",
]
found = [{"line": l, "pairs": PAIR.findall(l)} for l in lines]
(ENGINE / "recipe" / "testdata" / "pairs.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
values = ["plain", "a, b", "a: b", "two\nlines", 'q"uote', 'q"uote,', "back\\slash: ", "tab\t,", "<&>,", "é猫😀,", "\u2028,", "\x01\x08\x0c\x7f,", "\\u2028,"]
quoted = [[v, v if not any(c in v for c in ",\n:") else json.dumps(v, ensure_ascii=False)] for v in values]
(ENGINE / "recipe" / "testdata" / "quoted.json").write_text(json.dumps(quoted, indent=1) + "\n")
