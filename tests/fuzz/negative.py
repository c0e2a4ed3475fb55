"""Programs with one construct that the compiler may not know: the answer is a right gradient, or a located error."""
from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s2sad.errors import S2sadError
from s2sad.frontend.source import UserFunction
from tests.fuzz.choices import Choices
from tests.fuzz.metamorphic import main_function, text_of
from tests.fuzz.program import WRT, Program

if TYPE_CHECKING:
    from tests.fuzz.oracles import Check

CONSTRUCTS = (
    "try:\n    odd = a * x[0]\nexcept ValueError:\n    odd = b",
    "with np.errstate(all='ignore'):\n    odd = a * x[1]",
    "odd = sum({1.0, 2.0}) * a", "odd = {'k': a * b}['k']", "odd = max(v * a for v in x)",
    "odd = sum([v * a for v in x])", "odd = (lambda p: p * a)(b)",
    "def inner(p):\n    return p * b\nodd = inner(a)", "class Inner:\n    pass\nodd = a",
    "global unknown\nunknown = 1.0\nodd = a", "odd = len(str(n)) * a", "odd = float(f'{n}') * b",
    "odd = np.sort(x)[1]", "odd = np.linalg.norm(x)", "odd = np.prod(x[:2])", "odd = np.cumsum(x)[2]",
    "odd = np.linalg.det(W[:3, :3])", "odd = np.einsum('i,i', x, y)", "odd = np.median(x)", "odd = np.argmax(x) * a",
    "odd = x[x > 0.1].sum()", "odd = x[np.array([0, 2, 0])].sum() * a", "x[np.array([1, 1])] = a\nodd = x[1]",
    "step = n + 1\nodd = x[::step].sum()", "odd = x.reshape(2, 2)[1, 0] * b", "odd = W.ravel()[5] * a",
    "odd = np.concatenate((x, y))[5] * a", "odd = np.stack((x, y))[1, 2] * a", "odd = W.mean()",
    "odd = W.sum(axis=0)[1]",
    "odd = x.max() * a", "odd = np.diff(x)[1]", "odd = np.interp(a, np.array([-1.0, 0.3, 0.8, 2.0]), y)",
    "odd = (a + 2.0j).real",
    "odd = abs(complex(a, b))", "parts = [a, b]\nparts.append(x[0])\nodd = parts[2] * parts.pop()",
    "pair = (a, (b, x[0]))\nodd = pair[1][0] * pair[0]", "odd = [a * 2.0, b][n % 2]", "odd = (a, b, x[1])[m]",
    "odd = (p := a * b) + p", "match n:\n    case 0:\n        odd = a\n    case _:\n        odd = b * x[0]",
    "assert n < 100, 'too many'\nodd = a", "del n\nodd = a", "if n > 100:\n    raise ValueError('no')\nodd = b",
    "print(end='')\nodd = a", "odd = getattr(math, 'sin')(a)", "odd = x.dot(y)", "odd = x.T @ y", "odd = (W @ x)[0]",
    "first, *rest = (a, b, a * b)\nodd = first", "odd = math.fsum((a, b))", "odd = pow(abs(a) + 1.0, b)",
    "odd = divmod(a, 0.7)[1]", "odd = a // 1.0 + a % 0.3", "odd = round(a) * b", "odd = math.hypot(a, b)",
    "for odd in x:\n    odd = odd * a", "odd = 0.0\nfor k, v in enumerate(x):\n    odd += k * v",
    "odd = 0.0\nfor p, q in zip(x, y):\n    odd += p * q", "odd = 0.0\nfor row in W:\n    odd += row[1] * row[0]",
    "odd = 0.0\nfor k in np.ndindex(2, 2):\n    odd += W[k]", "odd = x[..., 1] * a", "odd = x[None, :][0, 2]",
    "odd = np.random.normal() * 0.0 + a", "odd = a if 0.1 < b < 0.9 else b * b", "odd = x.flat[2] * a",
    "u_odd = x if n else y\nu_odd[1] = a * b\nodd = x[1] * y[1]", "x, y = y, x\nx[0] = a\nodd = y[0] * x[0]",
    "odd = np.float32(a) * b", "odd = np.where(x > 0.2, x, y * a)[1]", "odd = x.astype(np.float32)[0] * b",
    "odd = np.searchsorted(np.array([0.1, 0.5]), a) * b", "odd = x.copy().fill(a) or b", "odd = np.trace(W[:3, :3])",
)
"""Each gives a number ``odd``."""


def inject(program: Program, choices: Choices) -> tuple[Program, str]:
    """The program with one of the constructs at its start or in front of its end, and which."""
    tree = ast.parse(program.source)
    f = main_function(tree)
    construct = choices.pick(CONSTRUCTS)
    at = choices.pick([0, len(f.body) - 1])
    last = f.body[-1]
    assert isinstance(last, ast.Return) and last.value is not None
    last.value = ast.BinOp(last.value, ast.Add(), ast.Name("odd", ast.Load()))
    f.body[at:at] = ast.parse(construct).body
    return replace(program, source=text_of(tree)), construct


def check(one: Check, program: Program, construct: str) -> str:
    """``right`` or ``refused``; anything else raises."""
    try:
        user = UserFunction.from_callable(program.function())
        made, namespace = one.generated("value_and_grad", user)
    except S2sadError as e:
        if e.code == "S2S000":
            raise
        lines = program.source.split("\n")
        one.shown = f"{program.source}\n\n{e}"
        if e.loc is None or not 0 < e.loc.line <= len(lines) or not e.hint:
            one.fail(f"the error for {construct!r} lacks a place or a hint")
        return "refused"
    one.shown = f"{program.source}\n\n{one.shown}"
    try:
        value = program.function()(*program.args)
    except Exception:
        return "meaningless"                # Python itself does not get through
    if "random" in construct:
        return "right"
    found, gradient = namespace[made.name](*program.args)
    one.agree(f"value with {construct!r}", found, value, 1e-6 * one.scale)
    slope = along(program, one.direction)
    if slope is not None:
        one.agree(f"gradient with {construct!r}", one.along(gradient), slope, 2e-5 * (one.scale + abs(slope)))
    return "right"


def along(program: Program, direction: tuple) -> float | None:
    """The derivative by differences of the program itself, or none where they do not settle."""
    def at(h: float) -> float:
        args = [v + h * t if k < len(WRT) else v
                for k, (v, t) in enumerate(zip(program.args, (*direction, 0, 0), strict=True))]
        return float(program.function()(*args))

    with np.errstate(all="ignore"):
        coarse, fine = ((at(h) - at(-h)) / (2.0 * h) for h in (2e-5, 1e-5))
        one_sided = [(at(h) - at(0.0)) / h for h in (1e-5, -1e-5)]
    if not abs(coarse - fine) <= 1e-6 * (1.0 + abs(fine)) or re.search("float32", program.source):
        return None
    if not abs(one_sided[0] - one_sided[1]) <= 1e-2 * (1.0 + abs(fine)):
        return None
    return fine
