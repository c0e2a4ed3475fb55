"""The compiler, end to end: a user's function in, the source of a derivative out. The pipeline is the list below."""
from __future__ import annotations

import ast
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any
from weakref import WeakSet

from numba import types as nbt

from s2sad.analysis.activity import find_activity
from s2sad.analysis.calls import Calls
from s2sad.analysis.repeatable import shows_plain_products
from s2sad.analysis.structure import Loop
from s2sad.array_functions.sites import expand, has_products, with_sites
from s2sad.emit import to_python
from s2sad.emit.module import assemble
from s2sad.emit.primal import primal_text
from s2sad.errors import S2sadError, TypeProblem, UnsupportedSyntax
from s2sad.frontend import UserFunction, define_everywhere, infer, lower_function
from s2sad.frontend.callee_types import typed
from s2sad.frontend.element_types import named_element_types
from s2sad.frontend.layout import layout_of
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.ruled import declarations, note, noting
from s2sad.frontend.unreachable import cut_unreachable
from s2sad.frontend.webs import split_webs
from s2sad.ir import Assign, Block, Effect, Function, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.trees import tree_of_result
from s2sad.ir.types import is_array
from s2sad.ir.verify import verify
from s2sad.kinds.adjoint import adjoint_functions
from s2sad.kinds.analysed import Analysed, Interface
from s2sad.kinds.called import callee_functions, carried_functions, require_names
from s2sad.kinds.callees import Callees
from s2sad.kinds.gradient import gradient_functions
from s2sad.kinds.index_sets import index_set_functions
from s2sad.kinds.jacobian import jacfwd_functions, jacrev_functions, pushed_functions
from s2sad.kinds.linearized import linearized_functions
from s2sad.kinds.tangent import tangent_functions
from s2sad.kinds.vector_tangent import WIDTH, vector_tangent_functions
from s2sad.kinds.vjp import vjp_functions
from s2sad.lower import lower_arrays
from s2sad.lower.calls import prepare_calls
from s2sad.lower.lists import lower_lists
from s2sad.lower.tapes import recognise_growth
from s2sad.lower.vector_math import use_vector_math, widen_vector_math
from s2sad.numerics import ELEMENTWISE
from s2sad.optimise.augment import augment
from s2sad.optimise.coalesce import coalesce
from s2sad.optimise.common import merge_common_subexpressions
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.counters import express_counters
from s2sad.optimise.dead import remove_dead_code, swapped_together
from s2sad.optimise.decided import take_decided_branches
from s2sad.optimise.fission import split_scatters
from s2sad.optimise.fold import plan_folding
from s2sad.optimise.hoist import hoist_invariants
from s2sad.optimise.increments import recognise_increments
from s2sad.optimise.integers import merge_offsets
from s2sad.optimise.local_sums import sum_locally
from s2sad.optimise.loop_order import order_loops
from s2sad.optimise.naming import name_temporaries
from s2sad.optimise.parallelise import Verdict, loops_wanted, parallelise
from s2sad.optimise.placing import place_results
from s2sad.optimise.pruning import prune_decided
from s2sad.optimise.zeros import drop_zeros
from s2sad.rules.calls import CallRule
from s2sad.runtime.helpers import dispatchers
from s2sad.vmath import TYPED

TEMPORARY = re.compile(r"t\d+(_\d+)?")
"""What the frontend calls the values the author did not name."""

check_ir = False
"""Run the IR verifier after every pass (the tests turn it on)."""

optimised = True
"""Run the passes that only make code shorter or faster (the tests compare with code made without them)."""


@dataclass(frozen=True)
class Generated:
    """One generated module: its text, its entry function, and (``vjp``) the names of both sweeps."""

    kind: str
    name: str
    source: str
    entries: tuple[str, ...]
    interface: Interface
    ruled: Mapping[str, UserFunction] = field(default_factory=dict)
    """Functions with derivative rules of their own that the module holds, by name."""


def checked(fn: Function) -> Function:
    if check_ir:
        verify(fn)
    return fn


def improved(improve: Callable[..., Function], fn: Function, **options: Any) -> Function:
    """The function after a pass that its meaning does not need."""
    return checked(improve(fn, **options)) if optimised else fn


@dataclass(frozen=True)
class Prepared:
    """A specialisation ready for activity analysis: lowered IR, the result's type, the names its author chose, and the
    functions that went into it."""

    user: UserFunction
    fn: Function
    returned: object
    author_names: frozenset[str]
    functions: WeakSet[FunctionType | CallRule]


_recent: OrderedDict[tuple, Prepared] = OrderedDict()
"""The last few specialisations: the kinds of derivative of one share them."""
RECENT = 32


def prepared(user: UserFunction, argtypes: tuple[nbt.Type, ...], check_division: bool,
             math: str = "libm") -> Prepared:
    """:func:`prepare`, or what it gave the last time for this very function and these types."""
    key = (id(user), argtypes, check_division, math, optimised, declarations())
    found = _recent.get(key)
    if found is None or found.user is not user:
        with noting() as functions:
            found = Prepared(user, *prepare(user, argtypes, check_division=check_division, math=math), functions)
        _recent[key] = found
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
    else:
        note(found.functions)
    return found


def prepare(user: UserFunction, argtypes: tuple[nbt.Type, ...], *, check_division: bool = True,
            math: str = "libm") -> tuple[Function, object, frozenset[str]]:
    """Parse, infer, lower and simplify: the passes before differentiation, in order.

    Gives the IR, the type of the result, and the names that are the author's rather than a pass's.
    """
    fn, returned = normal_form(user, argtypes)
    fn = Calls(lambda u, t: normal_form(u, t)[0]).resolved(fn)             # what recursive functions do to arguments
    authored = frozenset(n for n in w.all_names(fn) if not TEMPORARY.fullmatch(n))
    types = _parameter_types(fn, argtypes)
    fn = lower_lists(fn)                                         # lists become growable arrays
    fn = checked(take_decided_branches(fn))                      # numba takes half of them: needed
    fn = improved(merge_common_subexpressions, fn, integers_only=True)     # equal indices and sizes get one name
    fn = lower_arrays(fn, check_division=check_division)         # array statements become loops, views become indices
    if any(n not in fn.types for n in w.all_names(fn)):
        fn = _retyped(fn, types)
    if math == "vector":
        fn = checked(use_vector_math(fn))                        # the elementary functions that loops vectorise
    fn = improved(propagate_copies, fn)
    fn = improved(merge_common_subexpressions, fn)
    fn = improved(recognise_increments, fn)
    fn = checked(hoist_invariants(fn))                           # one array, one shadow: needed
    fn = improved(merge_common_subexpressions, fn)
    fn = improved(remove_dead_code, fn, live=frozenset(fn.params))
    fn = checked(prepare_calls(fn))
    fn = checked(name_temporaries(fn, authored & frozenset(w.all_names(fn))))
    return fn, returned, authored


def normal_form(user: UserFunction, argtypes: tuple[nbt.Type, ...]) -> tuple[Function, object]:
    """The frontend's passes and type inference: the IR with the types of all its names, and the type of the result."""
    fn = lower_function(user)                                    # parse, one exit, helpers inlined, one name per web
    fn = recognise_growth(fn)
    if not fn.name.isidentifier():
        fn = replace(fn, name="function")                        # a lambda
    types = _parameter_types(fn, argtypes)
    fn = prune_decided(replace(fn, types=types))
    try:
        return _typed(fn, types)
    except TypeProblem as e:
        if user.known is not None or not has_products(fn):       # a body of ours, or nothing to be had
            raise
        try:
            return _typed(fn, types, products=True)
        except S2sadError:
            raise e from None


def _parameter_types(fn: Function, argtypes: tuple[nbt.Type, ...]) -> dict[str, nbt.Type]:
    return {**dict(zip(fn.params, argtypes)), **{n: i.type for n, i in fn.intrinsics.items()}}


def _typed(fn: Function, types: Mapping[str, nbt.Type], products: bool = False) -> tuple[Function, object]:
    """The types of all names, with the bodies of array functions in place of their calls."""
    fn, sites = with_sites(fn, normal_form, products)
    inferred, returned = infer(fn, types, {**dispatchers(), **TYPED, **ELEMENTWISE, **typed(fn.callees), **sites})
    fn = define_everywhere(cut_unreachable(fn, {**inferred, **types}), inferred)
    fn = named_element_types(replace(fn, types={**inferred, **types}))
    return expand(widen_vector_math(fn), sites), returned


def uses_array_functions(user: UserFunction) -> bool:
    """Whether a function calls some that we have the bodies of."""
    fn = prune_decided(lower_function(user))
    return has_products(fn) or bool(with_sites(fn, normal_form)[1])


def _retyped(fn: Function, types: Mapping[str, nbt.Type]) -> Function:
    inferred, _ = infer(fn, types, {**dispatchers(), **TYPED, **ELEMENTWISE, **typed(fn.callees)})
    return replace(fn, types={**fn.types, **inferred, **types})


def analyse(user: UserFunction, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *, check_division: bool = True,
            results: frozenset[int] | None = None, outputs: tuple[str, ...] | None = None,
            math: str = "libm") -> Analysed:
    """Everything derivatives of one specialisation share. ``results`` restricts the leaves of the result that count.

    ``wrt`` and ``outputs`` are names of the author's, the interface has those of the IR. Types of tuples are types of
    several parameters of the function made (see :mod:`s2sad.frontend.layout`).
    """
    layout = layout_of(user, argtypes)
    user, argtypes, wrt = layout.user, layout.types, layout.leaves(wrt, floating=True)
    ready = prepared(user, argtypes, check_division, math)
    fn = ready.fn
    internal = dict(zip(user.params, fn.params))
    wrt = tuple(internal[p] for p in wrt)
    outputs = None if outputs is None else tuple(internal.get(p, p) for p in outputs)
    mutated = tuple(p for p in fn.params
                    if any(p in w.written(s) for s in w.walk(fn.body))
                    or _swapped_and_written(fn, p, user.memory is not None))
    leaves = w.result_leaves(fn.result)
    dependent = {a for k, a in enumerate(leaves) if isinstance(a, str) and (results is None or k in results)}
    dependent |= {p for p in (mutated if outputs is None else outputs) if p in fn.params}
    active = find_activity(fn, frozenset(wrt), frozenset(dependent))
    listed = tuple(p for p in fn.params if p in wrt or p in active and is_array(fn.types[p]))
    structure = result_structure(ready.returned)
    if any(isinstance(t, nbt.Optional) for t in flattened(structure)):
        raise UnsupportedSyntax("a value is returned on some paths and None on others", loc=fn.loc, code="S2S005",
                                hint="return a value of the same kind everywhere")
    interface = Interface(fn.params, wrt, listed, mutated, structure, tree_of_result(fn.result),
                          shows_plain_products(fn))
    return Analysed(user, fn, interface, active, ready.author_names)


def _swapped_and_written(fn: Function, p: str, budget: bool) -> bool:
    """Whether a parameter is swapped with what is written to, or in a loop whose states are written back: any loop,
    perhaps, within a budget of memory."""
    group = swapped_together(fn.body).get(p, set())
    return any(group & set(w.written(s)) or
               isinstance(s, Loop) and (budget or s.checkpoints is not None) and group & w.bound_in(s)
               for s in w.walk(fn.body))


def result_structure(returned: object) -> object:
    """``None``, a numba type, or a nested tuple of them."""
    if isinstance(returned, nbt.NoneType) or returned is None:
        return None
    if isinstance(returned, nbt.BaseTuple):
        return tuple(result_structure(t) for t in returned)
    if isinstance(returned, nbt.Array) and returned.ndim == 0:
        return returned.dtype                                    # without axes: the number in it
    return returned


def flattened(structure: object) -> tuple[object, ...]:
    """The types at the ends of a result's structure."""
    return tuple(t for s in structure for t in flattened(s)) if isinstance(structure, tuple) else (structure,)


# ---------------------------------------------------------------------------- finishing a generated function

def finish(fn: Function, a: Analysed, live: frozenset[str]) -> ast.FunctionDef:
    """Clean up a generated function and print it."""
    return finished(fn, a, live)[0]


def finished(fn: Function, a: Analysed, live: frozenset[str]) -> tuple[ast.FunctionDef, tuple[Verdict, ...]]:
    """The passes after differentiation, in order: the function as it is printed, and which loops run in parallel."""
    fn = place_results(fn)                                       # what is dead may read what is not handed over
    fn = improved(remove_dead_code, fn, live=live)
    names = LocalNames(w.all_names(fn))
    fn = split_webs(fn, names)                                   # forward and reverse uses of a name become independent
    types = dict(fn.types)
    for new, old in names.splits.items():
        if old in types:
            types[new] = types[old]
    fn = replace(fn, types=types)
    if not optimised:
        return to_python(fn), ()
    fn = checked(propagate_copies(fn))
    fn = checked(drop_zeros(fn))
    fn = checked(order_loops(express_counters(fn)))
    fn = checked(sum_locally(split_scatters(fn)))
    fn = checked(propagate_copies(merge_offsets(fn)))
    fn = checked(merge_common_subexpressions(fn))
    fn = checked(remove_dead_code(fn, live=live))
    fn, verdicts = parallelise(fn, a.parallel)
    if verdicts:                                                 # arrays of which each part has its own
        fn = checked(remove_dead_code(checked(fn), live=live))
    author = a.author_names | {n for n, old in names.splits.items() if old in a.author_names}
    folded = plan_folding(fn, frozenset(author))
    fn, folded = coalesce(fn, folded, a.author_names)
    fn = augment(fn, folded, a.author_names)
    return to_python(fn, folded, _comments(fn, folded)), verdicts


def _comments(fn: Function, folded: Mapping[str, Rhs]) -> dict[Stmt, str]:
    """The author's line before what the reverse sweep does for it."""
    comments: dict[Stmt, str] = {}

    def block(body: Block, last: str) -> None:
        for s in body:
            if isinstance(s, Assign) and s.target in folded:
                continue
            nested = w.blocks(s)
            text = s.loc.text.strip()
            if s.loc.reverse and not nested and text != last and not text.endswith(":") and not isinstance(s, Effect):
                comments[s] = last = text
            elif nested and text != last:        # not the loops of one array statement
                last = ""
            for b in nested:
                block(b, last)

    block(fn.body, "")
    return comments


# ---------------------------------------------------------------------------- the kinds

JACOBIANS = {"jacfwd": jacfwd_functions, "jacrev": jacrev_functions, "pushed": pushed_functions}
"""Kinds that drive a tangent or a pullback."""


def generate(user: UserFunction, kind: str, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *, jit: bool = True,
             numba_options: Mapping[str, object] | None = None, value: bool = False, has_aux: bool = False,
             outputs: tuple[str, ...] | None = None, into: bool = False, width: int | None = None,
             strong_zero: bool = True, math: str = "libm") -> Generated:
    """Generate the module of one kind of derivative for one specialisation.

    Parameters
    ----------
    user : UserFunction
    kind : {"primal", "flat", "tangent", "adjoint", "grad", "value_and_grad", "vjp", "linearized",
            "vector_tangent", "index_sets", "jacfwd", "jacrev", "pushed"}
        ``"flat"`` is the function with the leaves of structured arguments as its parameters.
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
        For ``vjp`` and the kinds of Jacobians: the outputs in order, names of mutated parameters and ``"return"``.
    into : bool
        For the kinds of Jacobians: results are written to arrays given first.
    width : int, optional
        For ``vector_tangent`` and ``jacfwd``: the number of directions at once.
    strong_zero : bool
        A zero adjoint times an infinite partial is zero.
    math : {"libm", "vector"}
        With ``"vector"`` elementary functions are those of :mod:`s2sad.vmath`.

    Returns
    -------
    Generated

    Raises
    ------
    S2sadError
        Where the function, or this use of it, is not supported.
    """
    options = dict(numba_options or {})
    if kind == "primal":
        text = assemble((), jit=jit, options=options, primal=primal_text(user))
        return Generated(kind, user.name, text, (user.name,), Interface(user.params, wrt, (), (), None))
    functions, name, entries, interface = generate_functions(
        user, kind, argtypes, wrt, numba_options=options, value=value, has_aux=has_aux, outputs=outputs, into=into,
        width=width, strong_zero=strong_zero, math=math)
    ruled = {f.name: owner for f in functions if (owner := getattr(f, "ruled", None)) is not None}
    return Generated(kind, name, assemble(functions, jit=jit, options=options), entries, interface, ruled)


def generate_functions(user: UserFunction, kind: str, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *,
                       numba_options: Mapping[str, object] | None = None, value: bool = False, has_aux: bool = False,
                       outputs: tuple[str, ...] | None = None, into: bool = False, width: int | None = None,
                       strong_zero: bool = True, math: str = "libm",
                       ) -> tuple[list[ast.FunctionDef], str, tuple[str, ...], Interface]:
    """The functions :func:`generate` puts into a module, as syntax trees: (functions, entry, entries, interface)."""
    layout = layout_of(user, argtypes)
    if outputs is not None:
        outputs = tuple(leaf for o in outputs for leaf in (layout.leaves((o,)) if o in layout.names else (o,)))
    user, argtypes, wrt = layout.user, layout.types, layout.leaves(wrt, floating=True)
    if kind == "flat":
        fn, returned = normal_form(user, argtypes)
        interface = Interface(fn.params, wrt, (), (), result_structure(returned), tree_of_result(fn.result))
        return [to_python(fn)], fn.name, (fn.name,), interface
    python_model = (numba_options or {}).get("error_model", "python") == "python"
    results = frozenset({0}) if has_aux else None
    final: tuple[str, ...] | None = None        # mutated parameters whose final content counts; None: all of them
    if kind in ("grad", "value_and_grad"):
        final = ()
    elif kind in ("vjp", "linearized", *JACOBIANS):
        final = tuple(o for o in outputs or () if o != "return")
        if outputs is not None and "return" not in outputs:
            results = frozenset()
    a = analyse(user, argtypes, wrt, check_division=python_model, results=results, outputs=final,
                math=math)
    if outputs is not None:
        internal = dict(zip(user.params, a.fn.params))
        outputs = tuple(internal.get(o, o) for o in outputs)
    callees = callees_of(a, numba_options or {}, strong_zero, math)
    a = replace(a, callees=callees, optimised=optimised, parallel=loops_wanted(numba_options or {}))
    plain = not has_aux and not value
    single = not isinstance(a.interface.result, tuple)           # callees return value and tangent as one flat tuple
    if plain and (kind == "adjoint" or kind == "tangent" and single or kind == "grad" and not a.interface.mutated):
        # the entry is also what a recursive call of it needs
        entry = "tangent" if kind == "tangent" else "adjoint"
        callees.reserve(entry, user, argtypes, wrt, f"{a.fn.name}_{entry}")
    match kind:
        case "tangent":
            built = tangent_functions(a, finish, strong_zero=strong_zero)
        case "adjoint":
            built = adjoint_functions(a, finish, value=value, strong_zero=strong_zero)
        case "grad" | "value_and_grad":
            built = gradient_functions(a, finish, kind=kind, has_aux=has_aux, strong_zero=strong_zero)
        case "vjp":
            built = vjp_functions(a, finish, outputs=outputs, strong_zero=strong_zero)
        case "linearized":
            built = linearized_functions(a, finish, outputs=outputs, strong_zero=strong_zero)
        case "jacfwd" | "jacrev" | "pushed":
            built = JACOBIANS[kind](a, finish, outputs=outputs, into=into, width=width, strong_zero=strong_zero)
        case "index_sets":
            built = index_set_functions(a, finish, strong_zero=strong_zero)
        case "vector_tangent":
            built = vector_tangent_functions(a, finish, width or WIDTH, strong_zero=strong_zero)
        case _:
            raise ValueError(f"no such kind of derivative: {kind!r}")
    called = callee_functions(callees, finish, built[0], strong_zero=strong_zero)
    carried = carried_functions(callees.texts, [*called, *built[0]])
    require_names(a, [*carried, *called, *built[0]])
    return [*carried, *called, *built[0]], *built[1:], a.interface.of(user.params)


def callees_of(a: Analysed, options: Mapping[str, object], strong_zero: bool, math: str = "libm") -> Callees:
    """The supply of functions that a module calls by name."""
    def model(user: UserFunction) -> bool:
        return (user.options or options).get("error_model", "python") == "python"

    taken = {f"{a.fn.name}_{kind}" for kind in ("tangent", "adjoint", "grad", "value_and_grad", "forward", "reverse")}
    callees = Callees(
        lambda user, types: prepared(user, types, model(user), math),
        lambda user, types, wrt: analyse(user, types, wrt, check_division=model(user), math=math),
        lambda user, kind, types, wrt: generate(user, kind, types, wrt, jit=False,
                                                numba_options=user.options or options, strong_zero=strong_zero,
                                                math=math), taken)
    callees.one(a.user)
    callees.carry(a.fn)
    return callees
