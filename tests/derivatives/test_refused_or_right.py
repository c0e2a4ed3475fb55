"""Programs where two names see one array: right where the compiler can follow, refused where it cannot, never wrong."""
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.errors import TypeProblem
from tests.execution import copied, execute, generate

X = np.array([1.3, 0.7, 1.7, 0.4, 0.9])


def alias_across_a_swap(x):
    p = x * 1.0
    q = x * 2.0
    v = p
    p, q = q, p
    q[0] = 10.0 * x[1]
    return np.sum(v * x) + p[0]


def view_of_what_changed_hands(x):
    u = x.copy()
    s = 0.0
    for t in range(2):
        un = np.empty(5)
        v = un[1:]
        for i in range(5):
            un[i] = u[i] * x[i]
        u = un
        v[0] = 9.0 * x[0]
        s += u[1] * x[2]
    return s


def previous_is_the_same_array(x):
    y = x.copy()
    s = 0.0
    for t in range(3):
        before = y
        y[0] = y[0] * x[1]
        s += before[0]
    return s


def conditional_alias(x):
    a = x * 1.0
    b = x * 2.0
    if x[0] > 1.0:
        c = a
    else:
        c = b
    c[0] = x[1] * x[2]
    return np.sum(a * b)


def stopped_and_written(x):
    y = s2sad.stop_gradient(x)
    x[0] = 3.0 * x[1]
    return np.sum(x * y)


def changing_size(x):
    s = 0.0
    for i in range(1, 4):
        t = np.empty(i)
        for k in range(i):
            t[k] = x[k] * x[i]
        s += np.sum(t * t)
    return s


def loop_carried_reference(x):
    y = x * x
    for i in range(3):
        if i > 0:
            y = z * x  # noqa: F821
        z = y * 2.0  # noqa: F841
    return np.sum(y)


PROGRAMS = [alias_across_a_swap, view_of_what_changed_hands, previous_is_the_same_array, conditional_alias,
            changing_size, stopped_and_written, loop_carried_reference]


def kept_from_an_earlier_iteration(x):
    s = 0.0
    for t in range(3):
        u = np.empty(4)
        for j in range(4):
            u[j] = x[j] * (t + 1)
        if t % 2 == 0:
            v = u[1:]
        s += v[0] * v[1]
    return s


def part_of_a_complex_array_or_another(x):
    z = x + 1j * x * x
    y = x * 2.0
    c = z.real if x[0] > 1.0 else y
    c[0] = x[1] * x[2]
    return np.sum(z.real * z.imag) + np.sum(y)


PROGRAMS += [kept_from_an_earlier_iteration, part_of_a_complex_array_or_another]
RIGHT = [alias_across_a_swap, view_of_what_changed_hands, previous_is_the_same_array, conditional_alias,
         kept_from_an_earlier_iteration]


@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_no_longer_refused(f):
    generate(f, (X,), "grad", ("x",))


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["grad", "tangent", "vjp"])
def test_right_or_refused(f, kind):
    try:
        generated = generate(f, (X,), kind, ("x",))
    except s2sad.S2sadError as refusal:
        assert refusal.code != "S2S000" and refusal.loc is not None and refusal.loc.line > 1
        assert refusal.hint or isinstance(refusal, TypeProblem)
        return
    module = execute(generated)
    if kind == "tangent":
        d = np.linspace(-1.0, 1.0, 5)
        value, found = module[generated.name](*copied((X, d)))
        want = np.dot(numeric.gradient(f, (X,)).value, d)
    elif kind == "grad":
        value, found, want = f(X.copy()), module[generated.name](X.copy()), numeric.gradient(f, (X,)).value
    else:
        value, saved = module[generated.entries[0]](X.copy())
        found, want = module[generated.entries[1]](saved, (1.0,))[0], numeric.gradient(f, (X,)).value
    assert value == pytest.approx(f(X.copy()), rel=1e-12)
    np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-9)


def without_default(x, y=None):
    if y is None:
        return x * x
    return x * y


def test_absent_arguments_decide_branches():
    assert s2sad.vjp(without_default, 2.0)[1](1.0) == (4.0,)
    assert s2sad.vjp(without_default, 2.0, 3.0)[1](1.0) == (3.0, 2.0)


def taken_names(saved, cotangents):
    return saved * saved * cotangents


def test_parameters_called_like_our_own():
    assert s2sad.vjp(taken_names, 2.0, 3.0)[1](1.0) == (12.0, 4.0)


def our_names(b_x, d_x, top, tape_x, value):
    x = b_x * d_x
    b_value = x * top
    for t in range(2):
        b_value = b_value * tape_x + value
    return b_value


def test_variables_called_like_our_own():
    args = (1.5, 0.7, 1.2, 0.9, 0.3)
    value, gradient = s2sad.value_and_grad(our_names, wrt=(0, 1, 3))(*args)
    assert value == our_names(*args)
    # x z t^2 + n t + n by hand
    np.testing.assert_allclose(gradient, [0.7 * 1.2 * 0.81, 1.5 * 1.2 * 0.81, 2 * 1.05 * 1.2 * 0.9 + 0.3], rtol=1e-14)


def loops_on_one_path(x, k):
    a = x[0]
    if k > 0:
        y = x * a
        while a < 3.0:
            a = a * x[1] * 1.9 + y[0]
        for i in range(k):
            for j in range(i):
                a = a * x[j]
    return a * a


@pytest.mark.parametrize("k", [0, 3])
def test_compiled_tapes_of_a_path_not_taken(k):
    value, pullback = s2sad.vjp(loops_on_one_path, X.copy(), k, wrt="x")
    assert value == pytest.approx(loops_on_one_path(X, k), rel=1e-13)
    want = numeric.gradient(loops_on_one_path, (X, k)).value
    np.testing.assert_allclose(pullback(1.0)[0], want, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(s2sad.grad(loops_on_one_path)(X, k), want, rtol=1e-8, atol=1e-10)
