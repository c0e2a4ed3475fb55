"""``batched``: loops over leading axes."""
from __future__ import annotations

import numba
import numpy as np
import pytest

import s2sad


@s2sad.differentiate(wrt=("x", "a"))
def weighted(x, a):
    return a * np.sum(x ** 2)


def scaled(x, a):
    return x * a, x.shape[0], a


def fills(x, a):
    x[0] = a
    return a


def ragged(x, n):
    return x[:n] * 2.0


X, A = np.arange(8.0).reshape(4, 2), np.array([1.0, -1.0, 2.0, 0.5])


@pytest.mark.parametrize("parallel", [False, True])
def test_gradients_of_many(parallel):
    g = s2sad.batched(weighted.grad, parallel=parallel)
    by_x, by_a = g(X, A)
    assert np.array_equal(by_x, 2 * A[:, None] * X) and np.array_equal(by_a, (X ** 2).sum(1))


def test_axes():
    by_x, by_a = s2sad.batched(weighted.grad, in_axes=(1, None))(X.T, 2.0)
    assert np.array_equal(by_x, 4 * X) and np.array_equal(by_a, (X ** 2).sum(1))
    assert np.array_equal(s2sad.batched(weighted, in_axes=(None, 0))(X[1], A), A * (X[1] @ X[1]))


def test_functions_and_compiled_code():
    many = s2sad.batched(scaled)
    use = numba.njit(lambda many, x, a: many(x, a))
    for products, sizes, a in (many(X, A), use(many, X, A)):
        assert np.array_equal(products, X * A[:, None])
        assert np.array_equal(sizes, [2] * 4) and sizes.dtype == np.int64 and np.array_equal(a, A)


def test_nothing_to_loop_over():
    assert s2sad.batched(weighted)(X[:0], A[:0]).shape == (0,)
    with pytest.raises(ValueError, match="nothing to loop over"):
        s2sad.batched(scaled)(X[:0], A[:0])


def test_what_is_refused():
    many = s2sad.batched(weighted.grad)
    with pytest.raises(s2sad.BadCall, match="have \\[3, 4\\] items"):
        many(X, A[:3])
    with pytest.raises(s2sad.BadCall, match="argument 1 of batched_weighted_grad is looped over along axis 0"):
        many(X, 2.0)
    with pytest.raises(s2sad.BadCall, match="in_axes has 1"):
        s2sad.batched(weighted, in_axes=(0,))(X, A)
    with pytest.raises(s2sad.BadCall, match="no argument"):
        s2sad.batched(weighted, in_axes=None)(X, A)
    with pytest.raises(s2sad.BadCall, match="is no axis"):
        s2sad.batched(weighted, in_axes="x")
    with pytest.raises(s2sad.BadCall, match="fills writes to 'x'"):
        s2sad.batched(fills)(X, A)
    with pytest.raises(ValueError, match="differ in shape"):
        s2sad.batched(ragged)(X, np.array([2, 2, 1, 2]))
    with pytest.raises(s2sad.BadCall, match="array of int64"):
        many(X.astype(int), A)
