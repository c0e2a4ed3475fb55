"""The compiler, end to end: a user's function in, the source of a derivative out. The pipeline is the list below."""
from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import Mapping

from numba import types as nbt

from s2sad.analysis.activity import Activity, find_activity
from s2sad.emit import to_python
from s2sad.emit.module import assemble
from s2sad.errors import BadCall
from s2sad.frontend import UserFunction, infer, lower_function
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.webs import split_webs
from s2sad.ir import Arg, Assign, Atom, Call, Const, Function, Stmt, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_float
from s2sad.ir.verify import verify
from s2sad.lower import lower_arrays
from s2sad.optimise.augment import augment
from s2sad.optimise.coalesce import coalesce
from s2sad.optimise.common import merge_common_subexpressions
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.dead import remove_dead_code
from s2sad.optimise.fold import plan_folding
from s2sad.optimise.hoist import hoist_invariants
from s2sad.optimise.increments import recognise_increments
from s2sad.runtime.helpers import dispatchers
from s2sad.transform.adjoint import Adjoint, build_adjoint
from s2sad.transform.tangent import build_tangent

TEMPORARY = re.compile(r"t\d+(_\d+)?")
"""What the frontend calls the values the author did not name."""

check_ir = False
"""Run the IR verifier after every pass (the tests turn it on)."""


@dataclass(frozen=True)
class Interface:
    """How a generated function relates to the user's.

    ``active`` parameters are followed by a tangent, or (arrays) by a shadow; ``mutated`` are array parameters the
    function writes to; ``result`` is the structure of the primal's result: ``None``, a numba type, or a nested tuple.
    """

    params: tuple[str, ...]
    wrt: tuple[str, ...]
    active: tuple[str, ...]
    mutated: tuple[str, ...]
    result: object


@dataclass(frozen=True)
class Generated:
    """One generated module: its text, its entry function, and (``vjp``) the names of both sweeps."""

    kind: str
    name: str
    source: str
    entries: tuple[str, ...]
    interface: Interface


@dataclass(frozen=True)
class Analysed:
    """The user's function ready to be differentiated."""

    user: UserFunction
    fn: Function
    interface: Interface
    active: Activity
    author_names: frozenset[str]


def checked(fn: Function) -> Function:
    if check_ir:
        verify(fn)
    return fn


def prepare(user: UserFunction, argtypes: tuple[nbt.Type, ...], *,
            check_division: bool = True) -> tuple[Function, object, frozenset[str]]:
    """Parse, infer, lower and simplify: the passes before differentiation, in order.

    Gives the IR, the type of the result, and the names that are the author's rather than a pass's.
    """
    fn = lower_function(user)                                    # parse, one exit, helpers inlined, one name per web
    authored = frozenset(n for n in w.all_names(fn) if not TEMPORARY.fullmatch(n))
    types = dict(zip(user.params, argtypes))
    helpers = dispatchers()
    inferred, returned = infer(fn, types, helpers)
    fn = replace(fn, types={**inferred, **types})
    fn = lower_arrays(fn, check_division=check_division)         # array statements become loops, views become indices
    fn = _retyped(fn, types)
    fn = checked(propagate_copies(fn))
    fn = checked(merge_common_subexpressions(fn))
    fn = checked(recognise_increments(fn))
    fn = checked(hoist_invariants(fn))
    fn = checked(merge_common_subexpressions(fn))
    fn = checked(remove_dead_code(fn, live=frozenset(fn.params)))
    return _retyped(fn, types), returned, authored


def _retyped(fn: Function, types: Mapping[str, nbt.Type]) -> Function:
    inferred, _ = infer(fn, types, dispatchers())
    return replace(fn, types={**fn.types, **inferred, **types})


def analyse(user: UserFunction, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *, check_division: bool = True,
            results: frozenset[int] | None = None, outputs: tuple[str, ...] | None = None) -> Analysed:
    """Everything derivatives of one specialisation share. ``results`` restricts the leaves of the result that count."""
    fn, returned, authored = prepare(user, argtypes, check_division=check_division)
    mutated = tuple(p for p in fn.params if any(w.writes(s) == p for s in w.walk(fn.body)) or _swapped_and_written(fn, p))
    leaves = w.result_leaves(fn.result)
    dependent = {a for k, a in enumerate(leaves) if isinstance(a, str) and (results is None or k in results)}
    dependent |= {p for p in (mutated if outputs is None else outputs) if p in fn.params}
    active = find_activity(fn, frozenset(wrt), frozenset(dependent))
    listed = tuple(p for p in fn.params if p in wrt or p in mutated and p in active)
    return Analysed(user, fn, Interface(fn.params, wrt, listed, mutated, result_structure(returned)), active, authored)


def _swapped_and_written(fn: Function, p: str) -> bool:
    from s2sad.analysis.required import _groups
    group = _groups(fn.body).get(p, frozenset())
    return any(w.writes(s) in group for s in w.walk(fn.body))


def result_structure(returned: object) -> object:
    """``None``, a numba type, or a nested tuple of them."""
    if isinstance(returned, nbt.NoneType) or returned is None:
        return None
    if isinstance(returned, nbt.BaseTuple):
        return tuple(result_structure(t) for t in returned)
    return returned


# ---------------------------------------------------------------------------- finishing a generated function

def finish(fn: Function, a: Analysed, live: frozenset[str]) -> ast.FunctionDef:
    """Clean up a generated function and print it: the passes after differentiation, in order."""
    fn = checked(remove_dead_code(fn, live=live))
    names = LocalNames(w.all_names(fn))
    fn = split_webs(fn, names)                                   # forward and reverse uses of a name become independent
    types = dict(fn.types)
    for new, old in names.splits.items():
        if old in types:
            types[new] = types[old]
    fn = replace(fn, types=types)
    fn = checked(propagate_copies(fn))
    fn = checked(merge_common_subexpressions(fn))
    fn = checked(remove_dead_code(fn, live=live))
    author = a.author_names | {n for n, old in names.splits.items() if old in a.author_names}
    folded = plan_folding(fn, frozenset(author))
    fn, folded = coalesce(fn, folded, a.author_names)
    fn = augment(fn)
    return to_python(fn, folded, _comments(fn))


def _comments(fn: Function) -> dict[Stmt, str]:
    return {}


# ---------------------------------------------------------------------------- the kinds

def generate(user: UserFunction, kind: str, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *, jit: bool = True,
             numba_options: Mapping[str, object] | None = None, value: bool = False, has_aux: bool = False,
             outputs: tuple[str, ...] | None = None, strong_zero: bool = True) -> Generated:
    """Generate the module of one kind of derivative for one specialisation.

    Parameters
    ----------
    user : UserFunction
    kind : {"tangent", "adjoint", "grad", "value_and_grad", "vjp"}
    argtypes : tuple of numba types
        One per parameter.
    wrt : tuple of str
        The independent parameters.
    jit : bool
        Decorate the functions with ``@njit``.
    numba_options : mapping, optional
        Options of the primal's compilation, passed on.
    value : bool
        The adjoint also returns the primal's value.
    has_aux : bool
        The function returns ``(value, aux)``; only ``value`` is differentiated (``grad`` and ``value_and_grad``).
    outputs : tuple of str, optional
        For ``vjp`` and ``tangent``: the outputs in order, names of mutated parameters and ``"return"``.
    strong_zero : bool
        A zero adjoint times an infinite partial is zero.

    Returns
    -------
    Generated

    Raises
    ------
    S2sadError
        Where the function, or this use of it, is not supported.
    """
    options = dict(numba_options or {})
    functions, name, entries, interface = generate_functions(
        user, kind, argtypes, wrt, numba_options=options, value=value, has_aux=has_aux, outputs=outputs, strong_zero=strong_zero)
    return Generated(kind, name, assemble(functions, jit=jit, options=options), entries, interface)


def generate_functions(user: UserFunction, kind: str, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *,
                       numba_options: Mapping[str, object] | None = None, value: bool = False, has_aux: bool = False,
                       outputs: tuple[str, ...] | None = None, strong_zero: bool = True,
                       ) -> tuple[list[ast.FunctionDef], str, tuple[str, ...], Interface]:
    """The functions :func:`generate` puts into a module, as syntax trees: (functions, entry, entries, interface)."""
    python_model = (numba_options or {}).get("error_model", "python") == "python"
    a = analyse(user, argtypes, wrt, check_division=python_model, results=frozenset({0}) if has_aux else None,
                outputs=() if kind in ("grad", "value_and_grad") else None)
    make = {"tangent": _tangent, "adjoint": _adjoint, "grad": _grad, "value_and_grad": _grad, "vjp": _vjp}[kind]
    functions, name, entries = make(a, kind=kind, value=value, has_aux=has_aux, outputs=outputs, strong_zero=strong_zero)
    return functions, name, entries, a.interface


def _tangent(a: Analysed, *, strong_zero: bool, **_: object):
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero)
    name = f"{a.fn.name}_tangent"
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    result = None if t.result is None else TupleArg((t.result, t.d_result))  # type: ignore[arg-type]
    fn = Function(name, params, t.body, result, a.fn.loc, t.types)
    return [finish(fn, a, frozenset(params))], name, (name,)


def _adjoint_function(a: Analysed, adj: Adjoint, *, value: bool, name: str) -> Function:
    params = [x for p in a.fn.params for x in ((p, adj.shadows[p]) if p in adj.shadows else (p,))]
    gradients = tuple(g for _, g in adj.gradients)
    result: Arg | None = None
    if gradients:
        result = gradients[0] if len(gradients) == 1 else TupleArg(gradients)
    middle: list[Stmt] = []
    if value and adj.result is not None:
        names = Names({*w.all_names(a.fn), *adj.types, *params, *adj.cotangents})

        def kept(leaf: Atom) -> Atom:
            if not isinstance(leaf, str):
                return leaf
            copy = names.fresh("value")
            is_arr = is_array(adj.types.get(leaf))
            adj.types[copy] = adj.types.get(leaf)
            middle.append(Assign(copy, Call("np.copy", (leaf,)) if is_arr else leaf, a.fn.loc))
            return copy

        held = w.map_result(adj.result, kept)
        result = held if result is None else TupleArg((held, result))  # type: ignore[arg-type]
    body = (*adj.forward, *middle, *adj.reverse)
    return Function(name, (*params, *adj.cotangents), body, result, a.fn.loc, adj.types)


def _adjoint(a: Analysed, *, value: bool, strong_zero: bool, **_: object):
    adj = build_adjoint(a.fn, a.active, a.interface.wrt, strong_zero=strong_zero)
    name = f"{a.fn.name}_adjoint"
    fn = _adjoint_function(a, adj, value=value, name=name)
    return [finish(fn, a, frozenset(adj.shadows.values()))], name, (name,)


def _grad(a: Analysed, *, kind: str, has_aux: bool, strong_zero: bool, **_: object):
    with_value = kind == "value_and_grad" or has_aux
    _require_scalar(a, has_aux)
    adj = build_adjoint(a.fn, a.active, a.interface.wrt, strong_zero=strong_zero, seeded=frozenset({0}) if has_aux else None)
    inner_name = f"{a.fn.name}_adjoint"
    inner = _adjoint_function(a, adj, value=with_value, name=inner_name)
    name = f"{a.fn.name}_{kind}"
    names = Names({*inner.params, *adj.types, inner_name, name})
    body: list[Stmt] = []
    args: list[Arg] = []
    types = dict(adj.types)
    for p in inner.params[:len(inner.params) - len(adj.cotangents)]:
        if p in adj.shadows.values():
            source = next(q for q, b in adj.shadows.items() if b == p)
            body.append(Assign(p, Call("np.zeros_like", (source,)), a.fn.loc))
        elif p in a.interface.mutated:
            copy = names.fresh(p)
            types[copy] = types[p]
            body.append(Assign(copy, Call("np.copy", (p,)), a.fn.loc))
            args.append(copy)
            continue
        args.append(p)
    args += [Const(1.0)] * len(adj.cotangents)
    call = Call(inner_name, tuple(args))
    scalars = [p for p, _ in adj.gradients]
    held: Arg | None = None
    result_of = {p: adj.shadows[p] for p in a.interface.wrt if p in adj.shadows}
    if with_value:
        held = TupleArg(("value", "aux")) if has_aux else "value"
    names_of_scalars = {p: names.fresh(f"b_{p}") for p in scalars}
    result_of.update(names_of_scalars)
    gradient: Arg = TupleArg(tuple(result_of[p] for p in a.interface.wrt))
    if len(a.interface.wrt) == 1:
        gradient = result_of[a.interface.wrt[0]]
    wrapper = Function(name, a.fn.params, tuple(body), None, a.fn.loc, types)
    node = to_python(wrapper)
    node.body = [x for x in node.body if not isinstance(x, ast.Pass)]
    node.body += _call_and_return(call, scalars, names_of_scalars, held, gradient, kind, has_aux)
    return [finish(inner, a, frozenset(adj.shadows.values())), node], name, (name,)


def _call_and_return(call: Call, scalars: list[str], name_of: Mapping[str, str], held: Arg | None, gradient: Arg, kind: str,
                     has_aux: bool) -> list[ast.stmt]:
    """The call of the adjoint, its results unpacked, and what the wrapper returns."""
    called = unparse_arg(call)
    targets = ", ".join(name_of[p] for p in scalars)
    if held is not None:
        value = "(value, aux)" if has_aux else "value"
        left = value if not scalars else f"{value}, {f'({targets})' if len(scalars) > 1 else targets}"
    else:
        left = targets
    lines = [f"{left} = {called}" if left else called]
    g = unparse_arg(gradient)
    if kind == "grad":
        lines.append(f"return {g}, aux" if has_aux and not isinstance(gradient, TupleArg) else
                     f"return ({g}), aux" if has_aux else f"return {g}")
    else:
        head = "(value, aux)" if has_aux else "value"
        lines.append(f"return {head}, ({g})" if isinstance(gradient, TupleArg) else f"return {head}, {g}")
    return _statements(lines)


def _statements(lines: list[str]) -> list[ast.stmt]:
    text = "def f():\n" + "\n".join(f"    {line}" for line in lines)
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


def unparse_arg(a: Arg | Call) -> str:
    match a:
        case Call(fn, args, _):
            return f"{fn}({', '.join(unparse_arg(x) for x in args)})"
        case TupleArg(items):
            return ", ".join(unparse_arg(x) for x in items)
        case Const(value):
            return repr(value)
    return str(a)


def _require_scalar(a: Analysed, has_aux: bool) -> None:
    structure = a.interface.result
    if has_aux:
        if not isinstance(structure, tuple) or len(structure) != 2:
            raise BadCall(f"`{a.fn.name}` must return a pair (value, aux) with has_aux=True", loc=a.fn.loc, code="S2S061",
                          hint="return (value, aux)")
        structure = structure[0]
    if structure is None:
        names = ", ".join(a.interface.mutated) or "nothing"
        raise BadCall(f"`{a.fn.name}` returns nothing; it writes to {names}", loc=a.fn.loc, code="S2S062",
                      hint="name the outputs: s2sad.vjp(f, ..., outputs=(...))")
    if not is_float(structure) or is_array(structure):
        raise BadCall(f"the gradient needs one real number, but `{a.fn.name}` returns {_described(structure)}", loc=a.fn.loc,
                      code="S2S063", hint="use s2sad.jacobian or s2sad.vjp")


def _described(structure: object) -> str:
    if isinstance(structure, tuple):
        return "a tuple"
    return f"an array ({structure})" if is_array(structure) else f"a value of type {structure}"


def _vjp(a: Analysed, *, outputs: tuple[str, ...] | None, strong_zero: bool, **_: object):
    from s2sad.emit.split import split_sweeps
    return split_sweeps(a, outputs, strong_zero, finish)

