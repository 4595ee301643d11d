"""How other programs read prompts, for engine/prompt's tests.

    python engine/golden/prompts.py WEBUI COMFYUI        (from the root of the repository)

WEBUI and COMFYUI are folders with the source of AUTOMATIC1111's web UI (made with
lllyasviel/stable-diffusion-webui-forge of 2025-06-26, whose modules/prompt_parser.py
reads prompts the same) and of ComfyUI (2025-10-12); what is asked of them is what
they answer, nothing of them is kept.
Versions: lark 1.3.1, torch 2.15.0.

Writes engine/prompt/testdata/golden.json.gz, a list of
  text, steps, old          the prompt, the number of steps, the rule for "when"
  parts                     [weight, [[last step, text], …]] for each text joined by AND
  attention                 [text, weight] for each fragment of the whole text
  comfy                     [text, weight] for each fragment, as ComfyUI reads it
null stands for what makes the program fail. The prompts are all of CASES and
random rows of the signs that mean something; but not those in which brackets or
colons without a meaning stand right behind a [from:to:when]. The web UI is of two
minds there: with the lark 1.1.2 it asks for, PYTHONHASHSEED decides whether
anything changes.
"""

import ast
import gzip
import json
import math
import pathlib
import random
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

CASES = r"""
test
a [b:3]
a [b: 3]
a [[[b]]:2]
[(a:2):3]
a [b : c : 1] d
a[b:[c:d:2]:1]e
a [unbalanced
a [b:.5] c
a [{b|d{:.5] c
((a][:b:c [d:3]
[a|(b:1.1)]
[fe|]male
[fe|||]male
a [b:1.5] c
normal text
an (important) word
(unbalanced
\(literal\]
(unnecessary)(parens)
a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).
fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6][ in background:0.25] [shoddy:masterful:0.5]
(a)
((a))
(((a)))
[a]
[[a]]
([a])
[(a)]
(a:1)
(a:1.0)
(a:0)
(a:-1)
(a:+1.5)
(a:.5)
(a:1.)
(a: 1.5)
(a:1.5 )
(a : 1.5)
(a:1.5
(a:1.5))
a:1.5)
a:1.5
a : 1.5
a:1.5:2
a:-0.5
a:+.5
a:1e3
(a:1e3)
(a:1,5)
(a:b)
(a:b:1.5)
(a:)
(:1.5)
()
[]
([])
[()]
(())
)
]
(
[
)(
][
((
[[
a)
a]
a) b (c
a] b [c
(a [b) c]
[a (b] c)
(a (b:1.5) c:2)
(a (b:1.5) (c) d)
((a:1.5):2)
[a:0.5]
[a:1.5]
[a:b:0.5]
[a:b:5]
[a::5]
[:a:5]
[::5]
[:5]
[a:b:c:5]
[a:b]
[a:b:]
[a:b:c]
[a:b:5
a:b:5]
[a:b:5]]
[[a:b:5]
[a:b:0]
[a:b:10]
[a:b:11]
[a:b:100]
[a:b:0.0]
[a:b:1.0]
[a:b:1]
[a:b:1.]
[a:b:0.99]
[a:b:0.05]
[a:b:-1]
[a:b:-0.5]
[a:b:+3]
[a:b:1e0]
[a:b:1e-1]
[a:b:.3e1]
[a:b:3.7]
[a:b: 3 ]
[a :b :3 ]
[ a : b : 3 ]
[a:b:3x]
[a:b:3 4]
[a:b:3.4.5]
[a:b:٣]
[(a:1.2):(b:1.3):4]
[(a):[b]:4]
[[a]:b:4]
[a:[b|c]:4]
[[a|b]:c:4]
[a|[b:c:4]]
[a|b:c:4]
[a:b|c:4]
[a:b|c]
[a|b|c]
[a|a]
[a||b]
[|a]
[|]
[||]
a|b
(a|b)
(a|b) [c:d:3]
{a|b}
[a|b
a|b]
[a|(b|c)]
[a|[b|c]]
[[a|b]|[c|d]]
[a|b][c|d|e]
[a:b:3][c:d:7]
[a:b:7][c:d:3]
[a:[b:[c:d:8]:5]:2]
x [a:b:3] AND y [c:d:6]
a AND b
a AND b AND c
a AND b:0.5
a:1.5 AND b:-0.5
a :1.5 AND b : 0.5 AND c
a AND
AND a
AND
a ANDb
aAND b
a_AND b
a AND, b
(a AND b)
(a AND b:1.5)
a and b
a  AND  b
a AND b:1.5.2
a AND b:
a AND b:c
a AND (b:1.5)
a AND (b:1.5):0.5
猫 AND 犬:2
a
AND
b
a BREAK b
a BREAK
BREAK a
BREAK
BREAK BREAK
a BREAK BREAK b
aBREAK b
a BREAKb
a_BREAK b
a,BREAK,b
(a BREAK b)
(a BREAK b:1.5)
[a BREAK b]
(BREAK)
(BREAK:1)
(BREAK:-1)
(a:-1) BREAK (b:-1)
((BREAK:-1):-1)
BREAK:BREAK
(a) BREAK (b)
[a:b BREAK c:3]
\(
\)
\[
\]
\\
\
a\
\a
\\(a)
\\\(a\\\)
(a\))
(a\:1.5)
[a\|b]
[a\|b|c]
a \| b [c:d:3]
[a\]:b:3]
\[a:b:3]
[a:b:3\]
a \(b\) (c:1.5)
girl \(artist\), (solo:1.2), [sky|sea]
:
::
a:b
a::b
(a::1.5)
[a::]
:1.5
:1.5)
(:
(a:1.5:2)
((a:1.5)
((a)
(a))
[a))
(a]]
((((((((((a))))))))))
[[[[[[[[[[a]]]]]]]]]]
(a:1.5)(b:1.5)
(a)(b)c
 a 
 ( a ) 
	tab	[a:b:2]	end
猫 (犬:1.2) [鳥:魚:0.5]
café (crème:0.9)
"quoted (text:1.1)"
<lora:a:1> b
a, b, c, (d, e:1.3), f
masterpiece, best quality, (ultra-detailed:1.2), 1girl, [red|blue] hair, <lora:x:0.8>
(worst quality, low quality:1.4), [deformed:disfigured:0.3], bad (anatomy), ((extra limbs))
score_9, score_8_up, (style:1.05) BREAK a [cat:dog:10] in a {hat}
(a:1000)
(a:99999999999999999999999999999999999999999999)
(a:1.2.3)
(a:.)
(a:..)
(a:+)
[a:b:1e400]
(((a:0.1):0.1):0.1)
(a) \(b:1.5\)
(a \) b:1.5)
(a(b)c:1.5)
(a:1.5)b)
(((a)
a((b)
a)b(c)d
a)(b
x (y (z:1.5) w) v
(x:1.5 y)
(x:1.5)y:2)
( :1.5)
(a:inf)
(a:nan)
(a:0x10)
""".strip("\n").split("\n")
CASES = [c for c in CASES if c != ""] + [
    "",
    " ",
    "\n",
    "a\nb [c:d:3]\ne",
    "a [b:\n3\n] c",
    "a\\\n[b:c:3]",
    "a\nAND\nb",
    "a\nBREAK\nb",
    "a # no\nb",
    "[a\n:b\n:0.5]",
    "a\u00a0BREAK\u3000b",
    "(a:\u00a01.5)",
    "x\x1cAND\x1dy",
]


UNSETTLED = re.compile(r"[0-9.] ?\][][():]{2}")


def rows(n):
    """Random rows of signs, the same at every run."""
    draw = random.Random(2026)
    signs = ["(", ")", "[", "]", ":", "|", "\\", " ", "a", "b", "c", "1.5", "0.5", "3", "7", " AND ", " BREAK ", ":3]", ":0.5]", ":1.2)", "[a:", "(b", "[c|", "é"]
    for _ in range(n):
        yield "".join(draw.choice(signs) for _ in range(draw.randint(2, 14)))


def functions(path, *names):
    """Some functions of a file that can't be imported alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    scope = {}
    exec(compile(tree, path, "exec"), scope)
    return [scope[name] for name in names]


def main():
    webui, comfyui = map(pathlib.Path, sys.argv[1:3])
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    out = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else ROOT / "engine/prompt/testdata/golden.json.gz"
    sys.path.insert(0, str(webui))
    from modules import prompt_parser as parser

    token_weights, escape, unescape, _ = functions(
        comfyui / "comfy/sd1_clip.py", "token_weights", "escape_important", "unescape_important", "parse_parentheses"
    )

    def finite(weight):
        if not math.isfinite(weight):
            raise ValueError(weight)
        return weight

    def tried(f):
        try:
            return f()
        except (ValueError, OverflowError):
            return None

    def parts(text, steps, old):
        indexes, texts, _ = parser.get_multicond_prompt_list([text])
        schedules = parser.get_learned_conditioning_prompt_schedules(texts, steps, None, old)
        return [[weight, schedules[i]] for i, weight in indexes[0]]

    cases = []
    for text in [*CASES, *rows(many)]:
        if UNSETTLED.search(text):
            continue
        for steps, old in [(10, False)] + [(7, True)] * ("[" in text and ":" in text):
            cases.append(
                {
                    "text": text,
                    "steps": steps,
                    "old": old,
                    "parts": tried(lambda: parts(text, steps, old)),
                    "attention": tried(lambda: parser.parse_prompt_attention(text)),
                    "comfy": tried(lambda: [[unescape(t), finite(w)] for t, w in token_weights(escape(text), 1.0)]),
                }
            )
    lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases)
    out.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(out, "wb", mtime=0) as f:
        f.write(f"[\n{lines}\n]\n".encode())
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
