"""Loops run forward and backward one iteration at a time: which are, and that these and the others are right."""
import ast

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.derivatives.test_loop_order import assert_right
from tests.execution import execute, generate

X = np.array([0.3, 1.2, -0.7, 0.9, 1.1])
A = np.sin(np.arange(1.0, 21.0)).reshape(5, 4)


def is_fused(f, *args):
    """Whether the adjoint has a loop over `x` less than two sweeps would have, and no tape as long."""
    source = generate(f, args, "grad", ("x",)).source
    tree = ast.parse(source)
    adjoint = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.endswith("_adjoint"))
    return not any(isinstance(n, ast.Call) and ast.unparse(n.func) == "np.empty" and "x.shape[0]" in ast.unparse(n)
                   for n in ast.walk(adjoint))


def transcendental(x):
    s = 0.0
    for i in range(x.size):
        t = np.exp(x[i]) * np.sin(x[i])
        s += t * t
    return 3.0 * s


def with_a_while(x):
    s = 0.0
    for i in range(x.size):
        y = 1.0
        k = 0
        while y < 30.0 and k < 20:
            y = y * y + np.exp(x[i])
            k += 1
        s += y
    return s


def with_scratch(x):
    w = np.empty(x.shape[1])
    s = 0.0
    for p in range(x.shape[0]):
        for i in range(x.shape[1]):
            w[i] = np.exp(x[p, i])
        for i in range(1, x.shape[1]):
            w[i] = w[i] * w[i - 1]
        s += w[x.shape[1] - 1] * w[0]
    return s


def with_scratch_refilled_inside(x):
    w = np.empty(x.shape[1])
    s = 0.0
    for p in range(x.shape[0]):
        for k in range(3):
            for i in range(x.shape[1]):
                w[i] = np.exp(k * x[p, i])
            for i in range(1, x.shape[1]):
                w[i] = w[i] * w[i - 1]
            s += w[x.shape[1] - 1]
    return s


def with_a_new_array(x):
    s = 0.0
    for p in range(x.shape[0]):
        w = np.zeros(2)
        for i in range(x.shape[1]):
            w[i % 2] += np.exp(x[p, i])
        s += w[0] * w[1]
    return s


def with_branches_and_breaks(x):
    s = 0.0
    for p in range(x.shape[0]):
        y = 1.0
        for i in range(x.shape[1]):
            if x[p, i] > 0.9:
                break
            y = y * np.cos(x[p, i]) if i % 2 else y + np.sin(x[p, i])
        if y > 1.0:
            s -= y * y
        else:
            s += np.exp(y)
    return s


def two_in_a_row(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i])
    for i in range(x.size):
        s -= np.sin(x[i]) * np.exp(x[i])
    return s


def with_steps(x):
    s = 0.0
    for i in range(x.size - 1, 0, -2):
        s += np.exp(x[i]) * np.exp(x[i - 1])
    return s


def output_was_needed(x):
    y = x * x
    s = 0.0
    for i in range(x.size):
        s += y[i] * y[i]
    for i in range(x.size):
        y[i] = 0.0
        y[i] += np.exp(x[i]) * np.sin(x[i])
    return s + np.sum(y)


def sum_read_on_the_way(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i])
    r = s * s
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    return s + r


FUSED = [(transcendental, X), (with_a_while, X), (with_scratch, A), (with_scratch_refilled_inside, A),
         (with_a_new_array, A), (with_branches_and_breaks, A), (two_in_a_row, X), (with_steps, X)]


@pytest.mark.parametrize("f, x", FUSED)
def test_fused(f, x):
    assert is_fused(f, x), generate(f, (x,), "grad", ("x",)).source
    assert_right(f, x)


def through_a_square_root(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i])
    return np.sqrt(s)


def result_is_tested(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    if s > 2.0:
        return 2.0 * s
    return s


def divided_by_the_result(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    return x[0] / s


def recurrence(x):
    y = 1.0
    for i in range(x.size):
        y = np.sin(y) + np.exp(x[i])
    return y


def running_sum(x):
    s = 0.0
    t = 0.0
    for i in range(x.size):
        s += np.exp(x[i])
        t += s * np.sin(x[i])
    return t


def input_overwritten_later(x):
    u = x.copy()
    s = 0.0
    for i in range(x.size):
        s += np.exp(u[i]) * u[i]
    for i in range(x.size):
        u[i] = 1.0
    return s + u[0]


def input_scalar_overwritten_later(x):
    c = x[0]
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i] * c)
    for i in range(3):
        c = np.sin(c)
    return s + c


def in_place(x):
    u = x.copy()
    for i in range(x.size):
        u[i] = np.exp(u[i]) * u[i]
    return np.sum(u)


def scratch_kept(x):
    w = np.ones(2)
    s = 0.0
    for i in range(x.size):
        w[0] = w[1] * np.exp(x[i])
        w[1] = w[0] * 0.5
        s += w[0]
    return s


def scratch_read_afterwards(x):
    w = np.empty(2)
    s = 0.0
    for i in range(x.size):
        for k in range(2):
            w[k] = np.exp(x[i] * (k + 1))
        s += w[0] * w[1]
    return s + w[0]


def scratch_squared_afterwards(x):
    w = np.empty(2)
    s = 0.0
    for i in range(x.size):
        for k in range(2):
            w[k] = np.exp(x[i] * (k + 1))
        s += w[0] * w[1]
    return s + w[0] * w[0]


def scratch_squared_before(x):
    w = x[:2] * x[1:3]
    s = w[0] * w[1]
    for i in range(x.size):
        for k in range(2):
            w[k] = np.exp(x[i] * (k + 1))
        s += w[0] * w[1]
    return s


def scratch_filled_where_it_is_read(x):
    w = np.ones(2)
    s = 0.0
    for i in range(x.size):
        for k in range(2):
            w[k] = np.exp(x[i]) * w[1 - k]
        s += w[0] * w[1]
    return s


def last_value_is_used(x):
    s = 0.0
    t = 0.0
    for i in range(x.size):
        t = np.exp(x[i])
        s += t * t
    return s + t


def last_value_is_squared(x):
    s = 0.0
    t = 0.0
    for i in range(x.size):
        t = np.exp(x[i])
        s += t * t
    return s + t * t


def bound_at_first_only(x):
    s = 0.0
    for i in range(x.size):
        if i == 0:
            y = 1.0
        y = np.sin(y) * np.exp(x[i])
        s += y
    return s


def arrays_swapped_inside(x):
    a = np.zeros(2)
    b = np.ones(2)
    s = 0.0
    for i in range(x.size):
        for k in range(2):
            a[k] = np.exp(x[i]) * (k + 1)
        s += a[0] * b[1]
        a, b = b, a
    return s


def matrix_swapped_afterwards(x):
    u = x.copy()
    v = np.ones(x.size)
    s = 0.0
    for i in range(x.size):
        s += np.exp(u[i]) * u[i]
    u, v = v, u
    return s + u[0] * v[1]


def output_swapped_afterwards(x):
    u = np.zeros(x.size)
    v = np.ones(x.size)
    for i in range(x.size):
        u[i] = np.exp(x[i]) * np.sin(x[i])
    u, v = v, u
    return v[0] + 2.0 * v[1] + u[0] * x[1]


def elements_stored_twice(x):
    y = np.zeros(3)
    for i in range(x.size):
        y[i // 2] = np.exp(x[i]) * np.sin(x[i])
    return y[0] + 2.0 * y[1] + 3.0 * y[2]


def histogram(x):
    h = np.zeros(3)
    for i in range(x.size):
        h[i % 3] += np.exp(x[i]) * np.sin(x[i])
    return h[0] + 2.0 * h[1] + h[2] * x[0]


def outputs_are_passed_on(x):
    y = x[1:4] * 0.5
    u = x[:3] * 2.0
    for i in range(3):
        u[i] -= np.exp(x[i]) * x[i]
    for i in range(3):
        y[i] = u[i]
    return y[0] * y[1]


def outputs_are_passed_on_by_duplicate_indices(x):
    k = np.array([0, 2, 2])
    y = x[1:4] * 0.5
    y[k] -= np.exp(x[:3] * x[1:4])
    return y[1] * y[2]


def bound_changes_afterwards(x):
    n = x.size
    s = 0.0
    for i in range(n):
        s += np.exp(x[i]) * np.sin(x[i])
    for _ in range(2):
        n -= 1
        s += n * x[n]
    return s


def random_draws(x):
    np.random.seed(3)
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i] * np.random.random())
    return s


OTHERS = [through_a_square_root, result_is_tested, divided_by_the_result, recurrence, running_sum,
          input_overwritten_later, input_scalar_overwritten_later, in_place, scratch_kept, scratch_read_afterwards,
          scratch_squared_afterwards, scratch_squared_before,
          scratch_filled_where_it_is_read, last_value_is_used, last_value_is_squared, bound_at_first_only,
          output_was_needed, sum_read_on_the_way,
          arrays_swapped_inside, matrix_swapped_afterwards, output_swapped_afterwards, elements_stored_twice,
          histogram, outputs_are_passed_on,
          outputs_are_passed_on_by_duplicate_indices, bound_changes_afterwards]


@pytest.mark.parametrize("f", OTHERS)
def test_right_in_any_case(f):
    assert_right(f, X)


def outputs_and_value(x):
    y = np.empty(x.size)
    s = 0.0
    for i in range(x.size):
        t = np.exp(x[i])
        y[i] = t * 2.0
        s += t * np.sin(t)
    r = 0.0
    for i in range(3):
        r += y[i] * i
    return s + 0.5 * r


def independent_work_afterwards(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    largest = x[0]
    for i in range(1, x.size):
        largest = max(largest, x[i])
    t = 0.0
    for i in range(x.size):
        t += np.exp(x[i] - largest)
    return s - 2.0 * np.log(t)


def overwritten_after_the_loop(x):
    c = x[0] * x[1]
    s = np.sin(c)
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    c = 2.0 * s
    return c


def work_that_has_to_wait(x):
    w = x[1:3] * x[2:4]
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    u = s
    for k in range(2):
        u += w[k]
    for k in range(2):
        w[k] = np.sin(x[k])
    for k in range(2):
        u += w[k] * w[k]
    return u


def overwritten_with_the_result(x):
    w = x[1:3] * x[2:4]
    s = 0.0
    for k in range(2):
        s += w[k] * w[k]
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    for k in range(2):
        w[k] = s
    return 3.0 * w[0]


def restored_before_it_is_read(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    t = x[2]
    for k in range(3):
        t = t * t * x[k]
    return s + t


def array_restored_before_it_is_read(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    u = x * x
    for k in range(3):
        u[0] = u[0] * u[0] * x[k]
    s = s * 2.0
    u[1] = s
    return s + u[0] * u[1]


@pytest.mark.parametrize("f, x", [*FUSED, *((f, X) for f in OTHERS), (outputs_and_value, X),
                                  (restored_before_it_is_read, X), (array_restored_before_it_is_read, X),
                                  (independent_work_afterwards, X), (overwritten_after_the_loop, X),
                                  (work_that_has_to_wait, X), (overwritten_with_the_result, X)])
def test_with_the_value(f, x):
    made = generate(f, (x,), "value_and_grad", ("x",))
    value, found = execute(made)[made.name](x.copy())
    assert value == f(x.copy())                  # to the last bit
    expected = numeric.gradient(f, (x,), wrt=("x",), method="complex-step").value[0]
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)


def scalars_beside_the_value(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    t = x[2]
    for k in range(3):
        t = t * t * x[k]
    return s + t, (t, s)


def array_beside_the_value(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i])
    u = x * x
    for k in range(3):
        u[0] = u[0] * u[0] * x[k]
    return s + u[0], (u, s)


@pytest.mark.parametrize("f", [scalars_beside_the_value, array_beside_the_value])
def test_results_beside_the_value(f):
    made = generate(f, (X,), "value_and_grad", ("x",), has_aux=True)
    (value, (first, second)), found = execute(made)[made.name](X.copy())
    want, aux = f(X.copy())
    assert value == want and np.array_equal(first, aux[0]) and second == aux[1]
    expected = numeric.gradient(lambda x: f(x)[0], (X,), wrt=("x",), method="complex-step").value[0]
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("f, x", [(transcendental, X), (with_scratch, A), (independent_work_afterwards, X),
                                  (restored_before_it_is_read, X)])
def test_one_loop_for_value_and_gradient(f, x):
    source = generate(f, (x,), "value_and_grad", ("x",)).source
    lines = source.splitlines()
    assert sum("np.exp(x[" in line and "#" not in line or "np.exp(x_i)" in line for line in lines) <= 2, source


def test_draws_are_in_their_order():
    made = generate(random_draws, (X,), "grad", ("x",))
    np.random.seed(3)
    expected = [r * np.exp(v * r) for v, r in zip(X, np.random.random(X.size))]
    assert np.allclose(execute(made)[made.name](X), expected, rtol=1e-14)


@pytest.mark.parametrize("f, x", [(with_a_while, X), (with_scratch_refilled_inside, A)])
def test_compiled_and_differentiated_again(f, x):
    gradient = s2sad.grad(f)
    v = np.cos(np.arange(x.size)).reshape(x.shape)
    hv = s2sad.jvp(gradient, (x,), (v,))[1]
    step = 1e-5
    expected = (gradient(x + step * v) - gradient(x - step * v)) / (2.0 * step)
    assert np.allclose(hv, expected, rtol=1e-6, atol=1e-6)


def divides(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) / (x[i] - 1.2)
    return s


def divides_and_says_so(x):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) / (x[i] - 1.2)
    print("divided")
    return s


@pytest.mark.parametrize("f", [divides, divides_and_says_so])
def test_the_primal_s_errors_are_raised(f, capsys):
    made = generate(f, (X,), "grad", ("x",))
    with pytest.raises(ZeroDivisionError):
        execute(made)[made.name](X)
    assert capsys.readouterr().out == ""
