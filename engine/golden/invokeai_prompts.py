r"""How InvokeAI's prompts are read and what they are to a text encoder.

    pip install --no-deps compel==2.5.1 pyparsing==3.3.3
    python engine/golden/invokeai_prompts.py        (from the root of the repository)

Versions: torch 2.15.0, transformers 5.23.0 and those above.

Writes, of the prompts in CASES and of random rows of the signs that mean something,
engine/prompt/testdata/compel.json.gz, a list of
  text
  members   null if compel fails; or, for each text joined by .and(), [weight,
            [[weight, [[text, weight], ...]], ...]]: what is blended, by weights that
            are normalised, and of which fragments that is made; those that are next to
            each other and of one weight are joined, and .swap() is its first words
  loras     [name, weight] for each
and, of the prompts in EMBEDDED, with the miniature model that models.py made,
engine/pipeline/testdata/compel.json.gz: text and the embeddings [77 k, 24] -- [16 k, 24]
of its encoder -- that compel makes in chunks that are cut where they are full, as in the
versions that InvokeAI uses.
"""

import gzip
import json
import pathlib
import random
import warnings

import torch

import emphasis
from compel import Compel
from compel.embeddings_provider import SplitLongTextMode
from compel.prompt_parser import Blend, CrossAttentionControlSubstitute, PromptParser
from transformers import CLIPTokenizer

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]

CASES = r"""
a cat
a cat, a dog
a cat,a dog,,b
cat+
cat++ dog-- (a bird)+++
(a cat)1.2 and (a dog)0.5
(a cat) 1.2
(a cat)1
(a cat)-0.5
cat1.2
(cat)+1.2
a (big (red)1.5 ball)++ here
(((a)))
((a)+)+
(a (b)- c)-
hot-dog +x -y a+b
+cat -dog
cat+, dog-.
a "quoted text"++ b
"a (cat)+ b"1.1
"a cat
a (cat
a cat)
(a (b
( a )b
\(cat\) \"dog\"
(\(cat\))1.3
\+ \- \. \, \=
a\b
cat.attend(0.5)
(a cat).attend(+++)
(a cat).attend( -- )
cat.attend(-1)
cat.attend(x)
a cat.swap(dog) here
(a cat).swap(a big dog, s_start=0.1, shape_freedom=0.5)
(a cat.swap(dog))++
a cat.swap() b
("a cat", "a dog").and()
("a cat", "a (big)1.5 dog").and(0.5, 1)
(cat, dog).and(1,2)
("a", "b").and(1)
("a", "b").and(x, y)
("a", "b").and() and more
("a", "b").add(0.3, 0.7)
("a cat", "a dog").blend(0.7, 0.3)
("a cat", "a dog").blend()
("a cat", "a dog").blend(1, -0.5)
("a cat", "a dog").blend(1, 1, no_normalize)
("a cat", "a dog").blend(1)
("a (cat", "a dog)").blend(1,2)
((a cat), "a dog"+).blend(1,2)
("a cat", "a dog").blend(1,2) more
("a cat.swap(x)", "b").blend()
("a", "b") .blend(1,2)
withLora(ink, 0.5) a cat
a cat withLora(ink)
a useLora(a-b_c, 1) cat
("a", "b").blend(1,2) withLora(x, 0.7)
withLora(a b) cat
(happy cat:1.3) [dog] AND BREAK
a cat . , .5 5. 1.5
"" a ""
""
()
()++
a ()1.5 b
a,b+,c
middle age,fantasy++ style
(a text.)0.7. (a second text.)0.8
Dalí … 猫++ (über)1.1
a	b
a "b \"c\" d"+ e
a\tb "c\td"+
<lora:x:1> cat
x="y"
a = b
"(a)" "b"
(a)(b)
(a)+(b)-
a(b)c
a(b)+c
"a"b
a"b"c
--a ++b
a -- b ++ c
1.2 (a)1.2.3
(a)1.2b
(a)1..2
""" .strip("\n").split("\n") + ["", " ", "a\nb", '"a\nb"+', "(a\n b)+"]

EMBEDDED = [
    "a red apple",
    "a red++ apple",
    "a (red apple)1.5 tree",
    "a red- apple",
    "a (red)0.3 apple (blue)0.7 tree",
    "a (red (apple)- blue)-- tree+",
    '("a red apple", "green tree").and()',
    '("a red apple", "green tree").and(0.5, 1.5)',
    '("a red apple", "a blue- tree").blend(0.25, 0.75)',
    '("a red apple", "a blue tree").blend(0.5, 0.7, no_normalize)',
    "a red apple , a green tree , a blue apple , (a red tree)0.6 , a green apple",
    '("a red apple , a green tree , a blue apple , a red tree", "tree").blend(1, 1)',
    "",
]


def fused(fragments):
    out = []
    for f in fragments:
        for g in f.original if isinstance(f, CrossAttentionControlSubstitute) else [f]:
            if out and out[-1][1] == g.weight:
                out[-1][0] += " " + g.text
            else:
                out.append([g.text, g.weight])
    return out


def read(text):
    try:
        c = PromptParser().parse_conjunction(text)
    except Exception:
        return None, None
    members = []
    for part, weight in zip(c.prompts, c.weights):
        if isinstance(part, Blend):
            total = sum(part.weights) if part.normalize_weights else 1
            members.append([weight, [[w / total if total else w, fused(p.children)] for w, p in zip(part.weights, part.prompts)]])
        else:
            members.append([weight, [[1, fused(part.children)]]])
    return members, [[l.model, l.weight] for l in c.lora_weights]


SIGNS = ["a", "b c", " ", " ", "(", ")", ")", "+", "++", "-", "--", '"', '"', ",", ".", "1", "1.5", "0.5", "\\", "=", ".attend(", ".swap(", ".blend(", ".and(", "withLora(x)", "é"]


def write(path, data):
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(data, separators=(",", ":")).encode())


def main():
    chance, texts = random.Random(4), list(CASES)
    for _ in range(600):
        texts.append("".join(chance.choice(SIGNS) for _ in range(chance.randint(2, 12))))
    for _ in range(300):
        inside = ["".join(chance.choice(SIGNS) for _ in range(chance.randint(1, 6))) for _ in range(chance.randint(1, 3))]
        operator = chance.choice([".and", ".blend", ".add"]) + chance.choice(["()", "(1,2)", "(0.5)", "(1,2,3)", "( 0.3 , 0.7, no_normalize)"])
        texts.append("(" + ",".join(chance.choice(['"%s"', "(%s)", "%s"]) % t for t in inside) + ")" + operator)
    cases = []
    for text in texts:
        members, loras = read(text)
        cases.append({"text": text, "members": members, "loras": loras})
    write(ROOT / "engine/prompt/testdata/compel.json.gz", cases)
    print(len(cases), "cases,", sum(c["members"] is None for c in cases), "refused")

    tokenizer = CLIPTokenizer.from_pretrained(emphasis.TINY / "tokenizer", model_max_length=emphasis.WORDS)
    compel = Compel(tokenizer, emphasis.text_encoder(), truncate_long_prompts=False, split_long_text_mode=SplitLongTextMode.BRUTAL)
    made = []
    with torch.no_grad():
        for text in EMBEDDED:
            made.append({"text": text, "embeddings": [round(v, 6) for v in compel(text).flatten().tolist()]})
    write(ROOT / "engine/pipeline/testdata/compel.json.gz", made)


if __name__ == "__main__":
    main()
