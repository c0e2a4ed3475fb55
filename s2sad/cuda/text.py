"""A module of kernels: what it imports, the device functions it uses, and the memory its kernels declare."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from s2sad.emit.module import _with_dependencies
from s2sad.emit.primal import Primal
from s2sad.emit.syntax import names
from s2sad.emit.unparse import unparse
from s2sad.ir.intrinsics import Intrinsic
from s2sad.runtime.helpers import HELPERS

MATH = {"np.sin": "math.sin", "np.cos": "math.cos", "np.tan": "math.tan", "np.arcsin": "math.asin",
        "np.arccos": "math.acos", "np.arctan": "math.atan", "np.arctan2": "math.atan2", "np.sinh": "math.sinh",
        "np.cosh": "math.cosh", "np.tanh": "math.tanh", "np.exp": "math.exp", "np.expm1": "math.expm1",
        "np.log": "math.log", "np.log1p": "math.log1p", "np.log2": "math.log2", "np.log10": "math.log10",
        "np.sqrt": "math.sqrt", "np.hypot": "math.hypot"}
"""What numbers have under another name that numba knows on every device."""

ZMUL = '''def zmul(b, p):
    """An adjoint or tangent times a partial: zero if the first is, even where the second is infinite or undefined."""
    return b if b == 0.0 else b * p'''


class _Math(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return ast.parse(MATH.get(ast.unparse(node), ast.unparse(node)), mode="eval").body


def with_memory(fn: ast.FunctionDef, intrinsics: Mapping[str, Intrinsic]) -> ast.FunctionDef:
    """The kernel with its place and memory bound by itself rather than given as parameters."""
    used = names(fn)
    fn.args.args = [a for a in fn.args.args if a.arg not in intrinsics]
    head = [ast.parse(f"{n} = {i.text}").body[0] for n, i in intrinsics.items() if n in used]
    fn.body = [*head, *fn.body]
    return _Math().visit(fn)


def module_text(functions: Iterable[ast.FunctionDef], options: Mapping[str, object], *, header: str = "",
                primal: Primal | None = None, hosts: Iterable[str] = ()) -> str:
    """The text of a module with these kernels; it imports ``math``, ``numpy`` and ``numba`` only.

    ``primal`` is the author's kernel, its last function, with the device functions it calls; ``hosts`` are texts of
    functions that run on the host.
    """
    functions = list(functions)
    called = {n for f in functions for n in names(f)} | (primal.helpers if primal is not None else frozenset())
    texts = [ZMUL if h == "zmul" else HELPERS[h].source.rstrip() for h in _with_dependencies(called & set(HELPERS))]
    given = f"({', '.join(f'{k}={v!r}' for k, v in options.items())})" if options else ""
    blocks = ["\n".join(primal.constants)] if primal is not None and primal.constants else []
    blocks += [f"@cuda.jit(device=True)\n{t}" for t in texts]
    if primal is not None:
        *helpers, kernel = primal.functions
        blocks += [f"@cuda.jit(device=True)\n{h.text}" for h in helpers]
        blocks.append(f"@cuda.jit{given}\n{kernel.text}")
    blocks += [f"@cuda.jit{given}\n{unparse(f).strip()}" for f in functions]
    body = "\n\n\n".join([*blocks, *hosts])
    kinds = sorted(set(re.findall(r"cuda\.(?:local|shared)\.array\(.*, (\w+)\)", body)))
    head = [header.rstrip("\n"), ""] if header else []
    head += ["import math", ""] if "math." in body else []
    head += ["import numpy as np"] if re.search(r"\bnp\.", body) else []
    head.append(f"from numba import {', '.join(['cuda', *kinds])}")
    return "\n".join(head) + "\n\n\n" + body + "\n"
