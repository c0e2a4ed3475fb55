"""Tapes in memory kept between calls: the same numbers, whatever was called before, beside or inside."""
from __future__ import annotations

import math
import threading

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.api import workspace


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A workspace from the second call on, and for gradients that have been called elsewhere from the next."""
    monkeypatch.setattr(workspace, "SAMPLE", 1)
    monkeypatch.setattr(workspace, "ENOUGH", -1)
    s2sad.clear_workspace()
    yield
    s2sad.clear_workspace()


def chain(x, n):
    s = 0.0
    for t in range(n):
        for i in range(x.size):
            x[i] = math.sin(x[i]) * x[i - 1]
        if x[0] > 0.3:
            s += x[0] * x[1]
    return s + x[0]


def expected(x, n):
    """By the compiled adjoint, whose tapes are arrays of its own."""
    b = np.zeros_like(x)
    s2sad.adjoint(chain)(x.copy(), b, n, 1.0)
    return b


def test_any_sequence_of_sizes():
    g = s2sad.grad(chain)
    for size, n in ((5, 3), (5, 3), (400, 7), (5, 3), (3000, 9), (400, 7), (2, 2), (5, 0)):
        x = np.linspace(0.9, 1.4, size)
        assert np.array_equal(g(x, n), expected(x, n)), (size, n)
    assert len(workspace._free) == 1 and workspace._free[0][0].size >= 27_000, "one workspace, and it has grown"
    x = np.linspace(0.9, 1.4, 5)
    assert g(x, 3) == pytest.approx(numeric.gradient(chain, (x, 3)).value, rel=1e-8)


def test_memory_is_used_again_and_results_do_not_lie_in_it():
    g, x = s2sad.grad(chain), np.linspace(0.9, 1.4, 50)
    g(x, 4)
    g(x, 4)
    first = g(x, 4)
    kept, before = workspace._free[0][0], first.copy()
    second = g(2.0 * x, 4)
    assert workspace._free[0][0] is kept
    assert np.array_equal(first, before) and not np.shares_memory(first, kept) and not np.shares_memory(second, kept)
    kept.fill(np.nan)                           # nothing in it is read before it is written
    assert np.array_equal(g(x, 4), before)


def test_threads_have_workspaces_of_their_own():
    g = s2sad.value_and_grad(chain)
    g(np.ones(3), 1)
    wrong = []

    def work(size):
        x = np.linspace(0.9, 1.4, size)
        want = expected(x, 5)
        for _ in range(30):
            if not np.array_equal(g(x, 5)[1], want):
                wrong.append(size)

    threads = [threading.Thread(target=work, args=(10 + 37 * k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and len(workspace._free) <= workspace.MOST


def raises(x, n, k):
    for t in range(n):
        if t == k:
            raise ValueError("that one")
        for i in range(x.size):
            x[i] = x[i] * math.cos(x[i])
    return x[0]


def test_an_exception_gives_it_back():
    g, x = s2sad.grad(raises), np.linspace(0.1, 0.4, 30)
    want = g(x, 5, 9)
    assert np.array_equal(g(x, 5, 9), want)
    with pytest.raises(ValueError, match="that one"):
        g(x, 5, 3)
    assert len(workspace._free) == 1
    assert np.array_equal(g(x, 5, 9), want)


def test_no_more_than_the_limit_is_kept(monkeypatch):
    monkeypatch.setattr(workspace, "LARGEST", 1000)
    g, x = s2sad.grad(chain), np.linspace(0.9, 1.4, 200)
    for _ in range(3):
        assert np.array_equal(g(x, 4), expected(x, 4))
    assert sum(w.nbytes for w, _ in workspace._free) <= 1000


def lookalikes(work, used, leased1):
    tape_x = np.empty(3)
    for i in range(3):
        tape_x[i] = work[i] * used
    for i in range(3):
        tape_x[i] = math.exp(tape_x[i]) * leased1
    return np.sum(tape_x * tape_x)


def test_names_of_the_author_that_look_like_ours():
    x = np.array([0.1, 0.2, 0.3])
    for _ in range(2):
        assert s2sad.grad(lookalikes)(x, 0.7, 1.3) == pytest.approx(
            numeric.gradient(lookalikes, (x, 0.7, 1.3)).value, rel=1e-8)


def whole_numbers_kept(x, n):
    k = 1
    s = 1.0
    for t in range(n):
        for i in range(2):
            k = (3 * k + i) % x.size
            s = s * x[k] + x[k]
    return s


def test_tapes_of_integers():
    x = np.linspace(0.3, 0.9, 7)
    moved = workspace.with_workspace(s2sad.source(whole_numbers_kept, "grad", x, 4), "whole_numbers_kept_grad")
    assert ").view(np.int64)" in moved
    for n in (4, 4, 6):
        assert s2sad.grad(whole_numbers_kept)(x, n) == pytest.approx(
            numeric.gradient(whole_numbers_kept, (x, n)).value, rel=1e-8)


def with_array(x, n):
    tape_y = np.empty(x.size)
    for i in range(x.size):
        tape_y[i] = math.exp(x[i])
    return np.sum(tape_y) * x[0], tape_y


def test_arrays_returned_are_the_callers():
    g, x = s2sad.grad(with_array, has_aux=True), np.linspace(0.0, 1.0, 6)
    _, first = g(x, 1)
    g(x + 1.0, 1)
    assert np.array_equal(first, np.exp(x))


def deep(x, n):
    for i in range(x.size):
        x[i] = math.sin(x[i])
    return x[0] if n == 0 else deep(x, n - 1) * x[1]


def test_recursive_functions():
    x = np.array([0.4, 0.8])
    for n in (3, 3, 5, 2):
        assert s2sad.grad(deep)(x, n) == pytest.approx(numeric.gradient(deep, (x, n)).value, rel=1e-8)


def test_infinities_run_with_strong_zeros_in_a_workspace_too():
    def root(x, n):
        s = 0.0
        for t in range(n):
            x[0] = math.sqrt(x[0]) * x[1]
            s += x[0] * 0.0
        return s

    x = np.array([0.0, 0.0])
    for _ in range(2):
        assert np.array_equal(s2sad.grad(root)(x, 3), [0.0, 0.0])


def test_the_module_is_the_source_but_for_its_tapes():
    text = s2sad.source(chain, "grad", np.ones(3), 2)
    moved = workspace.with_workspace(text, "chain_grad")
    assert "leased2(work, used, " in moved and "def chain_grad(x, n, work, used)" in moved
    assert workspace.with_workspace(s2sad.source(lambda x: x * x, "grad", 1.0), "function_grad") is None


def history(x, n):
    """Its tape has as many rows as there are steps."""
    for t in range(n):
        for i in range(x.size):
            x[i] = x[i] * math.cos(x[i])
    return x[0]


def test_a_workspace_is_made_when_new_pages_have_cost_enough(monkeypatch):
    pytest.importorskip("resource")
    monkeypatch.setattr(workspace, "SAMPLE", 2)
    monkeypatch.setattr(workspace, "ENOUGH", 20_000)
    small, large = s2sad.grad(history), s2sad.grad(lambda x, n: history(x, n))
    for _ in range(8):
        small(np.full(20, 0.3), 5)
    assert not workspace._free
    x = np.full(1000, 0.3)
    want = large(x, 4000)                       # 32 MB, more than any allocator keeps
    for _ in range(8):
        assert np.array_equal(large(x, 4000), want)
    assert workspace._free and workspace._free[0][0].size >= 4_000_000
