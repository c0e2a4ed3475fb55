"""Universal functions that fill an array given to them: its names, parts and operands; overlap as numba has it."""
import numba
import numpy as np
import pytest

from s2sad import numeric
from s2sad.errors import S2sadError
from tests.execution import execute, generate, tangent_arguments

X = np.array([0.7, -1.3, 2.1, 0.4])
CASES, OVERLAPPING = [], []


def case(f):
    CASES.append(f)
    return f


def overlapping(f):
    OVERLAPPING.append(f)
    return f


@case
def by_place_and_by_name(x):
    y = np.empty(4)
    np.add(x, x * x, y)
    np.multiply(y, x, out=y)
    return np.sum(np.sin(y, out=None) * y)


@case
def value_is_the_output(x):
    y = np.empty((2, 4))
    z = np.exp(x, y[1])
    z[0] = x[1] * z[2]
    np.copysign(y[1, ::2], x[:2], y[0, :2])
    return y[1, 0] * y[1, 3] * y[0, 1] + y[0, 0]


@case
def parameter_as_output(x):
    for k in range(3):
        np.multiply(x, x[k], x)
    np.cos(x[1:], x[:-1])
    return np.sum(x * x)


@case
def broadcast_and_numbers(x):
    y = np.empty((3, 4))
    np.multiply(x, x[:3].reshape(3, 1), y)
    z = np.empty(4)
    np.multiply(x[0], x[1], z)
    larger = np.empty(4, np.bool_)
    np.greater(x, 0.5, larger)
    return np.sum(y[:, 1] * y[:, 2]) * z[3] + np.sum(np.where(larger, x * x, x))


@case
def in_branches_and_no_trips(x):
    y = x * x
    for k in range(0, int(x[0])):
        np.exp(y, y)
    if x[1] < 0.0:
        np.multiply(y, x, y)
    else:
        np.negative(y, y)
    return np.sum(y * y)


@overlapping
def read_as_it_is_by_then(x):
    y = x * x
    np.multiply(y, y[::-1], y)
    np.multiply(y[:-1], 2.0, y[1:])
    v = y[1:]
    np.exp(-np.abs(v), v)
    np.add(y[:-1], v, v)
    return np.sum(y * y)


@overlapping
def expressions_are_evaluated_before(x):
    y = x * x
    np.add(y[:-1] * 1.5, y[1:], y[1:])
    np.subtract(y[1:], y[:-1] * x[0], y[:-1])
    return np.sum(y * y)


def both_modes(f):
    generated = generate(f, (X,), "value_and_grad", ("x",))
    value, gradient = execute(generated)[generated.name](X.copy())
    tangent = generate(f, (X,), "tangent", ("x",))
    direction = np.array([0.3, -0.8, 0.5, 1.1])
    again, slope = execute(tangent)[tangent.name](*tangent_arguments(tangent, (X,), {"x": direction}))
    assert again == value and slope == pytest.approx(np.sum(direction * gradient), rel=1e-12)
    return value, gradient


@pytest.mark.parametrize("f", CASES)
def test_outputs(f):
    value, gradient = both_modes(f)
    assert value == pytest.approx(f(X.copy()), rel=1e-14)
    want = numeric.gradient(f, (X.copy(),)).value
    assert np.max(np.abs(gradient - want)) <= 1e-8 * (1.0 + np.max(np.abs(want)))


@pytest.mark.parametrize("f", OVERLAPPING)
def test_overlapping_operands_are_read_as_numba_reads_them(f):
    compiled = numba.njit(f)
    value, gradient = both_modes(f)
    assert value == pytest.approx(compiled(X.copy()), rel=1e-14)
    want = np.empty(4)
    for k in range(4):
        def difference(h, k=k):
            step = h * (np.arange(4) == k)
            return (compiled(X + step) - compiled(X - step)) / (2.0 * h)

        want[k] = (4.0 * difference(1e-4) - difference(2e-4)) / 3.0
    assert np.max(np.abs(gradient - want)) <= 1e-8 * (1.0 + np.max(np.abs(want)))


def into_whole_numbers(x):
    y = np.empty(4, np.int64)
    np.sin(x, y)
    return np.sum(y * x)


def into_a_tuple(x):
    y = np.empty(4)
    np.sin(x, out=(y,))
    return np.sum(y)


def where_some_are(x):
    y = np.empty(4)
    np.sin(x, y, where=x > 0.0)
    return np.sum(y)


def too_short(x):
    y = np.empty(3)
    np.sin(x, y)
    return np.sum(y)


@pytest.mark.parametrize(("f", "code"), [(into_whole_numbers, "S2S030"), (into_a_tuple, "S2S011"),
                                         (where_some_are, "S2S011")])
def test_refused(f, code):
    with pytest.raises(S2sadError) as caught:
        generate(f, (X,), "grad", ("x",))
    e = caught.value
    assert e.code == code and e.hint and e.loc.line == f.__code__.co_firstlineno + 2


def test_an_output_of_another_shape_is_an_error():
    generated = generate(too_short, (X,), "tangent", ("x",))
    with pytest.raises(ValueError, match="size"):
        execute(generated)[generated.name](X, X)
