"""What a generated function's docstring says: what each argument is, and what is returned."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from numba import types

from s2sad.cli.spelling import spelled
from s2sad.driver import Interface
from s2sad.ir.types import is_array, is_differentiable

SUMMARY = {
    "tangent": "Tangent (forward mode) of {f} by {wrt}. Arguments without a description are those of {f}.",
    "adjoint": "Adjoint (reverse mode) of {f} by {wrt}. Arguments without a description are those of {f}.",
    "grad": "Gradient of {f} by {wrt}. The arguments are those of {f}; none is changed.",
    "value_and_grad": "Value and gradient of {f} by {wrt}. The arguments are those of {f}; none is changed.",
    "forward": "Value of {f}, and what {f}_reverse needs to pull cotangents back. The arguments are not changed.",
    "reverse": "Gradients of {f} by {wrt}, from what {f}_forward has saved.",
}

Entry = tuple[str, str]
"""A line with a name or type, and what it means."""


@dataclass(frozen=True)
class Subject:
    """The function that a generated one belongs to."""

    function: str
    interface: Interface
    types: dict[str, types.Type]
    value: bool
    """The adjoint also returns the value."""


def documented(node: ast.FunctionDef, kind: str, of: Subject) -> ast.FunctionDef:
    """A generated function with a docstring.

    ``kind`` is a mode, or ``"forward"`` or ``"reverse"`` for the two sweeps of ``vjp``.
    """
    names = [a.arg for a in node.args.args]
    summary = SUMMARY[kind].format(f=of.function, wrt=", ".join(of.interface.wrt))
    parts = [summary]
    for title, entries in (("Parameters", list(_parameters(names, kind, of))), ("Returns", list(_returned(kind, of)))):
        if entries:
            lines = (f"{a}\n    {b}" if b else a for a, b in _joined(entries))
            parts.append("\n".join([title, "-" * len(title), *lines]))
    text = "\n\n".join(parts) + ("\n" if len(parts) > 1 else "")
    new = ast.FunctionDef(node.name, node.args, [ast.Expr(ast.Constant(text)), *node.body], node.decorator_list)
    return ast.fix_missing_locations(new)


def called(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function that others of the module call, with a docstring."""
    text = "Called by the functions below."
    new = ast.FunctionDef(node.name, node.args, [ast.Expr(ast.Constant(text)), *node.body], node.decorator_list)
    new.stands_for_user = getattr(node, "stands_for_user", False)  # type: ignore[attr-defined]
    return ast.fix_missing_locations(new)


def _joined(entries: list[Entry]) -> Iterator[Entry]:
    """Neighbours of one type that need no words share a line."""
    pending: list[str] = []
    kind = ""
    for a, b in [*entries, ("", "end")]:
        name, _, t = a.partition(" : ")
        if pending and (b or t != kind):
            yield f"{', '.join(pending)} : {kind}", ""
            pending = []
        if not b:
            pending.append(name)
            kind = t
        elif a:
            yield a, b


def _parameters(names: list[str], kind: str, of: Subject) -> Iterator[Entry]:
    if kind == "reverse":
        yield "saved : tuple", f"the second result of {of.function}_forward"
        yield "cotangents : tuple", "one cotangent for each floating-point result, in order"
        return
    rest = iter(names)
    for p in of.interface.params:
        name = next(rest)
        yield f"{name} : {spelled(of.types[p])}", _meaning(p, kind, of)
        follows = p in of.interface.active and (kind == "tangent" or kind == "adjoint" and is_array(of.types[p]))
        if follows:
            yield f"{next(rest)} : {spelled(of.types[p])}", _companion(p, kind, of)
    if kind == "adjoint":
        for name, (where, t) in zip(rest, _float_leaves(of.interface.result), strict=True):
            yield f"{name} : {spelled(t)}", f"cotangent of result{where}" if where else "cotangent of the result"


def _meaning(p: str, kind: str, of: Subject) -> str:
    if p not in of.interface.mutated or kind not in ("tangent", "adjoint"):
        return ""
    return f"{of.function} writes to it" + ("" if kind == "tangent" else "; its content on return is unspecified")


def _companion(p: str, kind: str, of: Subject) -> str:
    if kind == "tangent":
        if p in of.interface.mutated:
            return f"tangent of {p}: of its initial content on entry, of its final content on return"
        return f"tangent of {p}"
    if p in of.interface.mutated:
        return (f"shadow of {p}: on entry the cotangent of its final content, on return the gradient by its initial "
                "content")
    return f"shadow of {p}: the gradient is added to it"


def _float_leaves(result: object, where: str = "") -> Iterator[tuple[str, types.Type]]:
    if isinstance(result, tuple):
        for k, item in enumerate(result):
            yield from _float_leaves(item, f"{where}[{k}]")
    elif result is not None and is_differentiable(result):
        yield where, result


def _returned(kind: str, of: Subject) -> Iterator[Entry]:
    i = of.interface
    result: Entry = spelled(i.result), f"what {of.function} returns"
    gradients = [(spelled(of.types[p]), f"gradient by {p}") for p in i.wrt]
    match kind:
        case "tangent" if i.result is not None:
            yield result
            yield spelled(i.result), "its tangent, zero where it is no floating-point number"
        case "adjoint":
            if of.value and i.result is not None:
                yield result
            scalars = [g for p, g in zip(i.wrt, gradients) if not is_array(of.types[p])]
            if of.value and i.result is not None and len(scalars) > 1:
                names = [p for p in i.wrt if not is_array(of.types[p])]
                yield f"tuple of {len(names)}", "gradients by " + ", ".join(names)
            else:
                yield from scalars
        case "value_and_grad":
            yield result
            if len(gradients) > 1:
                yield f"tuple of {len(gradients)}", "gradients by " + ", ".join(i.wrt)
            else:
                yield from gradients
        case "grad":
            yield from gradients
        case "forward":
            yield result
            yield "tuple", "saved values"
        case "reverse":
            yield f"tuple of {len(gradients)}", "gradients by " + ", ".join(i.wrt)
