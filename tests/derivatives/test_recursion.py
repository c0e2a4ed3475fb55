"""Recursive functions: compiled, differentiated twice, deep, and what is refused."""
import math

import numpy as np
import pytest
from numba import njit

import s2sad
from s2sad import numeric
from s2sad.errors import S2sadError
from tests.derivatives import programs_recursion as programs
from tests.derivatives.programs import CASES, X, Y
from tests.execution import copied, execute, generate

COMPILED = ["power_by_recursion", "falling_factorial", "steered_by_integers", "quadrature", "tree_sum",
            "tree_sum_of_halves", "to_and_fro", "recursion_in_a_loop", "recursion_in_a_while", "early_returns",
            "tuples_from_recursion", "towers", "defaults_and_keywords", "writes_the_argument_itself",
            "writes_in_a_loop", "sorted_in_place", "power_spectrum", "new_arrays", "array_and_number", "part_written"]
TWICE = ["power_by_squaring", "tree_sum", "to_and_fro", "tuples_from_recursion", "nonlinear_fibonacci",
         "writes_the_argument_itself"]


def name_of(short):
    return next(n for n in CASES if n == short or n.startswith(short))


def as_tuple(value, wrt):
    return value if len(wrt) > 1 else (value,)


@pytest.mark.parametrize("short", COMPILED)
def test_compiled(short):
    f, args, wrt = CASES[name_of(short)]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-13)
    want = as_tuple(numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0]).value, wrt)
    for got, right in zip(gradient, want):
        assert np.allclose(got, right, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("short", TWICE)
def test_second_derivatives(short):
    """Forward over reverse, compiled, against differences of the compiled gradient."""
    f, args, wrt = CASES[name_of(short)]
    gradient = s2sad.grad(f, wrt=wrt[0])
    place = f.__code__.co_varnames.index(wrt[0])
    x = args[place]
    direction = np.cos(1.0 + np.arange(np.size(x))).reshape(np.shape(x)) if isinstance(x, np.ndarray) else 1.0

    def at(t):
        moved = copied(args)
        moved[place] = x + t * direction
        return np.asarray(gradient(*moved))

    tangents = [direction if k == place else None for k in range(len(args))]
    _, got = s2sad.jvp(gradient, tuple(copied(args)), tuple(tangents))
    h = 1e-5
    want = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
    assert np.allclose(got, want, rtol=1e-7, atol=1e-7), (got, want)


@njit
def deep(x, n):
    return x if n == 0 else 0.999 * deep(x, n - 1) + 0.001 * x * x


def test_a_thousand_calls_deep():
    x, n = 0.7, 1000
    value, slope = s2sad.value_and_grad(deep)(x, n)
    shrunk = 0.999 ** n
    assert value == pytest.approx(shrunk * x + (1.0 - shrunk) * x * x, rel=1e-11)
    assert slope == pytest.approx(shrunk + 2.0 * (1.0 - shrunk) * x, rel=1e-11)


def counted(space, names):
    counts = dict.fromkeys(names, 0)

    def counting(name, f):
        def call(*args):
            counts[name] += 1
            return f(*args)
        return call

    for name in names:
        space[name] = counting(name, space[name])
    return counts


@pytest.mark.parametrize("n", [6, 9, 12])
def test_branching_recursion_costs_size_times_depth(n):
    calls = [1, 1]
    for _ in range(2, n + 1):
        calls.append(1 + calls[-1] + calls[-2])
    f, x = programs.nonlinear_fibonacci.py_func, (X, n)
    generated = generate(f, x, "grad", ("x",))
    space = execute(generated)
    counts = counted(space, ["nonlinear_fibonacci", "nonlinear_fibonacci_adjoint"])
    space[generated.name](*x)
    assert counts["nonlinear_fibonacci_adjoint"] == calls[n]
    assert counts["nonlinear_fibonacci"] <= n * calls[n]


@njit
def total(x, low, high):
    if high - low == 1:
        return 3.0 * x[low]
    middle = (low + high) // 2
    return total(x, low, middle) + total(x, middle, high)


def test_linear_recursion_does_not_run_the_primal_again():
    generated = generate(total.py_func, (X, 0, 4), "grad", ("x",))
    assert "def total(" not in generated.source
    assert np.array_equal(execute(generated)[generated.name](X, 0, 4), np.full(4, 3.0))


def test_the_entry_serves_its_own_calls():
    source = generate(programs.power_by_recursion.py_func, (1.3, 3), "grad", ("x",)).source
    names = [line.split("(")[0] for line in source.split("\n") if line.startswith("def ")]
    assert names == ["def zmul", *(f"def power_by_recursion{kind}" for kind in ("", "_adjoint", "_grad"))]


@njit
def only_positive(x, n):
    if x < 0.0:
        raise ValueError("negative")
    if n == 0:
        return x
    return 0.5 * only_positive(x - 1.0, n - 1)


def test_what_the_recursion_raises_is_raised():
    def f(x, n):
        return only_positive(x, n)

    gradient = s2sad.grad(f)
    assert gradient(5.0, 3) == 0.125
    with pytest.raises(ValueError, match="negative"):
        gradient(1.5, 3)
    assert gradient(5.0, 3) == 0.125


def test_float32_and_integer_arguments():
    gradient = s2sad.grad(programs.power_by_recursion)
    assert gradient(np.float32(1.5), 3) == pytest.approx(6.75, rel=1e-6)
    assert s2sad.grad(programs.horner, wrt="t")(np.arange(4.0), 0, 0.5) == pytest.approx(1.0 + 2.0 + 9.0 / 4.0)


def test_pullback_twice_of_a_written_array():
    f, args, _ = CASES["writes_in_a_loop"]
    _, pull = s2sad.vjp(f, *copied(args), wrt="x")
    first, second = pull(1.0), pull(1.0)
    assert np.array_equal(first, second)
    assert np.allclose(first, numeric.gradient(f, copied(args), wrt="x").value, rtol=1e-8)


# ---------------------------------------------------------------- refused

@njit
def copy_up(a, b, k):
    if k < a.size:
        b[k] = a[k] * a[k]
        copy_up(a, b, k + 1)


@njit
def given_back(x, k):
    if k == 0:
        return x
    return given_back(x, k - 1)


@njit
def printing(x, n):
    print(n)
    return x if n == 0 else printing(x, n - 1) * x


@njit
def drawing(x, n):
    return x if n == 0 else drawing(x, n - 1) * np.random.random()


def one_array_for_two(x):
    y = x.copy()
    copy_up(y, y, 1)
    return np.sum(y)


def two_parts_of_one(x):
    y = x.copy()
    copy_up(y[:3], y[1:], 1)
    return np.sum(y)


def argument_returned(x):
    return np.sum(given_back(x, 2))


def prints(x):
    return printing(x[0], 2)


def draws(x):
    return drawing(x[0], 2)


def array_in_a_loop(x):
    s = 0.0
    for k in range(1, 4):
        s += np.sum(programs.merged(x, 0, k)) * s + x[0]
    return s


def makes_powers(c):
    @njit
    def again(x, n):
        return c if n == 0 else x * again(x, n - 1)
    return again


two, three = makes_powers(2.0), makes_powers(3.0)


def closures_of_one_definition(x):
    return two(x[0], 2) * three(x[0], 2)


def endless(x):
    return endless(x) * 2.0


@pytest.mark.parametrize("f, code", [
    (one_array_for_two, "S2S004"), (two_parts_of_one, "S2S004"), (argument_returned, "S2S004"), (prints, "S2S004"),
    (draws, "S2S004"), (array_in_a_loop, "S2S018"), (closures_of_one_definition, "S2S004"), (endless, "S2S030"),
])
def test_refused(f, code):
    with pytest.raises(S2sadError) as e:
        s2sad.grad(f)(X)
    assert e.value.code == code
    assert e.value.loc is not None and e.value.loc.line > 0
    assert e.value.hint


def test_one_closure_of_a_recursive_definition():
    def f(x):
        return three(x, 2) * x

    assert s2sad.grad(f)(0.7) == pytest.approx(9.0 * 0.49)


def test_prints_and_draws_are_fine_in_forward_mode(capfd):
    _, d = s2sad.jvp(prints, (X,), (np.ones(4),))
    assert d == pytest.approx(3.0 * X[0] ** 2)
    assert capfd.readouterr().out.split() == ["2", "1", "0"]
    value, d = s2sad.jvp(draws, (X,), (np.ones(4),))
    assert d == pytest.approx(value / X[0])


def test_a_local_with_the_name_of_a_recursive_function():
    def helper(x):
        power_by_recursion = x * 2.0
        return power_by_recursion

    def f(x):
        return helper(x) * programs.power_by_recursion(x, 2)

    assert s2sad.grad(f)(1.1) == pytest.approx(6.0 * 1.21)


def test_same_array_for_two_parameters_that_are_only_read():
    f, args, wrt = CASES["same_array_twice"]
    want = numeric.gradient(f, copied(args), wrt=wrt).value
    for got, right in zip(s2sad.grad(f, wrt=wrt)(X, Y), want):
        assert np.allclose(got, right, rtol=1e-8)


def test_math_of_a_known_recursion():
    """The gradient of x**n by squaring, for many n, against the formula."""
    gradient = s2sad.grad(programs.power_by_squaring)
    for n in range(12):
        assert gradient(1.1, n) == pytest.approx(n * math.pow(1.1, n - 1) if n else 0.0, rel=1e-13)
