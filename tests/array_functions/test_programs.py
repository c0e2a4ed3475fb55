"""Array functions among loops, branches, aliases and arrays written in place; what is refused; numba's own results."""
import numba
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.errors import S2sadError
from tests.array_functions.proofs import A, M
from tests.execution import copied, execute, generate, tangent_arguments

X = np.array([0.7, -1.3, 2.1, 0.4])
CASES = []


def case(*args):
    return lambda f: CASES.append((f, args)) or f


@case(X)
def bound_again_in_a_loop(x):
    best = x
    for k in range(3):
        other = np.roll(np.cumsum(x), k) * x
        if np.sum(other) > 0.2:
            best = other
        x = x * 0.9
    return np.sum(best * best)


@case(X)
def sorted_in_place(x):
    y = x * 1.0
    for _ in range(3):
        y[:] = np.sort(y)[::-1] * y
    return np.sum(y)


@case(X)
def grows_and_shrinks(x):
    y = x * 1.0
    for k in range(3):
        y = np.append(y, y[k] * y[0])
    while y.shape[0] > 1:
        y = np.diff(y) * y[0]
    return y[0]


@case(X)
def operand_overwritten_later(x):
    m = np.mean(x) * np.max(x)
    y = np.concatenate((x, x))
    x[2] = 7.0
    y[0] = y[5] * y[1]
    return np.sum(y * y) * m + np.max(x)


@case(X)
def parts_are_views(x):
    y = x * x
    a, b = np.split(y, 2)
    a += b
    b[0] = a[1]
    z = np.atleast_2d(y)
    z[0, 3] = y[0] * y[1]
    return np.sum(y * y)


@case(M)
def turned_and_filled(m):
    y = m * m
    r = np.rot90(y)
    r[0, 0] = y[0, 0] * y[1, 1]
    s = 0.0
    for k in range(3):
        np.fill_diagonal(y, y[0, 1] * s + k)
        s = s + y[1, 1] * y[0, 2]
    return s + np.sum(y * y)


@case(X)
def in_conditions(x):
    n = 0
    y = x * 1.0
    while np.sum(y, axis=0) > 0.3 and np.argmax(y) == 2:
        y = y * 0.5
        n += 1
    return np.sum(y) * n + (np.max(x) if np.min(x) < 0.0 else x[0])


@case(X, 3)
@case(X, 0)
def in_a_loop(x, n):
    s = 0.0
    for k in range(n):
        s = s * np.min(x[:k + 1]) + np.median(x[k:]) * np.prod(x)
    return s + x[0]


@case(X)
def added_from_itself(x):
    y = x * x
    np.add.at(y, np.array([0, 0, 2, 1]), y)
    v = y[1:]
    np.add.at(y, np.array([3, 3, 2]), v)
    return np.sum(y * y)


@case(M)
def of_parts_along_a_named_axis(m):
    s = 0.0
    for axis in (0, 1):
        s += np.sum(np.max(m, axis=axis) ** 2)
    return s + np.sum(np.max(m[:, 1:], axis=1) * np.mean(m[::-1, ::2], axis=1))


@pytest.mark.parametrize(("f", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_program(f, args):
    wrt = f.__code__.co_varnames[:1]
    generated = generate(f, args, "value_and_grad", wrt)
    value, gradient = execute(generated)[generated.name](*copied(args))
    want = numeric.gradient(f, copied(args)).value
    assert value == pytest.approx(f(*copied(args)), rel=1e-13)
    assert np.max(np.abs(gradient - want)) <= 1e-8 * (1.0 + np.max(np.abs(want)))
    direction = np.cos(np.arange(float(args[0].size))).reshape(args[0].shape)
    tangent = generate(f, args, "tangent", wrt)
    _, slope = execute(tangent)[tangent.name](*tangent_arguments(tangent, args, {wrt[0]: direction}))
    assert slope == pytest.approx(np.sum(direction * gradient), rel=1e-11)


def axis_at_run_time(x, k): return np.sum(np.max(x, axis=k))
def axis_too_large(x, k): return np.sum(np.max(x, axis=2))
def parts_at_run_time(x, k): return np.sum(np.split(x, k)[0])
def squeezed_by_shape(x, k): return np.sum(np.squeeze(x))
def unknown_keyword(x, k): return np.sum(np.mean(x, where=True))
def places_of_a_matrix(x, k): return np.sum(np.where(x)[0])
def indices_that_do_not_fit(x, k): return np.sum(np.einsum("ijk->k", x))
def text_of_a_variable(x, k): return np.sum(np.pad(x, 1, mode="mean"))


@pytest.mark.parametrize("f", [axis_at_run_time, axis_too_large, parts_at_run_time, squeezed_by_shape, unknown_keyword,
                               places_of_a_matrix, indices_that_do_not_fit, text_of_a_variable])
def test_refused_at_the_call(f):
    with pytest.raises(S2sadError) as caught:
        s2sad.source(f, "grad", M, 1)
    e = caught.value
    assert e.code == "S2S011" and e.hint
    assert e.loc.file == __file__ and e.loc.line == f.__code__.co_firstlineno


def inner_product_of_matrices(x): return np.vdot(x, x)


def test_refused_by_name_as_numba_does():
    with pytest.raises(S2sadError, match="`vdot` cannot be called with an array of float64 with 2 axes") as caught:
        s2sad.source(inner_product_of_matrices, "grad", M)
    assert caught.value.loc.line == inner_product_of_matrices.__code__.co_firstlineno


@pytest.mark.parametrize(("program", "error"), [
    (lambda x: np.max(x[:0]), ValueError), (lambda x: np.concatenate((x, x[:2].reshape(1, 2)[0]))[7], IndexError),
    (lambda x: np.take(x, 9), IndexError), (lambda x: np.percentile(x, 101.0), ValueError),
    (lambda x: np.split(x, 3)[0][0], ValueError),
], ids=["max", "concatenate", "take", "percentile", "split"])
def test_errors_are_numpys(program, error):
    generated = generate(program, (X,), "tangent", ("x",))
    with pytest.raises(error):
        program(X)
    with pytest.raises(error):
        execute(generated)[generated.name](X, X)


def in_single_precision(x):
    return np.sum(x.astype(np.float32) ** 2 * x)


def test_conversions_to_single_precision_and_to_integers():
    generated = generate(in_single_precision, (X,), "grad", ("x",))
    assert np.max(np.abs(execute(generated)[generated.name](X) - 3.0 * X ** 2)) < 1e-6
    whole = generate(lambda x: np.sum(x.astype(np.int32) * x), (X,), "grad", ("x",))
    assert np.array_equal(execute(whole)[whole.name](X), X.astype(np.int32))
    f = numba.njit(lambda x: (x.astype(np.float32), x.astype(np.int8), x.astype(np.complex128)))
    ours = generate(f.py_func, (X,), "flat", ())
    for got, want in zip(execute(ours)[ours.name](X), f(X)):
        assert got.dtype == want.dtype and np.array_equal(got, want)


def fractions(x):
    return np.modf(x)[0]


def test_the_fraction_of_whole_numbers():
    x = np.array([0.0, -0.0, 2.0, -3.0, 1.25, -0.75, np.inf, -np.inf])
    generated = generate(fractions, (x,), "vjp", ("x",))
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    value, saved = forward(x)
    assert np.array_equal(value, np.modf(x)[0]) and np.array_equal(np.signbit(value), np.signbit(x))
    # around zero the fraction is the number itself; at a jump the slope of either side
    assert np.array_equal(reverse(saved, (np.ones(8),))[0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])


def many(x, m):
    order = np.argsort(x)
    tied = np.argsort(np.floor(x))
    return order, tied, np.median(x), np.cumsum(m, axis=1)


def test_values_are_numbas():
    x = np.sin(np.arange(40.0) ** 2) * 3.0
    ours = generate(many, (x, M), "flat", ())
    names = execute(ours)
    for got, want in zip(names[ours.name](x, M), numba.njit(many)(x, M)):
        assert np.asarray(got).dtype == np.asarray(want).dtype
        assert np.array_equal(got, want) or np.max(np.abs(got - want)) <= 1e-15 * np.max(np.abs(want))


@s2sad.differentiate
def tiled(x):
    return np.sum(np.tile(x, 2) ** 2 * np.max(np.stack((x, x)), axis=0)[0])


def test_a_decorated_function_may_use_what_numba_lacks():
    assert tiled(X) == pytest.approx(2.0 * np.sum(X ** 2) * X[0])
    s2sad.check_grads(tiled, (A,))
