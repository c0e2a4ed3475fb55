"""Where a product with an infinite or undefined partial would spoil a right derivative; expected values by hand."""
import math

import numpy as np
import pytest

import s2sad
from tests.execution import execute, generate, tangent_arguments


def both_modes(f, x):
    """The gradient of ``f(x)``, by the adjoint and column by column by the tangent."""
    backward = generate(f, (x,), "grad", ("x",))
    gradient = execute(backward)[backward.name](np.copy(x) if isinstance(x, np.ndarray) else x)
    forward = generate(f, (x,), "tangent", ("x",))
    run = execute(forward)[forward.name]
    columns = []
    for k in range(np.size(x)):
        d = np.zeros(np.shape(x))
        d.flat[k] = 1.0
        columns.append(run(*tangent_arguments(forward, (x,), {"x": d if isinstance(x, np.ndarray) else 1.0}))[1])
    return gradient, np.array(columns).reshape(np.shape(x))


def where_not_chosen(x):
    return np.sum(np.where(x > 0.0, np.sqrt(x), 0.0)) + x[0]


def overflow_overwritten(x):
    y = np.empty(4)
    for i in range(4):
        y[i] = math.exp(x[i] * 1e4) * math.exp(x[i] * 1e4)
        y[i] = x[i] * x[i]
    return np.sum(y)


def root_beside(x):
    return math.sqrt(x[0]) * x[2] + math.sqrt(x[1])


@pytest.mark.parametrize("f, x, want", [
    (where_not_chosen, np.array([0.0, 1.0, -2.0, 0.25]), [1.0, 0.5, 0.0, 1.0]),
    (overflow_overwritten, np.array([1.0, 2.0, -1.0, 0.5]), [2.0, 4.0, -2.0, 1.0]),
], ids=["where", "overflow"])
def test_zero_wins(f, x, want):
    with np.errstate(all="ignore"):
        gradient, columns = both_modes(f, x)
    np.testing.assert_array_equal(gradient, want)
    np.testing.assert_array_equal(columns, want)


def test_zero_adjoint_at_a_vertical_tangent():
    x = np.array([0.0, 4.0, 0.0])
    backward = generate(root_beside, (x,), "grad", ("x",))
    np.testing.assert_array_equal(execute(backward)[backward.name](x), [0.0, 0.25, 0.0])


def test_zero_tangent_at_a_vertical_tangent():
    x = np.array([0.0, 4.0, 1.0])
    forward = generate(root_beside, (x,), "tangent", ("x",))
    value, d_value = execute(forward)[forward.name](x, np.array([0.0, 1.0, 0.0]))
    assert (value, d_value) == (2.0, 0.25)


def test_strong_zero_can_be_turned_off():
    x = np.array([0.0, 4.0, 0.0])
    generated = generate(root_beside, (x,), "grad", ("x",), strong_zero=False)
    assert "zmul" not in generated.source
    with np.errstate(all="ignore"):
        assert math.isnan(execute(generated)[generated.name](x)[0])


def test_second_derivative_through_the_strong_zero():
    # A selection on the adjoint's value would lose it: at 1 the first derivative is exactly zero.
    assert s2sad.grad(s2sad.grad(square_of_square))(1.0) == 8.0


def square_of_square(x):
    return (x * x - 1) ** 2


def attenuated(x):
    a = x
    while a > 0.1:
        a = a * 0.5 * math.sin(x)
    return a


def test_third_derivative_of_a_while_loop():
    # 0.9 passes three times: a = x (sin(x) / 2)^3, differentiated by hand with Leibniz and mpmath's digits
    import mpmath
    third = s2sad.grad(s2sad.grad(s2sad.grad(attenuated)))(0.9)
    trips, a = 0, 0.9
    while a > 0.1:
        a, trips = a * 0.5 * math.sin(0.9), trips + 1
    want = mpmath.diff(lambda t: t * (mpmath.sin(t) / 2) ** trips, 0.9, 3)
    assert third == pytest.approx(float(want), rel=1e-12)


def frozen(x):
    return x * x * s2sad.stop_gradient(x) * math.tanh(x)


def test_stop_gradient_stays_at_second_order():
    x, t, s = 0.5, math.tanh(0.5), 1.0 / math.cosh(0.5) ** 2
    assert s2sad.grad(frozen)(x) == pytest.approx(2 * x * x * t + x ** 3 * s, rel=1e-14)
    assert s2sad.grad(s2sad.grad(frozen))(x) == pytest.approx(2 * x * t + 4 * x * x * s - 2 * x ** 3 * t * s, rel=1e-14)


def divides(x, n):
    if x > 1.0:
        return x / n
    return x * (3 // n)


@pytest.mark.parametrize("x", [2.0, 0.5])
def test_division_by_zero_raises_as_in_the_primal(x):
    with pytest.raises(ZeroDivisionError):
        s2sad.grad(divides)(x, 0)
    assert s2sad.grad(divides)(x, 2) == (0.5 if x > 1.0 else 1.0)


def overflow_not_chosen(x):
    huge = 1e200 * math.exp(x[0])
    huge = huge * 1e200 * huge
    return x[1] * x[1] * x[0] if huge > 1.0 else huge


def test_zero_wins_in_second_derivatives():
    x = np.array([0.3, 0.7])
    gradient = s2sad.grad(overflow_not_chosen)
    hessian = [s2sad.jvp(gradient, (x,), (direction,))[1] for direction in np.eye(2)]
    np.testing.assert_allclose(hessian, [[0.0, 2.0 * x[1]], [2.0 * x[1], 2.0 * x[0]]], rtol=1e-15)


def rounded_by_a_large_constant(x):
    s = 10.0 * x[0] * x[1]
    for _ in range(2):
        s = s + 6755399441055744.0 - 6755399441055744.0
    return s


def small_differences(x):
    s = 1e16
    for k in range(4):
        s = s + 3.0 * x[k] - 5.0 * x[k]
    return s


@pytest.mark.parametrize("f", [rounded_by_a_large_constant, small_differences])
@pytest.mark.parametrize("kind", ["tangent", "value_and_grad", "vjp"])
def test_sums_are_rounded_in_the_author_s_order(f, kind):
    x = np.array([1.37, 0.71, -1.12, 2.43])
    made = generate(f, (x,), kind, ("x",))
    arguments = tangent_arguments(made, (x,), {"x": np.ones(4)}) if kind == "tangent" else (x,)
    assert execute(made)[made.entries[0]](*arguments)[0] == f(x)
