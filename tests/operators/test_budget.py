"""Gradients within a budget of memory: the same numbers, from tapes where they fit and from snapshots where not."""
import math
import tracemalloc
from dataclasses import replace

import numba
import numpy as np
import pytest

import s2sad
from s2sad import driver
from s2sad.frontend.source import UserFunction
from tests.execution import copied, execute, generate

U = 1.0 + 0.1 * np.sin(np.arange(40.0))
X = np.array([1.3, 0.7, 1.7, 0.4])


def reacting(u, c, n):
    """Two loops that share the budget, and one whose tape is as long as an array."""
    u = u.copy()
    v = u.copy()
    for t in range(n):
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + c * u[i] * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    a = c
    for t in range(3 * n, 0, -2):
        if a > 1.5:
            break
        a = a + 0.01 * math.sin(a * t) * u[t % 40]
    s = 1.0
    for i in range(u.shape[0]):
        s = s * u[i]
    return s * a


def unknown_length(x, c, n):
    s, t = c, 0
    while s < 20.0 and t < 10 * n:
        s = s * (1.0 + 0.01 * x[t % 4]) + 0.001 * s * s
        t += 1
    return s


def leaves_by_return(x, c, n):
    y = x.copy()
    for t in range(n):
        for i in range(4):
            y[i] = y[i] * (1.0 + 0.1 * math.sin(y[i - 1] * c))
        if y[0] > 3.0:
            return y[1]
    return y[0] * y[2]


def exchanges(x, y, n):
    t = 0
    while t < n:
        if x[0] * y[0] > 1e3:
            break
        x, y = y, x
        t += 1
    return (x[0] * x[0] + x[1] * x[1]) * y[0] + np.sin(x[1])


def made(f, args, kind, wrt, memory):
    driver.check_ir = True
    user = replace(UserFunction.from_callable(f), memory=memory)
    return driver.generate(user, kind, tuple(map(numba.typeof, args)), wrt)


def leaves(value):
    return [b for a in value for b in leaves(a)] if isinstance(value, tuple | list) else [np.asarray(value)]


@pytest.mark.parametrize("f, x", [(reacting, U), (unknown_length, X), (leaves_by_return, X)])
def test_same_gradient_bit_for_bit(f, x):
    for kind in ("value_and_grad", "vjp"):
        plain = generate(f, (x, 0.2, 3), kind, ("x" if x is X else "u", "c"))
        for memory in (100, 3000):
            bounded = made(f, (x, 0.2, 3), kind, ("x" if x is X else "u", "c"), memory)
            assert "taken_at" in bounded.source
            for n in (0, 1, 7, 30):
                found = []
                for module in (plain, bounded):
                    space, args = execute(module), copied((x, 0.2, n))
                    if kind == "vjp":
                        forward, reverse = (space[e] for e in module.entries)
                        found.append(leaves([reverse(forward(*args)[1], (1.0,)) for _ in range(2)]))
                    else:
                        found.append(leaves(space[module.name](*args)))
                assert all(map(np.array_equal, *found)), (memory, n)


@pytest.mark.parametrize("kind", ["value_and_grad", "vjp"])
def test_arrays_that_change_places_are_the_callers(kind):
    """Within a budget, the states of a loop are written back: to copies of the arguments."""
    x, y = np.array([0.3, 0.7]), np.array([1.1, -0.4])
    step = 1e-30j
    for memory in (0, 200):
        bounded = made(exchanges, (x, y, 1), kind, ("x", "y"), memory)
        assert "taken_at" in bounded.source
        for n in (0, 1, 7):
            space, args = execute(bounded), copied((x, y, n))
            expected = [[exchanges(*(a + step * e if a is v else a for a in (x, y)), n).imag / step.imag
                         for e in np.eye(2)] for v in (x, y)]
            for _ in range(2):
                if kind == "vjp":
                    forward, reverse = (space[e] for e in bounded.entries)
                    found = reverse(forward(*args)[1], (1.0,))
                else:
                    value, found = space[bounded.name](*args)
                    assert value == exchanges(x, y, n)
                np.testing.assert_allclose(found, expected, rtol=1e-14)
                np.testing.assert_array_equal(args[:2], (x, y))


def test_the_budget_is_kept():
    big = 1.0 + 0.1 * np.cos(np.arange(100.0))
    memory = 20 * big.nbytes
    bounded = made(reacting, (big, 0.1, 3), "grad", ("u",), memory)
    run = execute(bounded)[bounded.name]
    for n in (5, 40):
        tracemalloc.start()
        run(big, 0.1, n)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < memory + 10 * big.nbytes


def test_tapes_are_kept_where_they_fit():
    bounded = s2sad.differentiate(reacting, memory="100 kB")
    fits, not_all = (s2sad.explain(bounded, U, 0.2, n) for n in (50, 500))
    assert fits.plan.loops[0].schedule == "two sweeps" and fits.peak == fits.bytes <= 50_000
    first = not_all.plan.loops[0]
    assert first.schedule == ("77 binomial snapshots of u, v in 50000 bytes, a step run up to 2 times before it is "
                              "reversed")
    assert first.snapshot_bytes == 77 * (2 * 40 * 8 + 8) <= 50_000
    assert first.again == 2 * 501 - 78 - 1
    assert f"{first.again} run again, snapshots of 49.9 kB in all" in str(not_all)
    assert not_all.peak == not_all.bytes + first.snapshot_bytes <= 100_000


def test_compiled():
    bounded = s2sad.differentiate(leaves_by_return, memory=1000)
    plain = generate(leaves_by_return, (X, 0.2, 30), "grad", ("x",))
    want = execute(plain)[plain.name](X, 0.2, 30)
    np.testing.assert_allclose(bounded.grad(X, 0.2, 30), want, rtol=1e-13)


def path(x, c, n):
    """The state after each step is kept by the function itself: snapshots of it would be larger than its tape."""
    y = np.zeros((n + 1, 4))
    y[0] = x
    for t in range(n):
        for i in range(4):
            z = math.sin(y[t, i] * c)
            y[t + 1, i] = y[t, i] + z * z * z
    return np.sum(y)


def draws(x, c, n):
    s = c
    for t in range(n):
        s = s * math.sin(s + np.random.normal())
    return s


@pytest.mark.parametrize("f", [path, draws])
def test_what_cannot_be_kept_to_is_an_error(f):
    bounded = made(f, (X, 0.2, 3), "vjp", ("x", "c"), 2000)
    forward = execute(bounded)[bounded.entries[0]]
    forward(X, 0.2, 3)
    with pytest.raises(MemoryError, match="pass their share of the budget, 2000 bytes"):
        forward(X, 0.2, 3000)


def test_options():
    with pytest.raises(s2sad.BadCall, match="memory is 'much'"):
        s2sad.differentiate(reacting, memory="much")
    with pytest.raises(s2sad.BadCall, match="budget"):
        s2sad.differentiate(reacting, target="cuda", memory="1GB")
    twice = s2sad.differentiate(memory="1MB")(s2sad.differentiate(reacting, math="vector"))
    assert "500000" in twice.source("grad", U, 0.2, 3)
