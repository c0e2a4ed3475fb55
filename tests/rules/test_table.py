"""The table as a whole: nothing numba computes is forgotten, numba has all that is named, formulas are closed."""
from __future__ import annotations

import ast
import itertools
import math

import numpy as np
import pytest
from numba.core import types
from numba.core.registry import cpu_target
from numba.core.target_extension import target_override
from numba.core.typing import mathdecl
from numba.np import ufunc_db

from s2sad import array_functions
from s2sad.frontend.library import meaning
from s2sad.rules import CONSTANT, Rule, lookup, rule
from s2sad.rules.table import OPERATORS, declared, undeclare
from s2sad.runtime.helpers import HELPERS
from tests.rules.evaluation import function, functions_in

# Scalar functions of numba that are unknown to the table on purpose, with the reason.
REFUSED = {
    "np.isnat": "dates",
    "np.divmod": "the frontend makes it np.floor_divide and np.remainder",
    "math.frexp": "the frontend makes it its two parts, which have rules",
    "np.conjugate": "the frontend calls it np.conj",
    "np.nextafter": "no formula is a useful derivative of the next number",
    "math.nextafter": "as np.nextafter",
}

# NumPy functions of numba's that work on arrays as wholes; np.where and np.clip become choices and extrema of elements.
OF_ARRAYS = set("""
    allclose amax amin append arange argpartition argsort argwhere array array_equal array_split asarray
    asarray_chkfinite ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d average bartlett bincount
    blackman broadcast_arrays broadcast_shapes broadcast_to clip column_stack concat concatenate convolve copy
    corrcoef correlate cov cross delete diag diagflat diff digitize dot dsplit dstack ediff1d empty empty_like
    expand_dims extract eye fill_diagonal flatnonzero flip fliplr flipud frombuffer full full_like geomspace hamming
    hanning histogram hsplit hstack identity indices insert interp intersect1d iscomplexobj isin isrealobj isscalar
    kaiser kron linspace logspace median moveaxis nanmedian nanpercentile nanquantile nonzero ones ones_like outer
    partition percentile permute_dims quantile ravel repeat reshape resize roll roots rot90 row_stack searchsorted
    select setdiff1d setxor1d shape size sort split stack swapaxes take take_along_axis trace transpose trapezoid
    tri tril tril_indices tril_indices_from trim_zeros triu triu_indices triu_indices_from union1d unique unwrap
    vander vdot vsplit vstack where zeros zeros_like
""".split())


def numba_scalar_functions() -> set[str]:
    ufuncs = {f"np.{u.__name__}" for u in ufunc_db.get_ufuncs()}
    registered = {f for f, _ in mathdecl.registry.globals}
    return ufuncs | {f"math.{f.__name__}" for f in registered if getattr(math, getattr(f, "__name__", ""), None) is f}


def test_all_of_numbas_scalar_functions_are_known():
    known = numba_scalar_functions()
    assert {"np.sin", "math.lgamma"} <= known
    assert {name for name in known if lookup(name) is None} == set(REFUSED)


def test_all_of_numbas_numpy_functions_are_classified():
    cpu_target.target_context.refresh()
    context = cpu_target.typing_context
    context.refresh()
    found = set()
    for name, f in sorted(vars(np).items()):
        if callable(f) and not name.startswith("_") and not isinstance(f, type) and _known(context, f):
            found.add(name)
    assert {"sinc", "median", "hypot"} <= found and len(found) > 200
    elementwise = {n for n in found if lookup(meaning(getattr(np, n), n).name) is not None or f"np.{n}" in REFUSED}
    as_programs = {name.removeprefix("np.") for name in array_functions.table()}
    assert found - elementwise - as_programs - OF_ARRAYS == set()
    assert elementwise & OF_ARRAYS == set()


def _known(context, f) -> bool:
    try:
        return context.resolve_value_type(f) is not None
    except Exception:  # numba's way to say that it does not know
        return False


def test_names_exist_in_numba():
    context = cpu_target.typing_context
    context.refresh()
    scalars = (types.float64, types.int64)
    operands = [args for n in (1, 2) for args in itertools.product(scalars, repeat=n)]
    missing = []
    with target_override("cpu"):
        for name in declared():
            if name in OPERATORS or name in HELPERS or name == "stop_gradient" or "@" in name:
                continue
            fn = context.resolve_value_type(function(name))
            if not any(_resolves(context, fn, args) for args in operands):
                missing.append(name)
    assert missing == []


def _resolves(context, fn, args) -> bool:
    try:
        return context.resolve_function_type(fn, args, {}) is not None
    except Exception:  # numba raises errors of many kinds for types it has no version for
        return False


def test_operators_are_all_known():
    assert {op for op in OPERATORS if lookup(op) is None} == set()


def test_functions_in_formulas_have_rules():
    called = {f for entry in declared().values() if isinstance(entry, Rule) for f in functions_in(entry.formulas())}
    assert "math.cos" in called
    assert {f for f in called if lookup(f) is None} == set()


def test_unknown_is_not_constant():
    assert lookup("np.no_such_function") is None
    assert lookup("np.floor") is CONSTANT


class TestDeclaration:
    def test_names_and_constants_are_put_in(self):
        made = rule("probe(x)", x="ln2 * sin(pi * x) + digamma(x)")
        try:
            assert ast.unparse(made.partials["x"]) == f"{math.log(2.0)!r} * math.sin({math.pi!r} * x) + digamma(x)"
            assert lookup("probe") is made
        finally:
            undeclare(made)
        assert lookup("probe") is None

    def test_shared_terms_keep_their_order(self):
        made = lookup("np.arctan2")
        assert list(made.where) == ["r"]
        assert made.params == ("y", "x")

    @pytest.mark.parametrize("formula, complaint", [
        ("y", "unknown name 'y'"),
        ("no_such_function(x)", "unknown function 'no_such_function'"),
        ("math.sin(x)", "by bare name"),
        ("[x]", "no List is understood"),
    ])
    def test_formulas_are_checked(self, formula, complaint):
        with pytest.raises(ValueError, match=complaint):
            rule("probe(x)", x=formula)
        assert lookup("probe") is None

    def test_every_parameter_needs_a_formula(self):
        with pytest.raises(ValueError, match="one formula for each of x, y"):
            rule("probe(x, y)", x="1")

    def test_one_rule_a_name(self):
        with pytest.raises(ValueError, match="math.sin has a rule already"):
            rule("sin(x)", x="cos(x)")

    @pytest.mark.parametrize("signature", ["probe", "probe()", "probe(1)", "probe(x=1)"])
    def test_signatures_are_checked(self, signature):
        with pytest.raises(ValueError, match="not a signature"):
            rule(signature)
