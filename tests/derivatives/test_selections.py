"""Selections and strides where NumPy and numba differ, compiled, and to second order."""
import numba
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.derivatives.programs import CASES, W, X
from tests.derivatives.test_programs import as_tuple, close, parameters
from tests.execution import copied, execute, generate

COMPILED = ["gather", "gather_columns", "last_write_wins", "rows_written", "masked_by_value", "masks_in_a_loop",
            "steps_on_both_axes", "overlap_by_a_step", "growing_matrix", "shrinking"]


# ---------------------------------------------------------------- in place on overlapping parts: element by element

def up(x):
    x[1:] += x[:-1]
    return np.sum(x * x * x)


def up_by_hand(x):
    for i in range(x.size - 1):
        x[i + 1] = x[i + 1] + x[i]
    return np.sum(x * x * x)


def reversed_in_place(x):
    v = x[::-1]
    v *= x
    return x[0] + 2.0 * x[1] + 3.0 * x[2] * x[3]


def reversed_by_hand(x):
    for i in range(4):
        x[3 - i] = x[3 - i] * x[i]
    return x[0] + 2.0 * x[1] + 3.0 * x[2] * x[3]


def first_row_added(x):
    a = np.empty((3, 4))
    for i in range(3):
        a[i] = x * (i + 1.0)
    a += a[0]
    a -= a[1:2]
    return np.sum(a * a)


def first_row_by_hand(x):
    a = np.empty((3, 4))
    for i in range(3):
        a[i] = x * (i + 1.0)
    for i in range(3):
        for j in range(4):
            a[i, j] = a[i, j] + a[0, j]
    for i in range(3):
        for j in range(4):
            a[i, j] = a[i, j] - a[1, j]
    return np.sum(a * a)


def copied_operand(x):
    x[1:] += x[:-1] * 1.0
    return np.sum(x * x * x)


PAIRS = [(up, up_by_hand), (reversed_in_place, reversed_by_hand), (first_row_added, first_row_by_hand),
         (copied_operand, copied_operand)]


@pytest.mark.parametrize("f, by_hand", PAIRS, ids=lambda f: f.__name__)
def test_in_place_on_overlap_is_numbas(f, by_hand):
    assert numba.njit(f)(X.copy()) == pytest.approx(by_hand(X.copy()), rel=1e-14)
    want = numeric.gradient(by_hand, (X.copy(),)).value
    for kind in ("grad", "tangent"):
        generated = generate(f, (X,), kind, ("x",))
        entry = execute(generated)[generated.name]
        if kind == "grad":
            assert close(entry(X.copy()), want, 1e-9)
        else:
            d = np.linspace(-1.0, 1.0, 4)
            value, d_value = entry(X.copy(), d.copy())
            assert value == pytest.approx(by_hand(X.copy()), rel=1e-14)
            assert close(d_value, np.dot(want, d), 1e-9)
    assert close(s2sad.grad(f)(X.copy()), want, 1e-9)


# ---------------------------------------------------------------- masks of another length

def short_mask(x, mask):
    y = x[mask]
    x[mask] = x[3]
    return y[0] * y[1] * x[0] * x[1]


def short_mask_by_hand(x):
    y0, y1 = x[0], x[2]
    return y0 * y1 * x[3] * x[1]


def test_a_mask_may_be_shorter_than_the_array():
    mask = np.array([True, False, True])
    want = numeric.gradient(short_mask_by_hand, (X.copy(),)).value
    assert numba.njit(short_mask)(X.copy(), mask) == pytest.approx(short_mask_by_hand(X), rel=1e-14)
    assert close(s2sad.grad(short_mask)(X.copy(), mask), want, 1e-9)
    with pytest.raises(IndexError):
        s2sad.grad(short_mask)(X.copy(), np.ones(5, np.bool_))


def test_shapes_are_checked():
    def too_many(x, idx):
        x[idx] = x[:2]
        return np.sum(x)

    def zero_step(x, k):
        return np.sum(x[::k])

    with pytest.raises(ValueError):
        s2sad.grad(too_many)(X.copy(), np.array([0, 1, 2]))
    with pytest.raises(ValueError):
        s2sad.grad(zero_step)(X.copy(), 0)


def test_masks_of_two_axes_are_refused():
    def f(a):
        return np.sum(a[a > 0.0])

    with pytest.raises(s2sad.S2sadError) as refusal:
        generate(f, (W,), "grad", ("a",))
    assert refusal.value.loc is not None and refusal.value.loc.line > 1


# ---------------------------------------------------------------- what is a view depends on the layout

def ravel_in_fortran_order(a):
    r = a.ravel()
    t = a.T.ravel()
    t[1] = r[2] * t[3]
    u = a.T.reshape(2, 6)
    u[1] *= u[0, 0]
    return np.sum(a * a) + np.sum(r * r * r)


def test_layout_decides_between_view_and_copy():
    a = np.asfortranarray(W)
    primal = numba.njit(ravel_in_fortran_order)
    want = np.empty_like(W)
    for k in np.ndindex(W.shape):
        d = np.zeros_like(a)
        d[k] = 1e-3
        up, down, far_up, far_down = (primal(np.asfortranarray(a + h * d)) for h in (1, -1, 2, -2))
        want[k] = (8.0 * (up - down) - (far_up - far_down)) / 12e-3
    generated = generate(ravel_in_fortran_order, (a,), "grad", ("a",))
    assert close(execute(generated)[generated.name](a.copy(order="F")), want, 1e-8)


def flattened(x):
    r = x.ravel()
    r[0] = r[1] * r[1]
    return np.sum(x * x)


def test_a_strided_argument_is_not_raveled_as_if_it_were_contiguous():
    """numba copies what is strided, while derivatives work on a contiguous copy of the argument."""
    strided = np.repeat(X, 2)[::2]
    with pytest.raises(s2sad.S2sadError, match="ravel"):
        s2sad.grad(flattened)(strided)
    want = numeric.gradient(flattened, (X.copy(),)).value
    assert close(s2sad.grad(flattened)(X.copy()), want, 1e-9)


# ---------------------------------------------------------------- compiled, and to second order

@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name):
    f, args, wrt = CASES[name]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(numba.njit(f)(*copied(args)), rel=1e-13)
    want = numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0]).value
    for got, right in zip(as_tuple(gradient, (*wrt, "")), as_tuple(want, wrt)):
        assert close(got, right, 1e-8)


@pytest.mark.parametrize("name", ["gather", "masked_store", "any_step", "growing_scratch", "prefixes"])
def test_second_order(name):
    """Forward over reverse against differences of the gradient."""
    f, args, wrt = CASES[name]
    gradient = s2sad.grad(f, wrt=wrt[0])
    k = parameters(f).index(wrt[0])
    d = np.cos(np.arange(1.0, 1.0 + args[k].size)).reshape(args[k].shape)
    tangents = tuple(d if p == wrt[0] else None for p in parameters(f))
    _, found = s2sad.jvp(gradient, tuple(copied(args)), tangents)

    def shifted(h):
        return gradient(*(a + h * d if p == wrt[0] else a for p, a in zip(parameters(f), copied(args))))

    h = 1e-3
    want = (8.0 * (shifted(h) - shifted(-h)) - (shifted(2 * h) - shifted(-2 * h))) / (12.0 * h)
    assert close(found, want, 1e-7)
