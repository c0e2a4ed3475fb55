"""Lists: errors as numba's, derivatives of derivatives, and what is refused."""
import numpy as np
import pytest
from numba import njit

import s2sad
from s2sad import numeric
from tests.derivatives.programs_array_lists import history_of_states
from tests.derivatives.programs_lists import (
    changes_hands,
    pushed_and_popped,
    swapped_lists,
    taken_from_the_middle,
    tree_without_recursion,
)
from tests.execution import copied, execute, generate, second_order

X = np.array([1.3, 0.7, 1.7, 0.4])


@pytest.mark.parametrize("f, args", [(pushed_and_popped, (X, 70)), (swapped_lists, (X, 4)), (changes_hands, (X, 3)),
                                     (tree_without_recursion, (X, 7)), (taken_from_the_middle, (X,)),
                                     (history_of_states, (X, 20))])
def test_forward_over_reverse(f, args):
    value, second, want = second_order(f, args, np.array([0.3, -0.5, 0.2, 0.7]))
    np.testing.assert_allclose(value, numeric.gradient(f, args, wrt="x").value, rtol=1e-8)
    np.testing.assert_allclose(second, want, rtol=1e-6, atol=1e-6 * np.max(np.abs(want)))


def pops_too_often(x, n):
    s = [x[0], x[1]]
    t = 0.0
    for i in range(n):
        t += s.pop() * x[i]
    return t


def reads_beyond(x, n):
    s = [x[0] * x[1], x[1]]
    s.append(x[2])
    s.pop()
    return s[n] * s[0]


def pops_beyond(x, n):
    s = [x[0], x[1]]
    return s.pop(n) * s[0]


@pytest.mark.parametrize("f, good, bad", [(pops_too_often, (2, 0), (3,)), (reads_beyond, (1, 0, -1, -2), (2, -3, 99)),
                                          (pops_beyond, (0, 1, -1, -2), (2, -3))])
def test_errors_are_raised_where_numba_raises(f, good, bad):
    gradient, primal = s2sad.value_and_grad(f), njit(f)
    for n in good:
        value, g = gradient(X, n)
        assert value == primal(X, n)
        np.testing.assert_allclose(g, numeric.gradient(f, (X, n), wrt="x").value, rtol=1e-9, atol=1e-12)
    for n in bad:
        for call in (lambda: primal(X, n), lambda: gradient(X, n), lambda: s2sad.jvp(f, (X, n), (X, None))):  # noqa: B023
            with pytest.raises(IndexError):
                call()
    assert gradient(X, good[0])[0] == primal(X, good[0])


def in_single_precision(x):
    s = [x[0]]
    s.append(x[1] * x[0])
    s[0] *= s[1]
    return s[0] * s[1]


def test_single_precision_stays():
    x = X.astype(np.float32)
    value, gradient = s2sad.value_and_grad(in_single_precision)(x)
    assert gradient.dtype == np.float32 and value == njit(in_single_precision)(x)
    np.testing.assert_allclose(gradient, s2sad.grad(in_single_precision)(X), rtol=1e-6)


def many(x, n):
    s = []
    for i in range(n):
        s.append(x[i % 4])
    t = 1.0
    for i in range(n):
        t = t * 0.999 + s[i] * s[-1 - i]
    return t


def test_ten_thousand_elements():
    value, gradient = s2sad.value_and_grad(many)(X, 10000)
    assert value == pytest.approx(njit(many)(X, 10000), rel=1e-12)
    np.testing.assert_allclose(X @ gradient, 2 * (value - 0.999 ** 10000), rtol=1e-10)


# ---------------------------------------------------------------- two names of a list

def both_used_after_one_is_bound_again(x):
    a = [x[0]]
    b = a
    b.append(x[1])
    a = [x[2]]
    a.append(b[1])
    b[0] = a[0] * b[1]
    return a[0] * b[0] * a[1]


def either_of_two(x):
    a = [x[0], x[3]]
    b = [x[1], x[2]]
    c = a if x[0] > 1.0 else b
    c[0] = c[1] * x[0]
    return a[0] * b[0] * c[1]


def kept_from_the_iteration_before(x):
    s = [x[0]]
    t = 0.0
    before = s
    for k in range(3):
        t += before[0] * s[0]
        before = s
        s = [s[0] * x[k]]
    return t


def alias_carried(x):
    s = [x[0]]
    b = [x[1]]
    for k in range(3):
        b[0] = b[0] * x[2]
        b = s
        b.append(x[k])
    return s[0] * b[-1] * len(s)


def rebound_in_helper(s, x):
    s.append(x)
    s = [x * x]
    s.append(x)
    return s


def helper_rebinds(x):
    s = [x[0]]
    t = rebound_in_helper(s, x[1])
    s[0] = t[0] * s[1]
    return s[0] * t[1]


def grows_while_iterated(x):
    s = [x[0], x[1]]
    t = 0.0
    for k, v in enumerate(s):
        t = t * 0.5 + v * (k + 1)
        if len(s) < 6:
            s.append(v * x[2])
    return t


def shrinks_while_zipped(x):
    s = [x[0], x[1], x[2]]
    t = 0.0
    for u, v in zip(s, x):
        t += u * v
        if len(s) > 2:
            s.pop()
    return t


def elements_change_while_iterated(x):
    s = [x[0], x[1], x[2]]
    t = 0.0
    for v in s:
        s[1] = v * x[3]
        s[2] *= t + 1.0
        t += v * v
    return t


def returned_from_two_places(k, x):
    a = [x[0], x[1]]
    if k > 0:
        b = [x[2]]
        b.append(a[0])
        return b
    a.append(x[3])
    return a


def list_from_either_return(x):
    p = returned_from_two_places(1, x)
    q = returned_from_two_places(int(x[3]), x)
    p[0] = p[0] * q[-1]
    return p[0] * p[1] * q[0]


NAMES = [both_used_after_one_is_bound_again, either_of_two, kept_from_the_iteration_before, alias_carried,
         helper_rebinds, grows_while_iterated, shrinks_while_zipped, elements_change_while_iterated,
         list_from_either_return]
RIGHT = {"both_used_after_one_is_bound_again", "helper_rebinds", "grows_while_iterated",
         "elements_change_while_iterated", "list_from_either_return"}


@pytest.mark.parametrize("f", NAMES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["value_and_grad", "vjp"])
def test_right_or_refused(f, kind):
    try:
        generated = generate(f, (X,), kind, ("x",))
    except s2sad.S2sadError as refusal:
        assert refusal.code in ("S2S015", "S2S070", "S2S007") and refusal.loc.line > 1 and refusal.hint
        assert f.__name__ not in RIGHT
        return
    module = execute(generated)
    if kind == "vjp":
        value, saved = module[generated.entries[0]](X.copy())
        found = module[generated.entries[1]](saved, (1.0,))[0]
    else:
        value, found = module[generated.name](*copied((X,)))
    assert value == pytest.approx(f(X.copy()), rel=1e-12)
    np.testing.assert_allclose(found, numeric.gradient(f, (X,)).value, rtol=1e-7, atol=1e-9)


# ---------------------------------------------------------------- refused

def returns_one(x):
    s = [x[0]]
    s.append(x[1])
    return s


def sorts(x):
    s = [x[0], x[1]]
    s.sort()
    return s[0]


def list_of_lists(x):
    s = [[x[0]], [x[1]]]
    s.append([x[2]])
    return s[0][0] * s[1][0]


def slice_assigned(x):
    s = [x[0], x[1], x[2]]
    s[0:2] = [x[3]]
    return s[0]


def compared(x):
    s = [x[0]]
    t = [x[0]]
    s.append(x[1])
    t.append(x[1])
    return x[0] if s == t else x[1]


@pytest.mark.parametrize("f", [returns_one, sorts, list_of_lists, slice_assigned, compared], ids=lambda f: f.__name__)
def test_refused(f):
    with pytest.raises(s2sad.S2sadError) as refused:
        s2sad.vjp(f, X)
    assert refused.value.code != "S2S000" and refused.value.loc is not None
    assert refused.value.hint or isinstance(refused.value, TypeError)


# ---------------------------------------------------------------- lists of arrays

def written_after_it_was_appended(x):
    h = []
    u = x * 1.0
    for k in range(3):
        h.append(u)
        u[0] = u[0] * x[1]
    return h[0][0] * h[2][1]


def written_through_the_list(x):
    u = x * 1.0
    h = [u]
    h.append(u)
    h[0][1] = x[2] * x[3]
    return u[1] * h[1][1]


def written_through_another_element(x):
    h = []
    h.append(x * 2.0)
    h.append(h[0])
    h[1][0] = x[1] * x[1]
    return h[0][0] * h[1][2]


def one_array_at_every_place(x):
    h = []
    z = x * 2.0
    for k in range(3):
        h.append(z)
    h[0][0] = x[1] * x[1]
    return h[1][0] * h[2][1]


def one_array_twice(x):
    h = [np.zeros(2)] * 2
    h[0][0] = x[0]
    return h[1][0] * x[1]


def popped_array(x):
    h = [x * 1.0]
    h.append(x * x)
    v = h.pop()
    h.append(x * 3.0)
    return v[0] * h[1][1]


def popped_array_under_two_names(x):
    h = [x * 2.0]
    first = h[-1]
    v = h.pop()
    v[0] = x[1] * x[1]
    h.append(x * x)
    return first[0] * h[0][1]


def popped_while_a_name_is_left(x):
    h = [x * 2.0]
    first = h[-1]
    h.pop()
    h.append(x * x)
    return first[0] * h[0][1]


def appended_while_a_name_is_left(x):
    h = [x.copy()]
    for k in range(3):
        u = np.empty(2)
        u[0] = x[k]
        other = u
        h.append(u)
        other[1] = 2.0 * x[0]
    return h[1][0] * h[2][1]


def appended_to_two_lists(x):
    h = [x.copy()]
    g = [x.copy()]
    for k in range(3):
        u = x * x
        h.append(u)
        g.append(u)
        h[1][0] = 3.0 * x[k]
    return h[1][0] * g[1][0]


def appended_before_it_is_written(x):
    h = [x.copy()]
    u = x * x
    for k in range(3):
        u[k] = u[k] * x[0]
        h.append(u)
    return h[1][0] * h[1][1]


def element_outlives_its_list(x):
    h = [x * 1.0]
    h.append(x * x)
    v = h[1]
    h = [x * 3.0]
    h.append(x * 4.0)
    return v[0] * h[1][1]


def matrices_in_a_list(x):
    h = []
    h.append(np.zeros((2, 2)) + x[0])
    return h[0][1, 1] * x[1]


def made_in_some_iterations_only(x):
    h = [x * 2.0]
    for k in range(3):
        if x[k] > 0.0:
            u = x * x
            u[0] = x[k]
        else:
            u = h[0]
        h.append(u)
    return h[1][0] * h[2][1]


def made_in_the_first_iteration_only(x):
    h = [x * 2.0]
    for k in range(3):
        if k == 0:
            u = x * x
        u[k] = u[k] * x[3]
        h.append(u)
    return h[1][1] * h[2][0]


@njit
def _double(u, n):
    if n > 0:
        u[1] = 2.0 * u[1]
        _double(u, n - 1)


def written_by_a_recursive_function(x):
    h = [x * 2.0]
    u = x * x
    h.append(u)
    _double(u, 2)
    return h[1][1] * h[0][1]


def written_through_the_list_by_a_recursive_function(x):
    h = [x * 2.0]
    u = x * x
    h.append(u)
    _double(h[1], 2)
    return u[1] * h[1][1]


def popped_and_written_by_a_recursive_function(x):
    h = [x * 2.0, x * x]
    v = h[1]
    h.pop()
    _double(v, 2)
    h.append(x * 3.0)
    return h[1][1] * v[1]


def popped_and_written_for_itself(x):
    h = [x * 2.0, x * x]
    v = h.pop()
    v[1] = v[1] * x[0]
    h.append(x * 3.0)
    return h[1][1] * v[1]


ARRAYS = [written_after_it_was_appended, written_through_the_list, written_through_another_element, popped_array,
          one_array_at_every_place, one_array_twice, element_outlives_its_list, matrices_in_a_list,
          popped_array_under_two_names, popped_while_a_name_is_left, appended_while_a_name_is_left,
          appended_to_two_lists, appended_before_it_is_written, made_in_some_iterations_only,
          made_in_the_first_iteration_only, written_by_a_recursive_function,
          written_through_the_list_by_a_recursive_function, popped_and_written_by_a_recursive_function,
          popped_and_written_for_itself]


@pytest.mark.parametrize("f", ARRAYS, ids=lambda f: f.__name__)
def test_arrays_in_lists_are_right_or_refused(f):
    try:
        generated = generate(f, (X,), "value_and_grad", ("x",))
    except s2sad.S2sadError as refusal:
        assert refusal.code in ("S2S015", "S2S070") and refusal.loc.line > 1 and refusal.hint
        return
    value, gradient = execute(generated)[generated.name](X.copy())
    assert value == pytest.approx(f(X.copy()), rel=1e-12)
    np.testing.assert_allclose(gradient, numeric.gradient(f, (X,)).value, rtol=1e-8)
