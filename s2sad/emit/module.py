"""A generated module's text: imports, the runtime helpers it uses, its functions."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from s2sad.emit.primal import Primal
from s2sad.emit.syntax import names
from s2sad.emit.unparse import unparse
from s2sad.frontend.ruled import MARK
from s2sad.numerics import ELEMENTWISE
from s2sad.runtime.helpers import HELPERS

PASSED_ON = ("parallel", "fastmath", "nogil", "boundscheck", "cache")
PARALLEL = {"parallel": {"numpy": False, "setitem": False}}
"""For functions with ``prange``: allocations and assignments of whole arrays are not worth threads."""


def assemble(functions: Iterable[ast.FunctionDef], *, jit: bool = True, options: Mapping[str, object] | None = None,
             header: str = "", primal: Primal | None = None) -> str:
    """The text of a module with these functions, in order, and whatever they need; the primal first, if it is given.

    Divisions in generated code are IEEE (``error_model="numpy"``); where the primal raises, the text says so.
    """
    # A recursive function's own text, if it is there, is what its derivatives call.
    functions = [f for f in functions if primal is None or not getattr(f, "stands_for_user", False)]
    given_functions = functions
    called = {name for f in functions for name in names(f)}
    carried = _carried(functions, primal)
    functions = [f for f in functions if not hasattr(f, "carried")]
    texts = [*carried, *([primal] if primal is not None else [])]
    called = called.union(*(p.helpers for p in texts))
    helpers = _with_dependencies(called & set(HELPERS))
    given = frozenset().union(*(p.imports for p in texts))
    # The author may call these with arrays.
    ufuncs = frozenset().union(*(p.helpers for p in texts)) & ELEMENTWISE.keys()
    uses_math = "math" in called | given or any("math." in HELPERS[h].source for h in helpers)
    uses_np = ufuncs and not jit or "np" in called | given or any("np." in HELPERS[h].source for h in helpers)
    lines = [header] if header else []
    standard = [f"import {m}" for m, used in (("cmath", "cmath" in called | given), ("math", uses_math)) if used]
    if standard:
        lines += [*standard, ""]
    if uses_np:
        lines.append("import numpy as np")
    threads = [n for n in ("get_num_threads", "prange") if n in called | given]
    numba = ["njit"] * jit + threads + ["vectorize"] * (jit and bool(ufuncs))
    if numba:
        lines.append(f"from numba import {', '.join(numba)}")
    blocks = ["\n".join(lines).rstrip()] if lines else []
    ruled = {f.name for f in given_functions if hasattr(f, "ruled")}.union(*(p.ruled for p in texts))
    if ruled:
        blocks.append(f"{MARK} = ({', '.join(map(repr, sorted(ruled)))},)")
    for p in texts:
        blocks += _primal(p, jit)
    for h in helpers:
        text = HELPERS[h].source.rstrip()
        if h in ufuncs:
            blocks.append(f"@{'vectorize' if jit else 'np.vectorize'}\n{text}")
        else:
            blocks.append(_decorated(text, jit, {"forceinline": True} if HELPERS[h].inlined else {}))
    serial = {k: v for k, v in (options or {}).items() if k != "parallel"}
    blocks += [_decorated(unparse(f).strip(), jit, {**serial, **PARALLEL} if "prange" in names(f) else serial)
               for f in functions]
    return "\n\n\n".join(blocks).lstrip() + "\n"


def _carried(functions: Iterable[ast.FunctionDef], primal: Primal | None) -> list[Primal]:
    """The texts of functions with derivative rules, each once, and not if the primal's text has them."""
    there = {f.name for f in primal.functions} if primal is not None else set()
    out = []
    for f in functions:
        if hasattr(f, "carried") and f.name not in there:
            there.add(f.name)
            out.append(f.carried)
    return out


def _primal(primal: Primal, jit: bool) -> list[str]:
    """The primal's constants and functions; it keeps the error model and all else its author chose."""
    blocks = ["\n".join(primal.constants)] if primal.constants else []
    for f in primal.functions:
        given = {k: f.options[k] for k in (*PASSED_ON, "error_model") if f.options.get(k)}
        given |= parallel_of(given, "prange" in names(ast.parse(f.text)))
        given = {k: v for k, v in given.items() if v}
        blocks.append((f"@njit({_spelled(given)})\n" if given else "@njit\n") * jit + f.text)
    return blocks


def parallel_of(options: Mapping[str, object], prange: bool) -> dict[str, object]:
    """numba's option for a function of the author's where ours is ``"auto"``: as its author has written its loops."""
    return {"parallel": prange} if options.get("parallel") == "auto" else {}


def _with_dependencies(names: set[str]) -> list[str]:
    """Helpers in an order in which each stands after those it uses."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        for other in sorted(HELPERS[name].needs):
            visit(other)
        if name not in ordered:
            ordered.append(name)

    for name in sorted(names):
        visit(name)
    return ordered


def _decorated(text: str, jit: bool, options: Mapping[str, object]) -> str:
    if not jit:
        return text
    given = {"error_model": "numpy", **{k: options[k] for k in (*PASSED_ON, "forceinline") if options.get(k)}}
    return f"@njit({_spelled(given)})\n{text}"


def _spelled(options: Mapping[str, object]) -> str:
    # The order of a set changes from run to run.
    texts = {k: f"{{{', '.join(map(repr, sorted(v)))}}}" if isinstance(v, set | frozenset) else repr(v)
             for k, v in options.items()}
    return ", ".join(f"{k}={v}" for k, v in texts.items())
