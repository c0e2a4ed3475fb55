"""Classical algorithms, written as a numba user would, in both modes, against oracles that know nothing of s2sad."""
import math

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.algorithms import discrete, dynamics, linear
from tests.execution import copied, execute, generate, tangent_arguments

CASES = {**linear.CASES, **dynamics.CASES, **discrete.CASES}
# What the complex step cannot follow: complex numbers of the program's own, and functions known for reals only.
BY_DIFFERENCES = {"complex_spectrum", "newton_implied_volatility"}
COMPILED = ["lu_solve", "runge_kutta_fehlberg", "leapfrog", "soft_alignment"]


@pytest.fixture(scope="module")
def oracle():
    known = {}

    def of(name):
        if name not in known:
            f, args, wrt = CASES[name]
            method = "ridders" if name in BY_DIFFERENCES else "complex-step"
            known[name] = numeric.gradient(f, copied(args), wrt=wrt, method=method).value
        return known[name]

    return of


def tolerance(name):
    return 1e-8 if name in BY_DIFFERENCES else 1e-12


def assert_close(got, want, tol):
    error = np.max(np.abs(np.asarray(got) - want), initial=0.0)
    # A NaN must fail.
    assert not not error <= tol * (1.0 + np.max(np.abs(want), initial=0.0)), (got, want)


@pytest.mark.parametrize("name", CASES)
def test_reverse(name, oracle):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "value_and_grad", wrt)
    value, gradient = execute(generated)[generated.name](*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-14)
    for got, want in zip(gradient if len(wrt) > 1 else (gradient,), oracle(name), strict=True):
        assert np.shape(got) == np.shape(want)
        assert_close(got, want, tolerance(name))


@pytest.mark.parametrize("name", CASES)
def test_forward(name, oracle):
    f, args, wrt = CASES[name]
    rng = np.random.default_rng(5)
    direction = {w: rng.normal(size=np.shape(g)) for w, g in zip(wrt, oracle(name), strict=True)}
    generated = generate(f, args, "tangent", wrt)
    value, d_value = execute(generated)[generated.name](*tangent_arguments(generated, args, direction))
    assert value == pytest.approx(f(*copied(args)), rel=1e-14)
    assert_close(d_value, sum(np.sum(direction[w] * g) for w, g in zip(wrt, oracle(name), strict=True)),
                 tolerance(name))


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name, oracle):
    f, args, wrt = CASES[name]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*args)
    assert value == pytest.approx(f(*copied(args)), rel=1e-12)
    for got, want in zip(gradient, oracle(name), strict=True):
        assert_close(got, want, 1e-10)


# ---------------------------------------------------------------------------- closed forms

def gradient_of(name):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "grad", wrt)
    gradient = execute(generated)[generated.name](*copied(args))
    return gradient if len(wrt) > 1 else (gradient,)


def test_solve_and_determinant_in_closed_form():
    a, b, w = CASES["lu_solve"][1]
    by_a, by_b = gradient_of("lu_solve")
    x, adjoint = np.linalg.solve(a, b), np.linalg.solve(a.T, w)
    assert_close(by_b, adjoint, 1e-12)
    assert_close(by_a, -np.outer(adjoint, x) + 0.1 * np.linalg.det(a) * np.linalg.inv(a).T, 1e-11)


def test_gaussian_density_in_closed_form():
    a, b = CASES["cholesky_solve"][1]
    by_a, by_b = gradient_of("cholesky_solve")
    x = np.linalg.solve(a, b)
    assert_close(by_b, -x, 1e-12)
    # Only the lower triangle is read, so an element below the diagonal stands for two.
    full = 0.5 * np.outer(x, x) - 0.5 * np.linalg.inv(a)
    assert_close(by_a, np.tril(full) + np.tril(full, -1), 1e-12)


def test_largest_eigenvalue_in_closed_form():
    a, _ = CASES["power_iteration"][1]
    v = np.linalg.eigh(a)[1][:, -1]
    # Converged to five digits or so, and the Rayleigh quotient is stationary there.
    assert_close(gradient_of("power_iteration")[0], np.outer(v, v), 1e-3)


def test_spectrum_in_closed_form():
    signal, window = CASES["spectrum"][1]
    by_signal, by_window = gradient_of("spectrum")
    frequencies = np.fft.fft(signal * window)
    back = np.zeros(8, complex)
    back[1], back[3] = 2 * frequencies[1], frequencies[3]
    product = np.real(np.conj(np.fft.fft(np.conj(back))))
    assert_close(by_signal, product * window, 1e-13)
    assert_close(by_window, product * signal, 1e-13)


def test_sorting_is_a_permutation():
    values, weights = CASES["insertion_sort"][1]
    by_values, by_weights = gradient_of("insertion_sort")
    order = np.argsort(values)
    want = np.empty_like(values)
    want[order] = 2 * weights * values[order]
    assert_close(by_values, want, 1e-14)
    assert_close(by_weights, np.sort(values) ** 2, 1e-14)


def test_root_by_the_implicit_function_theorem():
    (c,), (by_c,) = CASES["bisection_then_newton"][1], gradient_of("bisection_then_newton")
    x = max(np.real(np.roots([1.0, 0.0, c[0], -c[1]])), key=lambda r: r)
    slope = 3 * x * x + c[0]
    assert_close(by_c, 2 * x * np.array([-x, 1.0]) / slope, 1e-12)


def test_implied_volatility_by_the_greeks():
    price, spot, strike, maturity = CASES["newton_implied_volatility"][1]
    by_price = gradient_of("newton_implied_volatility")[0]
    sigma = CASES["newton_implied_volatility"][0](price, spot, strike, maturity)
    d1 = math.log(spot / strike) / (sigma * math.sqrt(maturity)) + 0.5 * sigma * math.sqrt(maturity)
    vega = spot * math.sqrt(maturity) * math.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi)
    assert_close(by_price, 1 / vega, 1e-10)


def test_enough_of_them():
    assert len(CASES) >= 25
