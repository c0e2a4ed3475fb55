"""Random numbers: one draw for each the primal makes, from the same stream; derivatives take the draws as constants."""
import numpy as np
import pytest
from numba import njit

import s2sad
from tests.derivatives.programs_draws import located_and_scaled, metropolis

X = np.array([1.3, 0.7, 1.7, 0.4])


@njit
def seed(k):
    np.random.seed(k)


@njit
def next_draw():
    return np.random.random()


@njit
def noise(x, scale):
    return x + scale * np.random.standard_normal()


def walk(x, n):
    s = x[0]
    for i in range(n):
        s = s * np.random.uniform(0.5, 1.5) + noise(x[1], x[2])
    return s * s


@pytest.mark.parametrize("kind", ["value_and_grad", "jvp", "vjp"])
def test_the_stream_is_the_primals(kind):
    primal = njit(walk)
    seed(5)
    want = primal(X, 6)
    after = next_draw()
    seed(5)
    if kind == "value_and_grad":
        value, _ = s2sad.value_and_grad(walk)(X, 6)
    elif kind == "jvp":
        value, _ = s2sad.jvp(walk, (X, 6), (X, None))
    else:
        value, pullback = s2sad.vjp(walk, X, 6, wrt="x")
        assert next_draw() == after
        first = pullback(1.0)[0]
        seed(5)
        assert np.array_equal(pullback(1.0)[0], first)
        seed(5)
        primal(X, 6)
    assert value == want
    assert next_draw() == after


def test_second_call_draws_anew():
    gradient = s2sad.value_and_grad(walk)
    seed(5)
    first, second = gradient(X, 6), gradient(X, 6)
    primal = njit(walk)
    seed(5)
    assert (first[0], second[0]) == (primal(X, 6), primal(X, 6))
    assert not np.array_equal(first[1], second[1])


@pytest.mark.parametrize("f, args", [(located_and_scaled, (X, 4)), (metropolis, (X, 10))])
def test_forward_over_reverse(f, args):
    gradient = s2sad.grad(f)
    direction = np.array([0.3, -0.5, 0.2, 0.7])
    _, second = s2sad.jvp(gradient, args, (direction, None))
    h = 1e-5
    want = (gradient(X + h * direction, *args[1:]) - gradient(X - h * direction, *args[1:])) / (2 * h)
    np.testing.assert_allclose(second, want, rtol=1e-6, atol=1e-6)


def by_generator(x, rng, n):
    s = rng.normal(x[0], x[1]) * rng.uniform(x[2], 3.0)
    z = rng.standard_normal(n)
    for i in range(n):
        s = s * 0.7 + z[i] * x[i] * x[0] + rng.exponential(x[3])
        if rng.random() < 0.5:
            s += rng.integers(0, 4) * x[i]
    return s


def test_generator_arguments():
    primal = njit(by_generator)
    want = primal(X, np.random.default_rng(9), 4)
    value, gradient = s2sad.value_and_grad(by_generator, wrt="x")(X, np.random.default_rng(9), 4)
    assert value == want
    h = 1e-6
    for k in range(4):
        up, down = X.copy(), X.copy()
        up[k] += h
        down[k] -= h
        difference = primal(up, np.random.default_rng(9), 4) - primal(down, np.random.default_rng(9), 4)
        assert gradient[k] == pytest.approx(difference / (2 * h), rel=1e-7, abs=1e-8)
    _, d = s2sad.jvp(by_generator, (X, np.random.default_rng(9), 4), (X, None, None))
    assert d == pytest.approx(gradient @ X, rel=1e-13)
    value, pullback = s2sad.vjp(by_generator, X, np.random.default_rng(9), 4, wrt="x")
    assert value == want
    np.testing.assert_allclose(pullback(1.0)[0], gradient, rtol=1e-13)


def active_shape(x):
    return np.random.gamma(x[0], 1.0) * x[1]


def active_rate(x):
    return np.random.poisson(x[0]) * x[1]


def active_degrees(x):
    return np.random.standard_t(x[0], 3)[1] * x[1]


@pytest.mark.parametrize("f", [active_shape, active_rate, active_degrees])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_parameters_without_pathwise_derivative_are_refused(f, mode):
    with pytest.raises(s2sad.S2sadError) as refused:
        if mode == "reverse":
            s2sad.grad(f)(X)
        else:
            s2sad.jvp(f, (X,), (X,))
    assert refused.value.code == "S2S020"
    assert refused.value.loc.line == f.__code__.co_firstlineno + 1
    assert "stop_gradient" in refused.value.hint


def stopped(x):
    np.random.seed(2)
    return np.random.poisson(s2sad.stop_gradient(x[0])) * x[1] + np.random.gamma(s2sad.stop_gradient(x[2]), 2.0) * x[0]


def test_stopped_parameters_are_constants():
    primal = njit(stopped)
    value, gradient = s2sad.value_and_grad(stopped)(X)
    assert value == primal(X)
    np.testing.assert_allclose(gradient @ X, value, rtol=1e-13)


def unsupported_form(x):
    return np.random.multinomial(3, np.array([0.5, 0.5]))[0] * x[0]


def test_other_forms_are_refused():
    with pytest.raises(s2sad.S2sadError) as refused:
        s2sad.grad(unsupported_form)(X)
    assert refused.value.code in ("S2S010", "S2S011")
    assert refused.value.loc.line == unsupported_form.__code__.co_firstlineno + 1


def single(x):
    np.random.seed(4)
    a = np.random.normal(x[0], x[1])
    b = np.random.uniform(x[0], x[1], 3)
    return a * b[0] + b[1] * b[2]


def test_single_precision_parameters_are_drawn_with_in_double():
    x = X.astype(np.float32)
    value, gradient = s2sad.value_and_grad(single)(x)
    assert value == njit(single)(x)
    wide, want = s2sad.value_and_grad(single)(x.astype(np.float64))
    assert value == wide
    np.testing.assert_allclose(gradient, want, rtol=1e-6)
