"""``s2sad.numerics``: values against mpmath and scipy, in Python, compiled, and in programs differentiated."""
from __future__ import annotations

import ast
import math

import numba
import numpy as np
import pytest
from mpmath import mp
from scipy import linalg, special

import s2sad
from s2sad import numeric, numerics
from s2sad.rules import lookup
from s2sad.runtime.helpers import HELPERS, python_functions
from tests.execution import execute, generate
from tests.rules.evaluation import partial
from tests.rules.proofs import PROOFS
from tests.rules.single import Single, execute_single

EPS = 2.0 ** -52
# Errors that docstrings state, in units of the last place, and whether they are those of the larger of value and 1.
STATED = {
    "expit": 2, "logit": 2, "log_expit": 2, "softplus": 2, "log1mexp": 2, "xlogy": 2, "xlog1py": 2, "erf": 2, "erfc": 3,
    "erfinv": 4, "ndtr": 4, "log_ndtr": 4, "ndtri": 4, "gammaln": 4, "digamma": 4, "polygamma": 4, "logexpm1": 2,
}
NEAR_ZERO = {"logexpm1"}
FUNCTIONS = {
    **{name: PROOFS[name] for name in STATED if name in PROOFS},
    "erf": PROOFS["math.erf"], "erfc": PROOFS["math.erfc"], "gammaln": PROOFS["math.lgamma"],
}
AT = {name: [tuple(o) for o in proof.operands(100)] for name, proof in FUNCTIONS.items()}
REFLECTED = {"gammaln", "digamma", "polygamma"}
LARGE = {"expit": (1.0, 0.0), "log_expit": (0.0, -1e3), "softplus": (1e3, 0.0), "log_ndtr": (0.0, -500007.8266948121),
         "ndtr": (1.0, 0.0), "erf": (1.0, -1.0), "erfc": (0.0, 2.0), "digamma": (6.907255195648812, None),
         "gammaln": (5905.220423209181, None), "log1mexp": (0.0, None), "logexpm1": (1e3, None)}


def test_all_functions_are_tested():
    assert set(STATED) == set(FUNCTIONS) == set(numerics.ELEMENTWISE)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_values(name):
    f = python_functions()[name]
    for operands in AT[name]:
        with mp.workdps(50 if abs(operands[-1]) < 100.0 else 700):
            want = FUNCTIONS[name].f(*FUNCTIONS[name].exact(operands))
            got = mp.mpf(float(f(*map(float, operands[:-1]), operands[-1]) if name != "polygamma" else f(*operands)))
            scale = max(abs(want), 1.0) if name in NEAR_ZERO or operands[-1] < 0.0 and name in REFLECTED else abs(want)
            assert abs(got - want) <= STATED[name] * EPS * scale + 1e-307 * EPS, (operands, got, float(want))


@pytest.mark.parametrize("name", LARGE)
def test_large_arguments(name):
    f = python_functions()[name]
    for x, want in zip((1e3, -1e3), LARGE[name]):
        if want is not None:
            assert f(x) == pytest.approx(want, rel=1e-15, abs=1e-300)


def test_ends_of_the_domain():
    f = python_functions()
    inf, nan = math.inf, math.nan
    for name, x, want in [
            ("expit", inf, 1.0), ("expit", -inf, 0.0), ("logit", 0.0, -inf), ("logit", 1.0, inf), ("logit", 1.5, nan),
            ("softplus", inf, inf), ("softplus", -inf, 0.0), ("log_expit", -inf, -inf), ("log_expit", inf, 0.0),
            ("log1mexp", 0.0, -inf), ("log1mexp", inf, 0.0), ("log1mexp", -1.0, nan), ("logexpm1", 0.0, -inf),
            ("logexpm1", -1.0, nan), ("logexpm1", inf, inf), ("ndtr", inf, 1.0), ("ndtr", -inf, 0.0),
            ("log_ndtr", inf, 0.0), ("ndtri", 0.0, -inf), ("ndtri", 1.0, inf), ("ndtri", 1.1, nan),
            ("ndtri", -0.1, nan), ("erfinv", 1.0, inf), ("erfinv", -1.0, -inf), ("erfinv", 1.1, nan),
            ("gauss", inf, 0.0), ("norm_pdf", -inf, 0.0), ("gammaln", 0.0, inf), ("gammaln", -3.0, inf),
            ("gammaln", inf, inf),
            ("digamma", 0.0, nan), ("digamma", -2.0, nan), ("digamma", inf, inf)]:
        np.testing.assert_array_equal(f[name](x), want, err_msg=f"{name}({x})")
    for name in set(FUNCTIONS) - {"xlogy", "xlog1py", "polygamma"}:
        assert math.isnan(f[name](nan)), name
    assert f["xlogy"](0.0, 0.0) == f["xlog1py"](0.0, -1.0) == 0.0
    assert math.isnan(f["xlogy"](0.0, nan)) and math.isnan(f["xlogy"](nan, 1.0)) and math.isnan(f["polygamma"](1, nan))


@pytest.mark.parametrize("name, operands, by, want", [
    ("expit", (math.inf,), 0, 0.0), ("expit", (-math.inf,), 0, 0.0), ("logit", (0.0,), 0, math.inf),
    ("logit", (1.0,), 0, math.inf), ("softplus", (math.inf,), 0, 1.0), ("softplus", (-math.inf,), 0, 0.0),
    ("log_expit", (-math.inf,), 0, 1.0), ("log1mexp", (0.0,), 0, math.inf), ("log1mexp", (math.inf,), 0, 0.0),
    ("logexpm1", (0.0,), 0, math.inf), ("logexpm1", (math.inf,), 0, 1.0), ("xlogy", (0.0, 0.0), 0, -math.inf),
    ("xlogy", (0.0, 0.0), 1, 0.0), ("xlog1py", (0.0, -1.0), 0, -math.inf), ("xlog1py", (0.0, -1.0), 1, 0.0),
    ("gauss", (math.inf,), 0, 0.0), ("norm_pdf", (-math.inf,), 0, 0.0), ("ndtr", (-math.inf,), 0, 0.0),
    ("log_ndtr", (math.inf,), 0, 0.0), ("log_ndtr", (-math.inf,), 0, math.inf), ("ndtri", (0.0,), 0, math.inf),
    ("ndtri", (1.0,), 0, math.inf), ("erfinv", (1.0,), 0, math.inf), ("erfinv", (-1.0,), 0, math.inf),
    ("erfinv", (1.5,), 0, math.nan), ("ndtri", (-0.5,), 0, math.nan), ("gammaln", (-1.0,), 0, math.nan),
    ("gammaln", (math.inf,), 0, math.inf), ("erf", (-math.inf,), 0, 0.0), ("inverse_mills", (math.inf,), 0, 0.0),
    ("mills_gap", (-math.inf,), 0, 0.0)])
def test_partials_at_ends_of_the_domain(name, operands, by, want):
    rule = lookup(name)
    found = partial(rule, rule.params[by], operands, python_functions()[name](*operands))
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) | {"gauss", "norm_pdf", "inverse_mills", "mills_gap"}))
def test_partials_at_nan(name):
    rule = lookup(name)
    operands = (1, math.nan) if name == "polygamma" else (0.5, math.nan) if len(rule.params) == 2 else (math.nan,)
    assert math.isnan(partial(rule, rule.params[-1], operands, math.nan))


def test_compiled_functions_are_those_of_python():
    names = sorted(set(FUNCTIONS) - {"xlogy", "xlog1py", "polygamma"})
    text = ", ".join(f"numerics.{n}(x)" for n in names)
    space = {"numerics": numerics}
    exec(f"def all_of_them(x, y):\n    return ({text}, numerics.xlogy(x, y), numerics.xlog1py(x, y), "
         "numerics.polygamma(1, x))\n", space)
    compiled = numba.njit(space["all_of_them"])(0.3, 0.7)
    python = [python_functions()[n](0.3) for n in names]
    python += [python_functions()[n](0.3, 0.7) for n in ("xlogy", "xlog1py")]
    np.testing.assert_allclose(compiled, [*python, python_functions()["polygamma"](1, 0.3)], rtol=4e-16)


def test_arrays_and_kinds_of_numbers():
    x = np.array([[0.5, -2.0], [40.0, -800.0]])
    np.testing.assert_allclose(numerics.expit(x), special.expit(x), rtol=1e-15)
    np.testing.assert_allclose(numerics.expit(x.T[:, ::-1]), special.expit(x.T[:, ::-1]), rtol=1e-15)
    single = numerics.expit(np.float32([0.1]))
    assert single.dtype == np.float64 and single[0] == numerics.expit(float(np.float32(0.1)))
    assert numerics.expit(2) == numerics.expit(2.0)

    @numba.njit
    def f(x):
        return numerics.expit(x)

    np.testing.assert_array_equal(f(x), numerics.expit(x))
    assert f(np.float32(0.1)) == numerics.expit(float(np.float32(0.1)))


@pytest.mark.parametrize("name", sorted(set(HELPERS) & ({f.__name__ for f in python_functions().values()
                                                         if f.__module__ == "s2sad.runtime.special"})))
def test_source_is_arithmetic_and_math_alone(name):
    """What the CUDA target can take: no allocation, no call but of ``math``, builtins of numbers, and one another."""
    allowed = {"abs", "int", "range", *HELPERS[name].needs}
    for node in ast.walk(ast.parse(HELPERS[name].source)):
        if isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            assert text in allowed or text.startswith("math."), text
        assert not isinstance(node, (ast.List, ast.ListComp, ast.Dict, ast.Raise, ast.Try))


# ---------------------------------------------------------------------------- of arrays

VECTORS = [np.array([0.3, -1.2, 2.0]), np.array([1e3, 1e3 - 1.0, -1e3]), np.array([-1e3, -1001.0]), np.array([5.0])]


@pytest.mark.parametrize("x", VECTORS)
def test_values_of_arrays(x):
    np.testing.assert_allclose(numerics.logsumexp(x), special.logsumexp(x), rtol=1e-15)
    np.testing.assert_allclose(numerics.softmax(x), special.softmax(x), rtol=1e-15)
    np.testing.assert_allclose(numerics.log_softmax(x), special.log_softmax(x), rtol=1e-15)


def test_arrays_with_infinities():
    inf = math.inf
    assert numerics.logsumexp(np.array([-inf, -inf])) == numerics.logsumexp(np.empty(0)) == -inf
    assert numerics.logsumexp(np.array([inf, 0.0])) == inf
    assert numerics.logsumexp(np.array([-inf, 3.0])) == 3.0
    assert math.isnan(numerics.logsumexp(np.array([0.0, math.nan])))
    np.testing.assert_array_equal(numerics.softmax(np.array([-inf, 3.0])), [0.0, 1.0])


def weighted_softmax(x, w):
    return np.sum(w * numerics.softmax(x))


def weighted_log_softmax(x, w):
    return np.sum(w * numerics.log_softmax(x))


def total(x, w):
    return numerics.logsumexp(x * w)


@pytest.mark.parametrize("f", [weighted_softmax, weighted_log_softmax, total])
@pytest.mark.parametrize("x", VECTORS)
def test_gradients_of_array_functions(f, x):
    w = np.linspace(1.0, 2.0, x.size)
    p = special.softmax(x)
    want = {"weighted_softmax": p * (w - np.sum(w * p)), "weighted_log_softmax": w - np.sum(w) * p,
            "total": w * special.softmax(x * w)}[f.__name__]
    backward = generate(f, (x, w), "grad", ("x",))
    got = execute(backward)[backward.name](x, w)
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
    forward = generate(f, (x, w), "tangent", ("x",))
    direction = np.cos(np.arange(x.size))
    _, d = execute(forward)[forward.name](x, direction, w)
    assert d == pytest.approx(np.sum(direction * want), rel=1e-12, abs=1e-14)


# ---------------------------------------------------------------------------- in programs

def likelihood(x, y, a):
    """Scalars and whole arrays of the functions, in one program."""
    t = 0.0
    for i in range(x.size):
        t += numerics.log_ndtr(a * x[i]) + numerics.xlogy(y[i], numerics.expit(x[i]))
    return t + np.sum(numerics.gammaln(y + 1.0) * numerics.softplus(x[::-1])) - numerics.digamma(a)


def test_a_program():
    rng = np.random.default_rng(5)
    x, y, a = rng.normal(size=6) * 3.0, rng.uniform(0.5, 4.0, 6), 1.3
    wrt = ("x", "y", "a")
    want = numeric.gradient(likelihood, (x, y, a), wrt=wrt).value
    for got, right in zip(s2sad.grad(likelihood, wrt=wrt)(x, y, a), want):
        np.testing.assert_allclose(got, right, rtol=1e-8)
    expected = np.sum(special.log_ndtr(a * x) + special.xlogy(y, special.expit(x))) + np.sum(
        special.gammaln(y + 1.0) * np.log1p(np.exp(x[::-1]))) - special.digamma(a)
    assert s2sad.value_and_grad(likelihood, wrt=wrt)(x, y, a)[0] == pytest.approx(expected, rel=1e-13)


def test_functions_by_other_names_are_not_taken_for_these():
    def expit(x):
        return x * x

    def f(x):
        return expit(x) + numerics.expit(x)

    assert s2sad.grad(f)(0.0) == 0.25


def test_single_precision():
    def f(x):
        return numerics.ndtr(x) * numerics.softplus(x)

    generated = generate(f, (np.float32(0.3),), "grad", ("x",))
    got = execute_single(generated.source)[generated.name](Single(0.3))
    x = float(np.float32(0.3))
    want = math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * math.log1p(math.exp(x)) + special.ndtr(x) * special.expit(x)
    assert float(got) == pytest.approx(want, rel=3e-7)
    assert s2sad.grad(f)(np.float32(0.3)) == pytest.approx(want, rel=3e-7)


def test_docstrings_state_these_errors():
    for name, ulps in STATED.items():
        assert f"within {ulps} ulp" in " ".join(str(numerics.ELEMENTWISE[name].__doc__).split()), name


# ---------------------------------------------------------------------------- linear algebra

def square_matrix():
    return np.random.default_rng(4).normal(size=(4, 4)) + 3.0 * np.eye(4)


RIGHT = np.random.default_rng(5).normal(size=(4, 2))


@pytest.mark.parametrize("b", [RIGHT[:, 0], RIGHT, np.asfortranarray(RIGHT), RIGHT[:, :0], np.arange(4)])
@pytest.mark.parametrize("lower", [True, False])
def test_triangular_systems(b, lower):
    a, unread = square_matrix(), (np.triu if lower else np.tril)(np.full((4, 4), np.nan), 1 if lower else -1)
    want = linalg.solve_triangular(a, b, lower=lower)
    for solve in (numerics.solve_triangular.py_func, numerics.solve_triangular):
        np.testing.assert_allclose(solve(a + unread, b, lower), want, rtol=1e-13)


def squares_of_solution(a, b):
    return np.sum(numerics.solve_triangular(a, b, True) ** 2)


@pytest.mark.parametrize("b", [RIGHT[:, 0].copy(), RIGHT])
def test_derivatives_of_triangular_systems(b):
    a = square_matrix()
    x = linalg.solve_triangular(a, b, lower=True)
    w = linalg.solve_triangular(a, 2.0 * x, lower=True, trans=1)
    generated = generate(squares_of_solution, (a, b), "grad", ("a", "b"))
    by_a, by_b = execute(generated)[generated.name](a.copy(), b.copy())
    np.testing.assert_allclose(by_b, w, rtol=1e-13)
    np.testing.assert_allclose(by_a, -np.tril(w.reshape(4, -1) @ x.reshape(4, -1).T), rtol=1e-12, atol=1e-14)
    tangent = generate(squares_of_solution, (a, b), "tangent", ("a", "b"))
    d_a, d_b = np.cos(a), np.sin(b)
    _, slope = execute(tangent)[tangent.name](a.copy(), d_a, b.copy(), d_b)
    assert slope == pytest.approx(np.sum(d_a * by_a) + np.sum(d_b * by_b), rel=1e-12)


def test_triangular_systems_that_cannot_be_solved():
    a = square_matrix()
    with pytest.raises(ValueError, match="as many rows"):
        numerics.solve_triangular(a, np.ones(3))
    a[2, 2] = 0.0
    with pytest.raises(ZeroDivisionError, match="zero on its diagonal"):
        numerics.solve_triangular(a, np.ones(4))
