"""References beyond first derivatives of results: second order, arrays written through them, and what is refused."""
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.derivatives import programs_copies, programs_references
from tests.execution import copied, execute, generate, second_order

X = np.array([1.3, 0.7, 1.7, 0.4])
D = np.array([0.2, -0.7, 0.4, 1.1])


@pytest.mark.parametrize("f, k", [(programs_references.conditional_alias_written, 1),
                                  (programs_references.carried_reference, 3),
                                  (programs_references.views_of_unequal_parts, 0)],
                         ids=lambda f: getattr(f, "__name__", None))
def test_forward_over_reverse(f, k):
    value, product, want = second_order(f, (X, k), D)
    np.testing.assert_allclose(value, numeric.gradient(f, (X, k)).value, rtol=1e-8)
    np.testing.assert_allclose(product, want, rtol=1e-6, atol=1e-7)


def through_either(x, y, k):
    c = x if k else y
    c[0] = c[1] * c[2]
    c = x
    c[3] *= y[0]


@pytest.mark.parametrize("k", [0, 1])
def test_arguments_written_through_a_reference(k):
    (x, y), pullback = s2sad.vjp(through_either, X.copy(), D.copy(), k, outputs=("x", "y"))
    ux, uy = np.array([0.3, -1.0, 0.5, 2.0]), np.array([1.0, 0.2, -0.3, 0.7])
    p, q = X.copy(), D.copy()
    through_either(p, q, k)
    assert np.array_equal(x, p) and np.array_equal(y, q)

    def weighted(a, b):
        through_either(a, b, k)
        return np.dot(ux, a) + np.dot(uy, b)

    for got, want in zip(pullback((ux, uy))[:2], numeric.gradient(weighted, (X, D), wrt=("a", "b")).value):
        np.testing.assert_allclose(got, want, rtol=1e-8)


def returned_either(x, k):
    a = x * x
    if k == 0:
        return x
    a[0] = x[1]
    if k == 1:
        return x[1:]
    return a


@pytest.mark.parametrize("k", [0, 1, 2])
def test_one_of_several_arrays_is_returned(k):
    value, pullback = s2sad.vjp(returned_either, X.copy(), k)
    np.testing.assert_array_equal(value, returned_either(X.copy(), k))
    weights = np.arange(1.0, 1.0 + len(value))
    want = numeric.gradient(lambda x: np.dot(weights, returned_either(x, k)), (X,)).value
    np.testing.assert_allclose(pullback(weights)[0], want, rtol=1e-8)


def test_a_view_kept_for_the_next_iteration_is_one_integer():
    A = np.arange(9.0).reshape(3, 3)
    source = generate(programs_references.row_of_the_iteration_before, (A, 3), "grad", ("A",)).source
    assert "which_" not in source and "last_at" in source


def test_copies_nobody_can_tell_have_no_branches():
    source = generate(programs_copies.leap_fresh, (programs_copies.X, 3), "grad", ("x",)).source
    assert "which_" not in source


def five_kept(x):
    p, q, r, u, v = x, x, x, x, x
    for t in range(3):
        new = x * p[0]
        new[0] = q[1] * r[0] + u[2] * v[1]
        if t != 2:
            p = new
        if t > 0:
            q = new
        if x[t] > 1.0:
            r = new
        if x[t] > 0.5:
            u = new
        if x[0] > x[t]:
            v = new
        p[1] = q[1] * 0.5
        q[2] = r[0]
        r[3] = u[1] * v[0]
        u[0] = v[3]
    return p[0] + q[0] + r[0] + u[0] + v[0]


def reshaped_either(x, k):
    a = x * 2.0
    m = a.reshape(2, -1)
    if k:
        m = a.reshape(-1, 2)
    m[1, 0] *= x[0]
    return np.sum(m * m) + np.sum(a)


@pytest.mark.parametrize("f, line", [(five_kept, 3), (reshaped_either, 2)])
def test_refused(f, line):
    with pytest.raises(s2sad.S2sadError) as refusal:
        generate(f, (X, 1)[:f.__code__.co_argcount], "grad", ("x",))
    assert refusal.value.code == "S2S015" and refusal.value.hint
    assert refusal.value.loc.line == f.__code__.co_firstlineno + line


def test_the_pullback_restores_integers_too():
    f = programs_references.carried_reference
    generated = generate(f, (X, 3), "vjp", ("x",))
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    _, saved = forward(*copied((X, 3)))
    first = reverse(saved, (1.0,))[0]
    assert np.array_equal(first, reverse(saved, (1.0,))[0])
    np.testing.assert_allclose(first, numeric.gradient(f, (X, 3)).value, rtol=1e-8)
