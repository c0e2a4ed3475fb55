"""Writes what the documentation shows of the compiler's own work, so that it is always what the compiler does.

Sphinx calls `pages` when the documentation is built. Run as a script, this brings the README's code blocks up to date.
"""
from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from error_examples import examples
from error_examples import printed as error_text
from numba import types as nbt
from numpy_names import table as numpy_names

import s2sad
from s2sad import driver
from s2sad.array_functions import table
from s2sad.emit import to_python, unparse
from s2sad.errors import CODES, GUARDS, RETIRED
from s2sad.frontend import UserFunction, infer, lower_function
from s2sad.frontend.syntax import REFUSED
from s2sad.ir import Function
from s2sad.kinds.adjoint import adjoint_function
from s2sad.lower import lower_arrays
from s2sad.rules import CONSTANT, Rule
from s2sad.rules import table as rules_table
from s2sad.runtime.helpers import dispatchers
from s2sad.transform.adjoint import build_adjoint

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.rules.proofs import PROOFS  # noqa: E402  # what is proved is said by the tests

SIGNATURE = "float64[::1], float64, float64[::1], float64, float64, int64"


def growth(y, rate, n):
    p = y.copy()
    for season in range(n):
        p += rate * p * (1.0 - p)
    return np.sum(p)


def typical(x):
    return np.roots(x)[0].real + np.sum(x)


def code(text: str, language: str = "python") -> str:
    return f"```{language}\n{text.strip()}\n```\n"


def error_codes() -> str:
    shown = {e.code for e in examples()}
    rows = "\n".join(f"| {f'[`{c}`](#{c.lower()})' if c in shown else f'`{c}`'} | {title}{_standing(c)} |"
                     for c, title in sorted(CODES.items()))
    return f"| code | meaning |\n|---|---|\n{rows}\n"


def _standing(of: str) -> str:
    return " (retired)" if of in RETIRED else " (no program is known that raises it)" if of in GUARDS else ""


def error_pages() -> str:
    """For each code what it means, a program that raises it, the error, and a program to write instead."""
    return "\n".join(
        f"({e.code.lower()})=\n## {e.code}: {CODES[e.code]}\n\n{e.meaning}\n\n{_program(e.raising, e.call)}\n"
        f"{code(error_text(e), 'text')}\nInstead:\n\n{_program(e.instead, e.instead_call)}" for e in examples())


def _program(text: str, call: str) -> str:
    """A file example.py and what is run with it: a line of Python at its end, or a command."""
    if call.startswith("$ "):
        return code(text) + "\n" + code(call.removeprefix("$ "), "sh")
    return code(f"{text}\n{call}")


def refused() -> str:
    """The constructs the compiler refuses wherever they stand, from the table it refuses them by."""
    rows = "\n".join(f"| {r.what} | {r.hint} | {'never' if r.never else 'not yet'} | `{r.code}` |"
                     for r in dict.fromkeys(REFUSED.values()))
    return f"| construct | what to write instead | | code |\n|---|---|---|---|\n{rows}\n"


def array_functions() -> str:
    """The functions of NumPy that are programs of the compiler's own, with their parameters, by module."""
    groups: dict[str, dict[str, str]] = {}
    for name, of in table().items():
        module = sys.modules[of.body.__module__]
        title = (module.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        text = str(inspect.signature(of.body)).replace("'", '"')
        groups.setdefault(title, {})[name] = text
    rows = "\n".join(f"| {title} | {', '.join(f'`{n}{p}`' for n, p in sorted(functions.items()))} |"
                     for title, functions in sorted(groups.items()))
    return f"| | |\n|---|---|\n{rows}\n"


def error_example() -> str:
    try:
        s2sad.grad(typical)(np.ones(3))
    except s2sad.S2sadError as error:
        return code(str(error).replace(f"{Path(__file__).parent}/", ""), "text")
    raise AssertionError("a function that is not supported was accepted")


def rules() -> str:
    """The table of rules of functions of real numbers: what they say, and how each has been proved."""
    rows = {id(r): r for r in rules_table.declared().values() if isinstance(r, Rule)}.values()
    text = "| function | operands | partial derivatives | points | ulp |\n|---|---|---|---|---|\n"
    for r in rows:
        proof = PROOFS[r.names[0]]
        names = ", ".join(f"`{n}`" for n in r.names)
        worst, points = f"{proof.ulps:g}", sum(1 for _ in proof.operands())
        if proof.floor:
            worst += f" of {proof.floor:g}"
        text += f"| {names} | `{', '.join(r.params)}` | {_formulas(r)} | {points} | {worst} |\n"
    return text


def constants() -> str:
    return ", ".join(f"`{n}`" for n, r in sorted(rules_table.declared().items()) if r is CONSTANT) + "\n"


def complex_rules() -> str:
    """The rules of complex numbers that differ from those of real ones."""
    real = {id(r) for r in rules_table.declared().values()}
    found = {id(r): r for r in rules_table.declared(True).values() if isinstance(r, Rule) and id(r) not in real}
    return "| function | kind | partial |\n|---|---|---|\n" + "".join(
        f"| {', '.join(f'`{n}`' for n in r.names)} | {r.kind.value} | "
        f"{_formulas(r)} |\n" for r in found.values())


def _formulas(r: Rule) -> str:
    terms = [f"`{t} = {_formula(f)}`" for t, f in r.where.items()]
    return "; ".join([*terms, *(f"`d{p}: {_formula(f)}`" for p, f in r.partials.items())])


def _formula(e: ast.expr) -> str:
    text = ast.unparse(e).replace("math.", "").replace("np.", "")
    for name, value in rules_table.CONSTANTS.items():
        text = text.replace(repr(value), name)
    return text


def printed(fn: Function) -> str:
    return code(unparse(to_python(fn)))


def stages() -> dict[str, str]:
    """What the passes of `driver.generate` make of `growth`, by name."""
    user, wrt = UserFunction.from_callable(growth), ("y", "rate")
    argtypes = (nbt.float64[::1], nbt.float64, nbt.int64)
    types = dict(zip(user.params, argtypes, strict=True))
    normal = lower_function(user)
    inferred, _ = infer(normal, types, dispatchers())
    analysed = driver.analyse(user, argtypes, wrt)
    sweeps = build_adjoint(analysed.fn, analysed.active, wrt)
    return {
        "function": code(inspect.getsource(growth)),
        "normal": printed(normal),
        "types": "| name | type |\n|---|---|\n" + "".join(f"| `{n}` | `{t}` |\n" for n, t in sorted(inferred.items())),
        "lowered": printed(lower_arrays(replace(normal, types={**inferred, **types}))),
        "simplified": printed(analysed.fn),
        "active": ", ".join(f"`{name}`" for name in sorted(analysed.active.names)) + "\n",
        "sweeps": printed(adjoint_function(analysed, sweeps, value=False)),
        "adjoint": code(driver.generate(user, "adjoint", argtypes, wrt).source),
        "tangent": code(driver.generate(user, "tangent", argtypes, wrt).source),
    }


def pages(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    own = {"error-codes": error_codes(), "error-pages": error_pages(), "refused": refused(),
           "error-example": error_example(), "rules": rules(), "constants": constants(),
           "complex-rules": complex_rules(), "array-functions": array_functions(), "numpy-names": numpy_names()}
    for name, text in {**own, **stages()}.items():
        (folder / f"{name}.md").write_text(text)


def readme(text: str) -> str:
    """The README with its code blocks replaced by the example's source and by the derivative that runs."""
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        from heat import misfit
    finally:
        sys.path.pop(0)
    blocks = {"heat": (ROOT / "examples" / "heat.py").read_text().partition("\n\n")[2],
              "adjoint": misfit.source("adjoint", signature=SIGNATURE)}
    for marker, content in blocks.items():
        head, _, rest = text.partition(f"<!-- {marker} -->\n```python\n")
        _, _, tail = rest.partition("```\n")
        text = f"{head}<!-- {marker} -->\n{code(content)}{tail}"
    return text


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme((ROOT / "README.md").read_text()))
