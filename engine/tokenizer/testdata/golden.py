"""Writes golden.json: 300 texts and the ids transformers gives them; and many.json.gz:
10 000 more texts, and for each the CRC-32 of its ids, each four bytes, little-endian.

Made with Python 3.11, transformers 5.23.0, tokenizers 0.23.3. Run in this folder:
    python golden.py

CLIPTokenizer gets the vocabulary that follows from the embedded merge table. It
does not undo HTML's escapes as OpenAI's own tokenizer does, so that is done here.
"""

import gzip
import html
import json
import random
import struct
import unicodedata
import zlib

from transformers import CLIPTokenizer

lines = gzip.open("../clip_merges.txt.gz", "rt", encoding="utf-8").read().split("\n")[1:]
merges = [tuple(line.split(" ")) for line in lines if line]
printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
hidden = [c for c in range(256) if c not in printed]
units = [chr(c) for c in printed] + [chr(256 + i) for i in range(len(hidden))]
tokens = units + [u + "</w>" for u in units] + ["".join(m) for m in merges]
tokens += ["<|startoftext|>", "<|endoftext|>"]
clip = CLIPTokenizer(vocab={t: i for i, t in enumerate(tokens)}, merges=merges)

texts = [
    "a photo of a cat",
    "Hi there",
    "",
    "A RED apple, on a Table!",
    "it's the dog's bowl; they'll say we've won, I'm sure you'd agree, isn't it? they're",
    "IT'S THE DOG'S",
    "rock'n'roll 'til '90s ''quoted'' `ticks`",
    "2024 1,000,000 3.14159 12345678901234567890 1st 2nd x2 v1.5",
    "½ ² ³ Ⅷ ① ٣٤٥ ४५ 一二三",
    "masterpiece, best quality, (detailed eyes:1.2), [blurry], {deep|shallow}",
    "portrait of a woman, art by greg rutkowski and alphonse mucha, trending on artstation, 8k, unreal engine",
    "<lora:style:0.8> BREAK cat AND dog :0.5",
    "!!!???... --- *** ~~~ ### @@@ $$$ %%% ^^^ &&& === +++ ||| \\\\ /// <<< >>>",
    "a&amp;b &lt;tag&gt; &quot;quoted&quot; &#39;s &eacute;t&eacute; &nbsp; &hearts; &#x1F600;",
    "&amp;lt;twice&amp;gt; &amp;amp;amp; &notanentity; &copy 2020 &",
    "caf\u00e9 cafe\u0301 na\u00efve fac\u0327ade \u00c5ngstr\u00f6m A\u030angstro\u0308m",
    "\ufb01ne o\ufb03ce \uff21\uff22\uff23 \u2460\u2461 \u212b \u2126",
    "“curly quotes” ‘single’ – en — em … ellipsis • bullet © ® ™ ° µ ¬ ¡ ¿ « »",
    "\u0130stanbul \u0131s\u0131k I\u0307 STRASSE Stra\u00dfe \u1e9e",
    "ΟΔΥΣΣΕΥΣ Όμορφη μέρα στη θάλασσα",
    "Красная площадь зимой, снег идёт",
    "一只坐在窗边的猫，水彩画",
    "猫の写真、富士山と桜",
    "고양이가 창가에 앉아 있다",
    "قطة تجلس على النافذة",
    "חתול יושב ליד החלון",
    "बिल्ली खिड़की पर बैठी है",
    "แมวนั่งริมหน้าต่าง",
    "ένας γάτος, кот и кошка, 猫, 🐈",
    "Một con mèo ngồi bên cửa sổ",
    "Żółta łódź płynie przez jezioro, święto, ćma",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Ünïcödé übergrößenträger çalışma",
    "😀😃😄😁 🐱🐶 ❤️ ☀️☁️ 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 1️⃣",
    "cat😀dog 😀cat cat😀 😀😀😀",
    "𝒻𝒶𝓃𝒸𝓎 𝔣𝔯𝔞𝔨𝔱𝔲𝔯 𝟙𝟚𝟛",
    "zero\u200bwidth no\u00a0break em\u2003space line\u2028sep ideographic\u3000space soft\u00adhyphen",
    "\ufeffbom",
    "tab\tand\nnewline\r\nand\x0bvertical\x0cfeed\x85next",
    "   leading and trailing   ",
    "a  b   c    d",
    "control\x01chars\x7fhere\x1f",
    "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "hahahahahahahahaha nooooooooo!!!!!!!! yesssss",
    "http://example.org/path?query=1&other=two#frag user@mail.example",
    "snake_case camelCase kebab-case SCREAMING_CASE path/to/file.png C:\\windows",
    "def f(x): return x**2 + 1  # comment",
    "E = mc² ∑∫√∞≠≤≥±×÷ α+β=γ →←↑↓⇒ ♥♦♣♠ ♪♫ ½¼¾",
    "'''s 't 're 've 'm 'll 'd 'x 's's 'S 'LL",
    "don`t don’t DON'T",
    "#hashtag @mention $100 50% 5'11\" 3x4 16:9",
    "<|startoftext|> a cat <|endoftext|>",
    "cat<|endoftext|>dog",
    "<| endoftext |> </w> cat</w>",
    "ﷺ ꧁༒༺cat༻༒꧂ ʇɐɔ (╯°□°)╯︵ ┻━┻ ¯\\_(ツ)_/¯",
    "Z̷̢a̸͝l̴͠g̵͘o̶",
    "naïve—façade…résumé",
    "\u1100\u1161\u11a8 \uac01",
    "ＦＵＬＬ　ＷＩＤＴＨ １２３",
    "\U0001F9D1\u200D\U0001F3A8 \U0001FAE0",
    "\u00c7a va? \u00c6on \u0152uvre \u00d8re",
]

# The rest puts pieces of these together at random, letters, signs and all, but
# for special tokens: in capitals, OpenAI's tokenizer and this one differ on them.
rng = random.Random(1)
pieces = [p for t in texts for p in t.split(" ") if p and "oftext" not in p]
while len(texts) < 300:
    picked = rng.choices(pieces, k=rng.randint(1, 12))
    text = rng.choice(["", " ", " ", ", "]).join(picked)
    texts.append(rng.choice([text, text, text.upper(), text.title(), text.lower()]))

golden = []
for text in texts:
    plain = html.unescape(html.unescape(text))
    golden.append({"text": text, "ids": clip(plain, add_special_tokens=False)["input_ids"]})
lines = [json.dumps(g) for g in golden]
with open("golden.json", "w", encoding="utf-8") as f:
    f.write("[\n" + ",\n".join(lines) + "\n]\n")

# Random texts: of the pieces above, and of letters and signs of every script that
# Unicode 12 has, which all three libraries know the same of.
BLOCKS = [
    (0x20, 0x7E), (0xA1, 0x17F), (0x180, 0x24F), (0x250, 0x2AF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x58A),
    (0x591, 0x5F4), (0x600, 0x6FF), (0x700, 0x74F), (0x780, 0x7B1), (0x901, 0x97F), (0x981, 0x9FB), (0xA01, 0xA76), (0xA81, 0xAF1),
    (0xB01, 0xB77), (0xB82, 0xBFA), (0xC01, 0xC7F), (0xD01, 0xD7F), (0xE01, 0xE5B), (0xE81, 0xEDF), (0xF00, 0xFDA), (0x1000, 0x109F),
    (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137C), (0x13A0, 0x13FD), (0x1780, 0x17F9), (0x1820, 0x1878), (0x1E00, 0x1EFF),
    (0x1F00, 0x1FFE), (0x2000, 0x206F), (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2100, 0x218B), (0x2190, 0x23FF), (0x2460, 0x24FF),
    (0x2500, 0x27BF), (0x3041, 0x30FF), (0x3400, 0x34FF), (0x4E00, 0x9FEF), (0xAC00, 0xD7A3), (0xF900, 0xFAD9), (0xFB00, 0xFB06),
    (0xFE30, 0xFE6B), (0xFF01, 0xFFEE), (0x10400, 0x1044F), (0x1D400, 0x1D7FF), (0x1F300, 0x1F6D5), (0x1F900, 0x1F9FF), (0x20000, 0x20100),
]


def letter():
    while True:
        c = chr(rng.randint(*rng.choice(BLOCKS)))
        if unicodedata.category(c) not in ("Cn", "Cs", "Co"):
            return c


many = []
while len(many) < 5000:
    picked = rng.choices(pieces, k=rng.randint(1, 8))
    text = rng.choice(["", " ", " ", ", "]).join(picked)
    many.append(rng.choice([text, text, text.upper(), text.title(), text.lower()]))
while len(many) < 10000:
    one = rng.choice(BLOCKS)
    mixed = rng.random() < 0.5
    text = ""
    for _ in range(rng.randint(1, 14)):
        c = letter() if mixed else chr(rng.randint(*one))
        text += c if unicodedata.category(c) not in ("Cn", "Cs", "Co") else " "
        if rng.random() < 0.15:
            text += " "
    many.append(text)
sums = []
for text in many:
    ids = clip(html.unescape(html.unescape(text)), add_special_tokens=False)["input_ids"]
    sums.append(zlib.crc32(struct.pack(f"<{len(ids)}I", *ids)))
with gzip.GzipFile("many.json.gz", "wb", mtime=0) as f:
    f.write(json.dumps({"texts": many, "sums": sums}, ensure_ascii=False).encode())
