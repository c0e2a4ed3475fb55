"""Every rule of complex numbers against mpmath's derivatives, through the formulas that generated code is made of.

Each formula is simplified and given operations for complex numbers as the compiler does it, then evaluated as plain
Python and compiled by numba.
"""
from __future__ import annotations

import cmath
import math
import random

import numba
import numpy as np
import pytest
from mpmath import mp
from numba import types as nbt
from numba.np import ufunc_db

from s2sad.ir import Const
from s2sad.rules import CONSTANT, Rule, lookup
from s2sad.rules.table import Kind, declared
from s2sad.runtime.helpers import HELPERS, dispatchers, python_functions
from s2sad.transform.complex_formulas import conjugated, for_complex, is_complex_formula
from s2sad.transform.formulas import Node, partials
from tests.rules.evaluation import functions_in

EPS = 2.0 ** -52
# Points of moderate and extreme size, in all quadrants, on the axes, and next to branch points and poles.
POINTS = [complex(r * math.cos(t), r * math.sin(t))
          for r in (0.3, 1.5, 4.0) for t in (0.2, 1.3, 2.1, 3.0, -0.7, -1.4, -2.8)]
POINTS += [complex(1.0, 1e-8), complex(-1.0, 1e-9), complex(1e-9, 1.0), complex(0.5, 1e-12), complex(1e-3, -2.0)]

# mpmath's functions of the operands, by a name the rule has.
ONE_OPERAND = {
    "neg": lambda z: -z, "pos": lambda z: z, "nonzero": lambda z: z, "np.complex128": lambda z: z,
    "np.square": lambda z: z * z, "np.reciprocal": lambda z: 1 / z,
    "np.sqrt": mp.sqrt, "np.exp": mp.exp, "np.exp2": lambda z: mp.mpf(2) ** z, "np.expm1": mp.expm1,
    "np.log": mp.log, "np.log2": lambda z: mp.log(z) / mp.ln2, "np.log10": mp.log10,
    "np.log1p": lambda z: mp.log(1 + z),
    "np.sin": mp.sin, "np.cos": mp.cos, "np.tan": mp.tan, "np.sinh": mp.sinh, "np.cosh": mp.cosh, "np.tanh": mp.tanh,
    "np.arcsin": mp.asin, "np.arccos": mp.acos, "np.arctan": mp.atan, "np.arcsinh": mp.asinh, "np.arccosh": mp.acosh,
    "cmath.acosh": mp.acosh, "np.arctanh": mp.atanh, "times_i": lambda z: mp.mpc(0, 1) * z,
    "complex_sech2": lambda z: mp.sech(z) ** 2,
    "np.conj": mp.conj, "np.real": mp.re, "np.imag": mp.im, "abs": abs, "np.angle": mp.arg,
}
SEVERAL = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "div": lambda x, y: x / y,
    "pow": lambda x, y: x ** y, "zmul": lambda b, p: b * p, "complex": lambda a, b: mp.mpc(a, b),
    "cmath.rect": lambda r, phi: r * mp.exp(mp.mpc(0, 1) * phi), "select": lambda c, a, b: a if c else b,
}
REAL_OPERANDS = {"complex", "cmath.rect"}
# np.sign and the extrema have values for complex numbers in numba, and no rule; the others have none there.
WITHOUT_RULE = {"np.sign", "np.fmax", "np.fmin", "np.maximum", "np.minimum", "np.less", "np.less_equal", "np.greater",
                "np.greater_equal", "np.conjugate"}
RULES = {entry.names[0]: entry for entry in declared(True).values() if isinstance(entry, Rule)}


def shared_name(rule):
    """A rule that serves real operands too is listed by a name it has for complex ones."""
    served = [n for n, e in declared(True).items() if e is rule]
    return next(n for n in served if n in ONE_OPERAND or n in SEVERAL)


def test_every_rule_is_proved():
    proved = {shared_name(rule) for rule in RULES.values()}
    assert proved == set(ONE_OPERAND) | set(SEVERAL)


def test_all_of_numbas_complex_functions_have_a_rule_or_are_listed():
    known = {f"np.{u.__name__}" for u in ufunc_db.get_ufuncs()
             if any("D" in loop.partition("->")[0] for loop in ufunc_db.get_ufunc_info(u))}
    known |= {f"cmath.{n}" for n in vars(cmath) if callable(getattr(cmath, n)) and not n.startswith("_")}
    # cmath.polar is taken apart by the frontend; numba has no cmath.isclose
    assert {n for n in known if lookup(n, True) is None} == WITHOUT_RULE | {"cmath.polar", "cmath.isclose"}


def test_functions_in_formulas_have_rules_for_complex_numbers():
    for rule in RULES.values():
        for name in functions_in(rule.formulas()):
            name = f"np.{name[5:]}" if name.startswith("math.") else name
            assert lookup(name, True) is not None, (rule.names, name)


def test_sign_is_not_a_constant():
    assert lookup("np.sign") is CONSTANT and lookup("np.sign", on_complex=True) is None


# ---------------------------------------------------------------------------- formulas evaluated

def text(f) -> str:
    """A formula as an expression, printed without any pass of the compiler."""
    operators = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "eq": "==", "ne": "!="}
    if isinstance(f, Const):
        return f"complex({f.value.real!r}, {f.value.imag!r})" if isinstance(f.value, complex) else repr(f.value)
    if not isinstance(f, Node):
        return "v" if f == "Ω" else f
    args = [f"({text(a)})" for a in f.args]
    if f.fn in operators:
        return f"{args[0]} {operators[f.fn]} {args[1]}"
    if f.fn == "neg":
        return f"-{args[0]}"
    if f.fn == "select":
        return f"{args[1]} if {args[0]} else {args[2]}"
    return f"{f.fn}({', '.join(args)})"


def compiled_partials(name, kinds, result, *, jit):
    """A function of operands and result giving all partials and their conjugates as the compiler would write them."""
    rule = lookup(name, on_complex=True)
    params = tuple(f"x{k}" for k in range(len(kinds)))
    types = {**dict(zip(params, kinds)), "Ω": result}

    def is_complex(a):
        return isinstance(a.value, complex) if isinstance(a, Const) else isinstance(types[a], nbt.Complex)

    formulas = [for_complex(f, is_complex) for f in partials(rule, params).values()]
    turned = [conjugated(f, is_complex) for f in formulas]
    assert all(is_complex_formula(f, is_complex) or g == f for f, g in zip(formulas, turned))
    source = f"def f({', '.join(params)}, v):\n    return ({', '.join(text(f) for f in formulas)},), " \
             f"({', '.join(text(f) for f in turned)},)"
    space = {"np": np, "cmath": cmath, "math": math, **(dispatchers() if jit else python_functions())}
    exec(source, space)  # noqa: S102
    return numba.njit(error_model="numpy")(space["f"]) if jit else space["f"]


def exact(x):
    return x if isinstance(x, int) else mp.mpc(x) if isinstance(x, complex) else mp.mpf(x)


def derivatives(f, operands, k, *, real):
    """By the real and by the imaginary part of an operand (50 digits; the steps are small against all distances)."""
    def at(step):
        moved = list(map(exact, operands))
        moved[k] = moved[k] + step
        return f(*moved)

    h = mp.mpf(10) ** -40
    by_real = (at(h) - at(-h)) / (2 * h)
    j = mp.mpc(0, 1)
    return by_real, None if real else (at(j * h) - at(-j * h)) / (2 * h)


def expected(kind, by_real, by_imaginary):
    """The partial a rule of this kind declares, and what must vanish if the rule is of the right kind."""
    j = mp.mpc(0, 1)
    match kind:
        case Kind.HOLOMORPHIC:
            return by_real, 0 if by_imaginary is None else by_imaginary - j * by_real
        case Kind.ANTIHOLOMORPHIC:
            return by_real, by_imaginary + j * by_real
    return by_real + j * by_imaginary, mp.im(by_real)


def operands_of(name):
    rng = random.Random(5)
    if name in ONE_OPERAND:
        return [(z,) for z in POINTS]
    drawn = [tuple(complex(rng.uniform(-3, 3), rng.uniform(-3, 3)) for _ in range(2)) for _ in range(25)]
    if name in REAL_OPERANDS:
        return [tuple(z.real for z in pair) for pair in drawn]
    if name == "select":
        return [(k % 2, *pair) for k, pair in enumerate(drawn)]
    if name == "zmul":
        return drawn
    # Complex with complex, and every mix with real and integer operands.
    mixed = [(a.real, b) for a, b in drawn[:8]] + [(a, b.real) for a, b in drawn[:8]]
    mixed += [(a, n) for a, n in zip((z for z, _ in drawn), (-3, -2, -1, 0, 1, 2, 3, 5))] + [(3, drawn[0][0])]
    return [x for x in drawn + mixed if name != "div" or x[1] != 0]


def numba_type(x):
    return nbt.int64 if isinstance(x, int) else nbt.complex128 if isinstance(x, complex) else nbt.float64


def results(name):
    return nbt.float64 if lookup(name, True).kind is Kind.REAL_VALUED else nbt.complex128


@pytest.mark.parametrize("jit", [False, True], ids=["python", "numba"])
@pytest.mark.parametrize("name", [*ONE_OPERAND, *SEVERAL])
def test_partials(name, jit):
    f = (ONE_OPERAND | SEVERAL)[name]
    rule = lookup(name, on_complex=True)
    made = {}
    with mp.workdps(100):
        for operands in operands_of(name):
            kinds = tuple(map(numba_type, operands))
            if kinds not in made:
                made[kinds] = compiled_partials(name, kinds, results(name), jit=jit)
            value = f(*map(exact, operands))
            v = float(mp.re(value)) if results(name) is nbt.float64 else complex(value)
            with np.errstate(all="ignore"):
                found, turned = made[kinds](*[np.complex128(x) if isinstance(x, complex) else x for x in operands], v)
            for k, (p, c) in enumerate(zip(found, turned)):
                if isinstance(operands[k], int):
                    continue
                real = not isinstance(operands[k], complex)
                by_real, by_imaginary = derivatives(f, operands, k, real=real)
                want, residue = expected(rule.kind, by_real, by_imaginary)
                assert abs(residue) <= 1e-25 * (1 + abs(want))
                scale = max(abs(want), mp.mpf(1) if want == 0 else 0)
                assert abs(mp.mpc(p) - want) <= 400 * EPS * scale, (operands, k, p, complex(want))
                assert abs(mp.mpc(c) - mp.conj(want)) <= 400 * EPS * scale


@pytest.mark.parametrize("name", ["np.exp", "np.sqrt", "np.tanh", "np.arcsin", "abs", "np.angle", "np.reciprocal"])
def test_single_precision(name):
    compute = compiled_partials(name, (nbt.complex64,), nbt.float32 if results(name) is nbt.float64 else nbt.complex64,
                                jit=True)
    f = ONE_OPERAND[name]
    with mp.workdps(50):
        for z in map(np.complex64, POINTS[:21]):
            v = f(mp.mpc(complex(z)))
            v = np.float32(float(v)) if results(name) is nbt.float64 else np.complex64(complex(v))
            (p,), _ = compute(z, v)
            by_real, by_imaginary = derivatives(f, (complex(z),), 0, real=False)
            want, _ = expected(lookup(name, True).kind, by_real, by_imaginary)
            assert abs(mp.mpc(complex(p)) - want) <= 2e-5 * abs(want), z


# ---------------------------------------------------------------------------- on branch cuts

CUTS = {
    "np.sqrt": [-4.0 + 0j, complex(-4.0, -0.0)], "np.log": [-2.0 + 0j, complex(-2.0, -0.0)],
    "cmath.sqrt": [-4.0 + 0j, complex(-4.0, -0.0)],
    "np.arcsin": [2.0 + 0j, complex(2.0, -0.0), -3.0 + 0j, complex(-3.0, -0.0)],
    "np.arccos": [2.0 + 0j, complex(2.0, -0.0), -3.0 + 0j, complex(-3.0, -0.0)],
    "np.arcsinh": [2j, complex(-0.0, 2.0), -3j, complex(-0.0, -3.0)],
    "np.arccosh": [0.3 + 0j, complex(0.3, -0.0), -3.0 + 0j, complex(-3.0, -0.0)],
    "cmath.acosh": [0.3 + 0j, complex(0.3, -0.0), -3.0 + 0j, complex(-3.0, -0.0)],
    "np.arctanh": [2.0 + 0j, complex(2.0, -0.0), -3.0 + 0j], "np.arctan": [2j, -3j, complex(-0.0, 2.0)],
    "np.angle": [-2.0 + 0j, complex(-2.0, -0.0)],
}


@pytest.mark.parametrize("name", CUTS)
def test_on_the_cut_the_partial_belongs_to_the_branch_of_the_value(name):
    """Along the cut numba's own value is smooth: differences of it, with the sign of the zero kept."""
    space, _, short = name.partition(".")
    f = getattr({"np": np, "cmath": cmath}[space], short)
    evaluate = numba.njit(lambda z: f(z))
    compute = compiled_partials(name, (nbt.complex128,), results(name), jit=True)
    imaginary = name in ("np.arcsinh", "np.arctan")
    for z in CUTS[name]:
        (p,), _ = compute(z, evaluate(z))

        def along(h, z=z):
            return evaluate(complex(z.real, z.imag + h) if imaginary else complex(z.real + h, z.imag))

        h = 1e-5
        slope = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
        if results(name) is nbt.float64:
            want, got = slope, (np.conj(p) * (1j if imaginary else 1.0)).real
        else:
            want, got = slope, p * (1j if imaginary else 1.0)
        assert abs(got - want) <= 1e-9 * (1 + abs(want)), (z, got, want)


def test_helpers_agree_compiled():
    for name in ("times_i", "complex_sech2"):
        assert HELPERS[name].source
        for z in POINTS:
            assert dispatchers()[name](z) == pytest.approx(python_functions()[name](z), rel=1e-13)
    assert str(python_functions()["times_i"](complex(1.0, 0.0))) == str(complex(-0.0, 1.0))
    # No overflow where cosh(z)**2 has one; the derivative of tanh is tiny there.
    sech2 = python_functions()["complex_sech2"]
    assert sech2(complex(300.0, 1.0)) == pytest.approx(4 * cmath.exp(complex(-600.0, -2.0)), rel=1e-12, abs=0.0)
    assert sech2(complex(-800.0, 1.0)) == 0.0
