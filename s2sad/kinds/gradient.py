"""``f_grad(x, ...)`` and ``f_value_and_grad(x, ...)``: the adjoint called with fresh shadows, arguments untouched."""
from __future__ import annotations

import ast
from dataclasses import replace

from s2sad.emit import to_python
from s2sad.errors import BadCall
from s2sad.ir import Assign, Call, Function, Stmt
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex, is_float
from s2sad.kinds.adjoint import adjoint_function, fusion
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.kinds.budget import within_budget
from s2sad.transform.adjoint import Adjoint, build_adjoint


def gradient_functions(a: Analysed, finish: Finish, *, kind: str, has_aux: bool, strong_zero: bool) -> Built:
    """The adjoint and its wrapper.

    Raises
    ------
    BadCall
        If the function does not return one real number.
    """
    require_scalar(a, has_aux)
    with_value = kind == "value_and_grad" or has_aux
    seeded = frozenset({0}) if has_aux else None
    fuse = fusion(a, with_value)

    def build(a: Analysed) -> Adjoint:
        return build_adjoint(a.fn, a.active, a.interface.wrt, strong_zero=strong_zero, callees=a.callees, seeded=seeded,
                             fuse=fuse)

    a = within_budget(a, build)
    adj = build(a)
    inner = adjoint_function(a, adj, value=with_value)
    # The wrapper calls it where the author's parameters are in scope.
    inner = replace(inner, name=Names({*inner.params, *adj.types}).fresh(inner.name))
    name = f"{a.fn.name}_{kind}"
    names = Names({*inner.params, *adj.types, inner.name, name})
    source_of = {b: p for p, b in adj.shadows.items()}
    types = dict(adj.types)
    before: list[Stmt] = []
    args: list[str] = []
    for p in inner.params[:len(inner.params) - len(adj.cotangents)]:
        if p in source_of:
            before.append(Assign(p, Call("np.zeros_like", (source_of[p],)), a.fn.loc))
        elif p in a.interface.mutated:
            copy = names.fresh(p)
            types[copy] = types[p]
            before.append(Assign(copy, Call("np.copy", (p,)), a.fn.loc))
            p = copy
        args.append(p)
    args += ["1.0"] * len(adj.cotangents)

    scalars = {p: names.fresh(f"b_{p}") for p, _ in adj.gradients}
    gradients = [adj.shadows.get(p) or scalars[p] for p in a.interface.wrt]
    called = f"{inner.name}({', '.join(args)})"
    held = "value, aux" if has_aux else "value"
    received = ", ".join(scalars.values())
    if with_value and scalars:
        left = f"{f'({held})' if has_aux else held}, {received if len(scalars) == 1 else f'({received})'}"
    else:
        left = held if with_value else received
    gradient = ", ".join(gradients)
    wrapped = gradient if len(gradients) == 1 else f"({gradient})"
    if kind == "grad":
        returned = f"{wrapped}, aux" if has_aux else gradient
    else:
        returned = f"{f'({held})' if has_aux else held}, {wrapped}"
    wrapper = to_python(Function(name, a.fn.params, tuple(before), None, a.fn.loc, types))
    wrapper.body = [s for s in wrapper.body if not isinstance(s, ast.Pass)]
    wrapper.body += _statements([f"{left} = {called}" if left else called, f"return {returned}"])
    return [finish(inner, a, frozenset(adj.shadows.values())), wrapper], name, (name,)


def _statements(lines: list[str]) -> list[ast.stmt]:
    return ast.parse("\n".join(["def f():", *(f"    {line}" for line in lines)])).body[0].body  # type: ignore[attr-defined]


def require_scalar(a: Analysed, has_aux: bool) -> None:
    """The result must be one real number, or a pair of one and something (``has_aux``)."""
    structure = a.interface.result
    if has_aux:
        if not isinstance(structure, tuple) or len(structure) != 2:
            raise BadCall(f"`{a.fn.name}` must return a pair (value, aux) with has_aux=True", loc=a.fn.loc,
                          code="S2S045", hint="return (value, aux)")
        structure = structure[0]
    if structure is None:
        raise procedure(a)
    if is_complex(structure) and not is_array(structure):
        raise BadCall(f"a gradient needs one real number, and `{a.fn.name}` returns a complex one", loc=a.fn.loc,
                      code="S2S042", hint="return its `.real`, `.imag` or `abs`, or use s2sad.vjp, whose cotangent is "
                                          "complex")
    if not is_float(structure) or is_array(structure):
        raise BadCall(f"a gradient needs one real number, and `{a.fn.name}` returns {_described(structure)}",
                      loc=a.fn.loc, code="S2S042", hint="return one number of it, or use s2sad.vjp")


def procedure(a: Analysed) -> BadCall:
    """The error for a function that returns nothing where a value is needed."""
    mutated = a.interface.mutated
    if not mutated:
        return BadCall(f"`{a.fn.name}` returns nothing and writes to no array: it has no output", loc=a.fn.loc,
                       code="S2S042", hint="return a value")
    names = ", ".join(f"`{p}`" for p in mutated)
    return BadCall(f"`{a.fn.name}` returns nothing; it writes to {names}", loc=a.fn.loc, code="S2S042",
                   hint=f"name its outputs: s2sad.vjp({a.fn.name}, ..., outputs={mutated!r})")


def _described(structure: object) -> str:
    if isinstance(structure, tuple):
        return "a tuple"
    return f"an array, {structure}" if is_array(structure) else f"a value of type {structure}"


