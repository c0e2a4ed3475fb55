"""Sparse Jacobians and Hessians: the dense ones, with no more elements than there have to be."""
import numpy as np
import pytest
import scipy.sparse

import s2sad
from s2sad.operators.patterns import colours_of_columns, rows_of_sets


def burgers(u, nu, dt):
    r = np.empty_like(u)
    n = u.shape[0]
    r[0] = u[0]
    r[n - 1] = u[n - 1] ** 2
    for i in range(1, n - 1):
        r[i] = u[i] + dt * (nu * (u[i + 1] - 2.0 * u[i] + u[i - 1]) - u[i] * (u[i] - u[i - 1]))
    return r


def through_memory(x, k):
    """Indices by integers, overwriting, swaps, augmented assignment, a matrix in Fortran order."""
    a, b = x.copy(), np.zeros(x.shape)
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            b[i, j] += a[i, j] * x[k[i], j]
        b[0, j] = 2.0
        a, b = b, a
    a[1, :] = 0.0
    return a.T + 0.0 * x.T


def by_value(x):
    r = x ** 2
    for i in range(1, x.shape[0]):
        if x[i] > x[i - 1]:
            r[i] *= x[i - 1]
    return r


def filled(x, out, n):
    for i in range(n):
        out[i] = x[i] * out[i + 1]


def chain(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return s


def selected(x):
    return np.where(x[1:] > 0.5, x[1:] * x[:-1], np.maximum(x[:-1], 0.1))


def check(found, dense):
    assert isinstance(found, scipy.sparse.csr_array) and found.has_canonical_format
    assert found.shape == dense.shape and np.array_equal(found.toarray(), dense)


def test_stencil():
    u = 1.0 + 0.3 * np.sin(np.arange(40.0))
    jac = s2sad.sparse_jacobian(burgers)
    check(jac(u, 0.1, 0.2), s2sad.jacfwd(burgers)(u, 0.1, 0.2))
    pattern = jac.pattern(u, 0.3, 0.2)
    assert pattern is jac.pattern(2.0 * u, 0.1, 0.2) and pattern.directions == 3
    assert pattern.indices.size == 2 + 3 * 38
    check(jac(u[:7], 0.1, 0.2), s2sad.jacfwd(burgers)(u[:7], 0.1, 0.2))
    assert jac(u[:1], 0.1, 0.2).toarray() == [[2.0 * u[0]]]


def test_elements_through_memory():
    x = np.array(1.0 + 0.1 * np.arange(12.0).reshape(4, 3), order="F")
    jac = s2sad.sparse_jacobian(through_memory)
    for k in (np.array([1, 2, 3, 0]), np.array([0, 0, 0, 0])):
        dense = s2sad.jacfwd(through_memory)(x, k).reshape(12, 12)
        found = jac(x, k)
        assert np.array_equal(found.toarray(), dense)
        assert found.nnz < 60


def test_patterns_that_depend_on_values_are_found_anew():
    jac = s2sad.sparse_jacobian(by_value)
    for x in (np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 0.5])):
        check(jac(x), s2sad.jacfwd(by_value)(x))
    assert jac(np.array([3.0, 2.0, 1.0])).nnz == 3
    # A selection of values is no branch: both sides count.
    jac, x = s2sad.sparse_jacobian(selected), np.array([0.3, 0.7, 0.2, 0.9])
    assert jac.pattern(x) is jac.pattern(1.0 - x)
    for y in (x, 1.0 - x):
        assert np.array_equal(jac(y).toarray(), s2sad.jacfwd(selected)(y))


def test_procedures():
    x, out = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0, 7.0])
    given = out.copy()
    found = s2sad.sparse_jacobian(filled, "x", output="out")(x, out, 3)
    assert np.array_equal(found.toarray(), np.vstack([np.diag(given[1:]), np.zeros(3)]))
    assert np.array_equal(out, given)
    check(s2sad.sparse_jacobian(filled, "out", output="out")(x, out, 3),
          s2sad.jacobian(filled, "out", "forward", outputs=("out",))(x, out, 3)[0])


def test_hessian():
    x = np.linspace(-1.0, 1.0, 30)
    hess = s2sad.sparse_hessian(chain)
    check(hess(x), s2sad.hessian(chain)(x))
    assert hess.pattern(x).directions == 3 and hess(x).nnz == 88


def test_patterns_given():
    u = 1.0 + 0.3 * np.sin(np.arange(6.0))
    dense = s2sad.jacfwd(burgers)(u, 0.1, 0.2)
    band = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1
    for given in (band, scipy.sparse.coo_array(band)):
        found = s2sad.sparse_jacobian(burgers, sparsity=given)(u, 0.1, 0.2)
        assert np.array_equal(found.toarray(), dense) and found.nnz == 16
    for given, words in ((np.eye(6), "lacks elements"), (np.ones((5, 6)), "shape")):
        with pytest.raises(s2sad.BadCall, match=words) as e:
            s2sad.sparse_jacobian(burgers, sparsity=given)(u, 0.1, 0.2)
        assert e.value.code == "S2S043"


def power(x, n):
    return x if n == 0 else x * power(x, n - 1)


def stays_call(x):
    y = np.empty_like(x)
    for i in range(x.shape[0]):
        y[i] = power(x[i], 2)
    return y


def test_refused():
    with pytest.raises(s2sad.UnsupportedFunction, match="depend on cannot be told"):
        s2sad.sparse_jacobian(stays_call)(np.ones(3))
    # With a pattern, directions are taken one by one.
    assert np.array_equal(s2sad.sparse_jacobian(stays_call, sparsity=np.eye(3))(np.ones(3)).toarray(), 3.0 * np.eye(3))
    for wrong in (dict(wrt=("u", "nu")), dict(sparsity="guess")):
        with pytest.raises(s2sad.BadCall):
            s2sad.sparse_jacobian(burgers, **wrong)
    with pytest.raises(s2sad.BadCall, match="one real array"):
        s2sad.sparse_jacobian(lambda x: (x, x))(np.ones(3))
    with pytest.raises(s2sad.BadCall, match="not an array"):
        s2sad.sparse_jacobian(burgers, output="nu")(np.ones(3), 0.1, 0.2)


def test_sets_and_colours():
    rng = np.random.default_rng(2)
    n, count = 20, 60
    sets = np.zeros((count + 1, 2), np.int64)
    members = [set(), *({k} for k in range(1, n + 1))]
    for row in range(1, count + 1):
        sets[row] = rng.integers(0, n + row, size=2)
        members.append(members[sets[row, 0]] | members[sets[row, 1]])
    tops = rng.integers(0, n + count + 1, size=30)
    indptr, indices = rows_of_sets(tops, sets, n)
    for r, top in enumerate(tops):
        assert [k + 1 for k in indices[indptr[r]:indptr[r + 1]]] == sorted(members[top])
    colours = colours_of_columns(indptr, indices, n)
    for r in range(len(tops)):
        row = colours[indices[indptr[r]:indptr[r + 1]]]
        assert len(set(row)) == len(row) and min(row, default=0) >= 0
