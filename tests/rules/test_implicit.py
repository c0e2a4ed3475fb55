"""Derivatives of solvers by the equations they solve: against closed forms, and against differences of the solver."""
from __future__ import annotations

import math

import numba
import numpy as np
import pytest

import s2sad
from s2sad import driver
from s2sad.api.checking import GradientMismatch
from s2sad.api.modules import load
from s2sad.frontend.ruled import carry_rule
from s2sad.frontend.source import UserFunction
from tests.execution import execute, generate
from tests.rules.test_rule_for import derivative, gradient, refused

A = np.array([[4.0, 1.0, -0.5], [0.3, 5.0, 1.0], [-1.0, 0.7, 3.0]])
B = np.array([1.0, -2.0, 0.5])
C = np.array([0.7, 0.2, -1.1])


# ---------------------------------------------------------------------------- numbers

def kepler(m, e, guess):
    """The eccentric anomaly: E - e sin(E) = m."""
    x = guess
    for _ in range(60):
        x = x - (x - e * math.sin(x) - m) / (1.0 - e * math.cos(x))
    return x


def kepler_again(m, e):
    return kepler_loop(m, e)


def kepler_loop(m, e):
    x = m
    for _ in range(200):
        x = m + e * math.sin(x)
    return x


s2sad.rule_for(kepler, root_of=lambda x, e, m: x - e * math.sin(x) - m)
s2sad.rule_for(kepler_again, fixed_point_of=lambda x, m, e: m + e * math.sin(x))

POINT = (1.3, 0.4)


def slopes(m, e):
    x = kepler_loop(m, e)
    return np.array([1.0, math.sin(x)]) / (1.0 - e * math.cos(x))


def from_here(m, e):
    return kepler(m, e, m)


@pytest.mark.parametrize("f", [lambda m, e: kepler(m, e, 1.0), from_here, kepler_again,
                               lambda m, e: kepler(e=e, guess=1, m=m)])
def test_a_number_by_numbers(f):
    assert np.allclose(gradient(f, *POINT, wrt=("m", "e")), slopes(*POINT), rtol=1e-13)
    assert gradient(f, *POINT, wrt=("e",)) == pytest.approx(slopes(*POINT)[1], rel=1e-13)
    for d in ({"m": 1.0}, {"e": 1.0}, {"m": 0.3, "e": -2.0}):
        want = slopes(*POINT) @ [d.get("m", 0.0), d.get("e", 0.0)]
        assert derivative(f, POINT, d) == pytest.approx(want, rel=1e-13)


def test_the_guess_has_no_influence():
    assert gradient(lambda g: kepler(1.3, 0.4, g) * g, 2.0) == pytest.approx(kepler_loop(1.3, 0.4), rel=1e-13)
    assert derivative(lambda g: kepler(1.3, 0.4, g) * g, (2.0,), {"g": 1.0}) == pytest.approx(kepler_loop(1.3, 0.4))


def in_all_places(m, e):
    """In a branch of a loop, in a helper, its result overwritten."""
    total = 0.0
    for k in range(3):
        x = kepler(m + k, e, 1.0)
        if k != 1:
            total += x * from_here(m, e)
        x = x * x
        total += x * m
    return total


def in_all_places_loop(m, e):
    total = 0.0
    for k in range(3):
        x = kepler_loop(m + k, e)
        if k != 1:
            total += x * kepler_loop(m, e)
        x = x * x
        total += x * m
    return total


def test_where_it_is_called():
    want = gradient(in_all_places_loop, *POINT, wrt=("m", "e"))
    assert np.allclose(gradient(in_all_places, *POINT, wrt=("m", "e")), want, rtol=1e-11)
    assert derivative(in_all_places, POINT, {"m": 1.0, "e": -0.5}) == pytest.approx(want @ np.array([1.0, -0.5]))


def test_second_derivatives():
    """Of E by m and e: with s = sin E, c = cos E, D = 1 - e c:  E_mm = -e s / D**3."""
    m, e = POINT
    x = kepler_loop(m, e)
    s, c, d = math.sin(x), math.cos(x), 1.0 - e * math.cos(x)
    mm, me = -e * s / d ** 3, c / d ** 2 - e * s * s / d ** 3
    for f in (kepler_again, from_here):
        first = s2sad.grad(lambda m, e, f=f: f(m, e), wrt="m")
        assert s2sad.jvp(first, (m, e), (1.0, None))[1] == pytest.approx(mm, rel=1e-12)
        assert s2sad.jvp(first, (m, e), (None, 1.0))[1] == pytest.approx(me, rel=1e-12)


def double_root(p):
    return math.sqrt(p)


s2sad.rule_for(double_root, root_of=lambda x, p: x * x - p)


def test_where_the_equation_has_no_slope():
    zero = np.float64(0.0)                 # Python's own would raise, where compiled code divides
    assert gradient(lambda p: double_root(p) + 3.0 * p, zero) == math.inf
    assert gradient(lambda p: 0.0 * double_root(p) + 3.0 * p, zero) == 3.0
    assert derivative(lambda p: double_root(p) + 3.0 * p, (zero,), {"p": 1.0}) == math.inf
    assert derivative(lambda p, q: double_root(p) * q, (zero, 2.0), {"p": 0.0, "q": 1.0}) == 0.0


# ---------------------------------------------------------------------------- vectors

def jacobi(a, b, steps):
    """The solution of a x = b for a matrix with a large diagonal."""
    x = np.zeros_like(b)
    for _ in range(steps):
        new = np.empty_like(b)
        for i in range(b.size):
            s = b[i]
            for j in range(b.size):
                if j != i:
                    s -= a[i, j] * x[j]
            new[i] = s / a[i, i]
        x = new
    return x


def residual(x, a, b):
    return np.dot(a, x) - b


def step(x, a, b):
    return x - 0.2 * (np.dot(a, x) - b)


def plainly(a, b):
    x = np.zeros_like(b)
    for _ in range(400):
        x[:] = x - 0.2 * (np.dot(a, x) - b)
    return x


s2sad.rule_for(jacobi, root_of=residual, extents="b")
s2sad.rule_for(plainly, fixed_point_of=step, extents="b")


def by_root(a, b, c):
    return np.sum(c * jacobi(a, b, 200) ** 2)


def by_fixed_point(a, b, c):
    return np.sum(c * plainly(a, b) ** 2)


def exact(a, b, c):
    """Gradients of sum c x**2 with a x = b."""
    x = np.linalg.solve(a, b)
    w = np.linalg.solve(a.T, 2.0 * c * x)
    return -np.outer(w, x), w, x ** 2


@pytest.mark.parametrize("f", [by_root, by_fixed_point])
@pytest.mark.parametrize("n", [3, 1])
def test_a_vector_by_arrays(f, n):
    args = A[:n, :n].copy(), B[:n].copy(), C[:n].copy()
    for got, want in zip(gradient(f, *args, wrt=("a", "b", "c")), exact(*args)):
        assert got.shape == want.shape and got.dtype == np.float64 and np.allclose(got, want, rtol=1e-11)
    random = np.random.default_rng(1)
    d = [random.standard_normal(a.shape) for a in args]
    want = sum(np.sum(g * v) for g, v in zip(exact(*args), d))
    assert derivative(f, args, dict(zip("abc", d))) == pytest.approx(want, rel=1e-11)
    assert np.allclose(gradient(f, *args, wrt=("b",)), exact(*args)[1])
    assert derivative(f, args, {"a": d[0]}) == pytest.approx(np.sum(exact(*args)[0] * d[0]))


@pytest.mark.parametrize("f", [by_root, by_fixed_point])
@pytest.mark.parametrize("order", ["F", "strided"])
def test_arrays_in_other_orders(f, order):
    a = np.asfortranarray(A) if order == "F" else np.repeat(np.repeat(A, 2, 0), 2, 1)[::2, ::2]
    c = C[::-1] if order == "strided" else C
    for got, want in zip(gradient(f, a, B, c, wrt=("a", "b", "c")), exact(a, B, c)):
        assert np.allclose(got, want, rtol=1e-11)


def test_no_unknowns():
    empty = np.zeros((0, 0)), np.zeros(0), np.zeros(0)
    assert [g.shape for g in gradient(by_root, *empty, wrt=("a", "b", "c"))] == [(0, 0), (0,), (0,)]


def test_single_precision():
    """The equation itself is in double precision: numba multiplies a float32 array by a float so."""
    args = A.astype(np.float32), B.astype(np.float32), C.astype(np.float32)
    for f in (by_root, by_fixed_point):
        for got, want in zip(gradient(f, *args, wrt=("a", "b", "c")), exact(A, B, C)):
            assert got.dtype == np.float32 and np.allclose(got, want, rtol=2e-5, atol=1e-6)


def in_a_loop(a, b):
    total = 0.0
    x = b.copy()
    for k in range(3):
        x = jacobi(a, x, 100 + k)
        total += x[k] * x[k]
        x[0] = x[0] * total
    return total


def in_a_loop_plainly(a, b):
    total = 0.0
    x = b.copy()
    for k in range(3):
        x = np.linalg.solve(a, x)
        total += x[k] * x[k]
        x[0] = x[0] * total
    return total


def test_vectors_in_loops():
    for got, want in zip(gradient(in_a_loop, A, B, wrt=("a", "b")), gradient(in_a_loop_plainly, A, B, wrt=("a", "b"))):
        assert np.allclose(got, want, rtol=1e-10)


def filtered(a, b):
    x = np.zeros_like(b)
    for _ in range(100):
        x[:] = np.linalg.solve(a, b + 0.1 * np.sin(x))
    return x


s2sad.rule_for(filtered, fixed_point_of=lambda x, a, b: np.linalg.solve(a, b + 0.1 * np.sin(x)), extents="b")


def test_an_equation_that_calls_functions_with_rules():
    """Against the derivative of the loop itself, which is refused nothing."""
    plain = driver.generate(without_rule(filtered), "tangent", (numba.typeof(A), numba.typeof(B)), ("a", "b"))
    random = np.random.default_rng(2)
    da, db = random.standard_normal((3, 3)), random.standard_normal(3)
    _, want = execute(plain)[plain.name](A.copy(), da, B.copy(), db)
    assert np.allclose(derivative(filtered_again, (A, B), {"a": da, "b": db}), want, rtol=1e-12)
    ga, gb = gradient(lambda a, b: np.sum(C * filtered(a, b)), A, B, wrt=("a", "b"))
    assert np.sum(ga * da) + np.sum(gb * db) == pytest.approx(C @ want, rel=1e-12)


def without_rule(f):
    user = UserFunction.from_callable(f)
    user.rule = False
    return user


def filtered_again(a, b):
    return filtered(a, b)


def test_second_derivatives_of_vectors():
    first = generate(by_fixed_point, (A, B, C), "grad", ("b",))
    space = load(first.source, first.name)
    carry_rule(space["plainly"], first.ruled["plainly"])
    d, inverse = np.array([0.3, -1.0, 2.0]), np.linalg.inv(A)
    got = derivative(space[first.name].py_func, (A, B, C), {"b": d})
    assert np.allclose(got, 2.0 * inverse.T @ (C * (inverse @ d)), rtol=1e-11)


def test_compiled():
    s2sad.check_rule(kepler, *POINT, 1.0)
    slope = s2sad.grad(by_root, wrt="b")

    @numba.njit
    def called(b):
        return slope(A, b, C)

    assert np.allclose(called(B), exact(A, B, C)[1], rtol=1e-11)
    _, pull = s2sad.vjp(kepler_again, *POINT, wrt=("m", "e"))
    assert np.allclose(pull(2.0), 2.0 * slopes(*POINT)) and np.allclose(pull(1.0), slopes(*POINT))


# ---------------------------------------------------------------------------- what does not fit

def square_root(p):
    return math.sqrt(p)


s2sad.rule_for(square_root, root_of=lambda x, p: x * x - 2.0 * p)


def test_a_wrong_equation_is_found():
    with pytest.raises(GradientMismatch):
        s2sad.check_rule(square_root, 2.0)


def of_rank_two(b):
    return b.copy()


def of_complex(z):
    return z * 1.0


def two_results(p):
    return p, p


def too_few(b):
    return b.copy()


def changes(b):
    return b.copy()


def writes(x, b):
    b[0] = 0.0
    return x - b


def number_for_vector(b):
    return b.copy()


s2sad.rule_for(of_rank_two, root_of=lambda x, b: x - b)
s2sad.rule_for(of_complex, root_of=lambda x, z: x - z)
s2sad.rule_for(two_results, root_of=lambda x, p: x - p)
s2sad.rule_for(too_few, root_of=lambda x, b: x[1:] - b[1:])
s2sad.rule_for(changes, root_of=writes)
s2sad.rule_for(number_for_vector, root_of=lambda x, b: x[0] - b[0])


@pytest.mark.parametrize("f, x, part", [
    (lambda x: np.sum(of_rank_two(x)), A, "a real number or a vector"),
    (lambda z: (of_complex(z) * z).real, 1j, "a real number or a vector"),
    (lambda p: two_results(p)[0], 1.0, "a real number or a vector"),
    (lambda x: np.sum(changes(x)), B, "writes to `b`"), (lambda x: np.sum(number_for_vector(x)), B, "gives float64")])
def test_refused(f, x, part):
    name = f.__code__.co_varnames[0]
    assert refused(lambda: gradient(f, x), part).loc is not None
    assert refused(lambda: derivative(f, (x,), {name: x}), part).loc is not None


def test_equations_have_the_size_of_the_unknown():
    with pytest.raises(ValueError, match="another size than its unknown"):
        gradient(lambda x: np.sum(too_few(x)), B)


def test_declarations_are_checked():
    def solver(p, q):
        return p + q

    def with_result(result):
        return result

    refused(lambda: s2sad.rule_for(solver, root_of=lambda x, r: x - r), "'r'")
    refused(lambda: s2sad.rule_for(solver, root_of=lambda: 0.0), "no unknown")
    refused(lambda: s2sad.rule_for(solver, root_of=residual, fixed_point_of=step), "one equation")
    refused(lambda: s2sad.rule_for(solver, root_of=lambda x, p: x - p, constants="q"), "one equation")
    refused(lambda: s2sad.rule_for(solver, root_of=lambda x, p: x - p, p="1", q="1"), "formulas")
    refused(lambda: s2sad.rule_for(np.linalg.solve, root_of=residual), "library")
    refused(lambda: s2sad.rule_for(with_result, root_of=lambda x, result: x - result), "'result'")
    s2sad.rule_for(solver, root_of=lambda x, p: x - p)
    refused(lambda: s2sad.rule_for(solver, fixed_point_of=lambda x, p: x - p), "not the only rule")
