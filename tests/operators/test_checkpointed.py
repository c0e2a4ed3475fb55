"""Checkpointed loops: the gradient of the loop with a full tape, from few states, with no step run more than needed."""
import math
import tracemalloc
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numba
import numpy as np
import pytest

import s2sad
import tests.derivatives.programs_arrays  # noqa: F401  (adds its cases)
import tests.derivatives.programs_carried  # noqa: F401  (adds its cases)
import tests.derivatives.programs_loops  # noqa: F401  (adds its cases)
from s2sad import checkpointed, driver, numeric
from s2sad.frontend import flatten
from s2sad.frontend.source import UserFunction
from s2sad.ir import Checkpoints
from s2sad.runtime.helpers import dispensable, next_snapshot
from tests.derivatives.programs import CASES
from tests.execution import copied, execute, generate

# ---------------------------------------------------------------- how many steps are run again


@cache
def least(steps, slots):
    """Griewank's recursion: the least number of steps run to reverse so many, the first state being in a slot."""
    if steps < 2:
        return 0
    if slots == 1:
        return steps * (steps - 1) // 2
    return min(m + least(steps - m, slots - 1) + least(m, slots) for m in range(1, steps))


def steps_run(n, slots, online=False):
    """How many steps without a tape a schedule runs, how many snapshots it holds at most, and runs of one step."""
    taken, due, count, most = [], 0, 0, 0
    runs = [0] * n

    def run(first, last, end, due):
        nonlocal count, most
        for k in range(first, last):
            if k == due:
                taken.append(k)
                due = k + next_snapshot(end - k, slots - len(taken))
                most = max(most, len(taken))
            count += 1
            runs[k] += 1

    if online:
        levels, level = [], 1 << 62
        for k in range(n):
            if len(taken) == slots and (drop := dispensable(levels, slots, level)) < slots:
                del taken[drop], levels[drop]
            if len(taken) < slots:
                taken.append(k)
                levels.append(level)
                level = 0
            else:
                level += 1
            count += 1
            runs[k] += 1
    else:
        run(0, n, n + 1, due)
    for step in range(n - 1, -1, -1):
        back = taken[-1]
        run(back, step, step + 1, back + next_snapshot(step + 1 - back, slots - len(taken)))
        if taken[-1] == step:
            taken.pop()
    return count, most, max(runs, default=0)


@pytest.mark.parametrize("slots", range(1, 21))
def test_binomial_schedule_is_minimal(slots):
    # What follows the loop is one more step, which is reversed first.
    for n in range(1, 201):
        count, most, _ = steps_run(n, slots)
        assert count == least(n + 1, slots) and most <= slots


@pytest.mark.parametrize("slots", range(1, 21))
def test_online_schedule_runs_no_step_more_often_than_the_best_one(slots):
    for n in range(1, 201, 3):
        count, _, runs = steps_run(n, slots, online=True)
        assert runs == next(r for r in range(1, n + 1) if math.comb(slots + r, r) > n)
        assert least(n + 1, slots) <= count <= 1.5 * least(n + 1, slots)


def counted(x, n):
    for _ in checkpointed(range(n), snapshots=3):
        x = math.sin(x)
    return x


def counted_online(x, n):
    t = 0
    while checkpointed(t < n, snapshots=3):
        x = math.sin(x)
        t += 1
    return x


@pytest.mark.parametrize("n", [0, 1, 2, 5, 17, 40])
@pytest.mark.parametrize("f", [counted, counted_online])
def test_generated_code_runs_so_many_steps(f, n):
    generated = generate(f, (0.5, 3), "grad", ("x",))
    space = execute(generated)
    calls = [0]

    class Counting:
        cos = staticmethod(math.cos)

        @staticmethod
        def sin(x):
            calls[0] += 1
            return math.sin(x)

    space["math"] = Counting
    found = space[generated.name](0.5, n)
    want, x = 1.0, 0.5
    for _ in range(n):
        want, x = want * math.cos(x), math.sin(x)
    assert found == pytest.approx(want, rel=1e-14)
    # The sine of the step that is reversed is not computed.
    assert calls[0] == steps_run(n, 3, online=f is counted_online)[0]


# ---------------------------------------------------------------- the same gradient

NAMES = ["power_by_loop", "leaves_by_count", "leaves_by_value", "fibonacci_like", "triangle",
         "strides_down", "prefix_products", "swapped_arguments",
         "products_in_a_loop", "swapped_but_unused", "narrow_bounds"]
WHILES = ["newton", "leaves_at_once", "condition_fills_an_array", "condition_changes_the_state",
          "walrus_in_a_condition", "nested_conditions_that_write",
         "leaves_from_any_depth", "else_of_everything"]


def with_checkpoints(f, args, kind, wrt, how, monkeypatch):
    """The module for a program whose loops are checkpointed, those around others at least."""
    plain, depth = flatten.iteration, [0]
    loop, endless = flatten.Flattener.for_loop, flatten.Flattener.while_loop

    def iteration(flat, node):
        found = plain(flat, node)
        return found if depth[0] > 1 else replace(found, checkpoints=how)

    def for_loop(flat, node):
        depth[0] += 1
        loop(flat, node)
        depth[0] -= 1

    def while_loop(flat, node):
        depth[0] += 1
        endless(flat, node)
        depth[0] -= 1

    def condition(flat, node):
        return node, how if depth[0] == 1 else None

    with monkeypatch.context() as patch:
        patch.setattr(flatten, "iteration", iteration)
        patch.setattr(flatten, "condition", condition)
        patch.setattr(flatten.Flattener, "for_loop", for_loop)
        patch.setattr(flatten.Flattener, "while_loop", while_loop)
        return driver.generate(UserFunction.from_callable(f), kind, tuple(map(numba.typeof, args)), wrt)


def results(generated, args, kind):
    space, given = execute(generated), copied(args)
    if kind == "vjp":
        forward, reverse = (space[e] for e in generated.entries)
        _, saved = forward(*given)
        for a in given:
            if isinstance(a, np.ndarray):
                a[...] = np.nan if a.dtype.kind == "f" else 0
        return [reverse(saved, (1.0,)), reverse(saved, (1.0,))]
    found = space[generated.name](*given)
    for before, after in zip(args, given):
        assert np.array_equal(before, after), "the caller's arrays are untouched"
    return [found]


def leaves(value):
    return [b for a in value for b in leaves(a)] if isinstance(value, tuple | list) else [np.asarray(value)]


TWO, SEGMENTS = Checkpoints("binomial", 2), Checkpoints("periodic", 2)


@pytest.mark.parametrize("name, how", [
    *((name, how) for name in NAMES for how in (Checkpoints("binomial", 1), TWO, SEGMENTS)),
    *((name, TWO) for name in WHILES)], ids=lambda x: x if isinstance(x, str) else f"{x.schedule}-{x.snapshots}")
def test_same_gradient_bit_for_bit(name, how, monkeypatch):
    f, args, wrt = CASES[name]
    for kind in ("value_and_grad", "vjp"):
        want = leaves(results(generate(f, args, kind, wrt), args, kind))
        try:
            made = with_checkpoints(f, args, kind, wrt, how, monkeypatch)
        except s2sad.UnsupportedSyntax as e:
            assert e.code == "S2S071" and "left early" in e.what and how.schedule == "periodic"
            continue
        assert "kept" in made.source or "taken_at" in made.source
        for got, right in zip(leaves(results(made, args, kind)), want, strict=True):
            assert np.array_equal(got, right)


def overwritten_afterwards(x, n):
    t = 0.0
    for i in range(3):
        t += math.sin(x[i])
    for k in s2sad.checkpointed(range(n), snapshots=2):
        x[0] = x[0] * x[1] + k
    x[0] = t * x[2]
    return x[0] * x[1]


def overwritten_after_segments(x, n):
    t = 0.0
    for i in range(3):
        t += math.sin(x[i])
    for k in s2sad.checkpointed(range(n), schedule="sqrt"):
        x[0] = x[0] * x[1] + k
    x[0] = t * x[2]
    return x[0] * x[1]


def overwritten_after_a_while(x, n):
    t = 0.0
    for i in range(3):
        t += math.sin(x[i])
    k = 0
    while s2sad.checkpointed(k < n, snapshots=2):
        x[0] = x[0] * x[1] + k
        k += 1
    x[0] = t * x[2]
    return x[0] * x[1]


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("f", [overwritten_afterwards, overwritten_after_segments, overwritten_after_a_while],
                         ids=lambda f: f.__name__)
def test_what_comes_before_finds_what_the_loop_began_with(f, n, monkeypatch):
    """Also where the loop has no step, and what follows it has overwritten that."""
    monkeypatch.setattr(np, "empty", lambda shape, dtype=float: np.full(shape, 77, dtype))
    x = np.array([0.5, 0.6, 0.7])
    t = np.sum(np.sin(x))
    want = np.cos(x) * x[2] * x[1] + t * np.array([0.0, x[2], x[1]])
    gradient = execute(generate(f, (x, n), "grad", ("x",)))[f"{f.__name__}_grad"](x, n)
    np.testing.assert_allclose(gradient, want, rtol=1e-14)


CELLS = 0.5 + 0.1 * np.cos(np.arange(12.0))


def wave(u, c, n):
    before, now, energy = u.copy(), u.copy(), 0.0
    for t in checkpointed(range(n), memory="1kB"):
        after = np.zeros_like(u)
        for i in range(1, u.shape[0] - 1):
            after[i] = 0.6 * now[i] + 0.3 * before[i] + c * (now[i - 1] - 2.0 * now[i] + now[i + 1]) * now[i]
        if t % 3 == 0:
            energy += after[2] ** 2
        before, now = now, after
    return energy + np.sum(now ** 2)


def parameters_and_more(x, a, out, n):
    """Writes to an argument in the loop and after it, needs what it overwrites, and starts at another number."""
    scale = a * a
    x[0] = x[0] * scale
    total = x[0]
    for t in checkpointed(range(3, 3 + 2 * n, 2), snapshots=2):
        k = t % x.shape[0]
        x[k] = x[k] * math.sin(x[k - 1]) * scale
        out[k] = x[k] * t
        for j in checkpointed(range(k), snapshots=1):
            total = total * 0.5 + x[j] * total
    scale = 2.0 * scale
    for i in range(x.shape[0]):
        x[i] = x[i] * x[i] * scale + out[i]
    return total * scale + np.sum(x) + a


def in_a_branch(x, n):
    s = x[0]
    if n > 2:
        for t in checkpointed(range(n), snapshots=2):
            if s > 4.0:
                break
            s = s * s * x[t % 4] + 0.1
    return s * s


def in_a_fused_loop(x, n):
    total = 0.0
    for i in range(x.shape[0]):
        y = x[i]
        for _ in checkpointed(range(n), snapshots=2):
            y = y - 0.1 * y * y * x[0]
        total += y * x[i]
    return total


X = np.array([1.3, 0.7, 1.7, 0.4])


def relaxed(x, n):
    """How many steps there are depends on the numbers; swaps, scratch, and a loop of unknown length in another."""
    u, v, r, t = x.copy(), x.copy(), np.empty(4), 0
    while checkpointed(np.sum(u ** 2) > 4.0 / (1 + n) and t < 30, snapshots=3):
        for i in range(4):
            r[i] = u[i] * u[i - 1]
        for i in range(4):
            v[i] = u[i] - 0.2 * r[i] * u[i]
        u, v = v, u
        s = u[0]
        while checkpointed(s > 0.2, memory="40 B"):
            s = s - 0.5 * s * s - 0.01
        u[1] += 0.1 * s
        t += 1
        if u[3] < 0.1:
            break
    return np.sum(u ** 3)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
@pytest.mark.parametrize("f, args, wrt", [
    (relaxed, (X,), ("x",)),
    (wave, (CELLS, 0.1), ("u", "c")), (parameters_and_more, (X, 1.1, np.zeros(4)), ("x", "a")),
    (in_a_branch, (X,), ("x",)), (in_a_fused_loop, (X,), ("x",))])
def test_against_complex_step(f, args, wrt, n):
    args = (*args, n)
    want = numeric.gradient(f, copied(args), wrt=wrt, method="complex-step").value
    generated = generate(f, args, "grad", wrt)
    assert "taken_at" in generated.source or "kept" in generated.source
    for got, right in zip(leaves(execute(generated)[generated.name](*copied(args))), leaves(want), strict=True):
        assert np.allclose(got, right, rtol=1e-12, atol=1e-13)


def test_compiled_in_both_modes():
    value, gradient = s2sad.value_and_grad(counted)(0.5, 40)
    assert value == counted(0.5, 40) == numba.njit(counted)(0.5, 40)
    assert gradient == pytest.approx(s2sad.jvp(counted, (0.5, 40), (1.0, None))[1], rel=1e-12)
    assert s2sad.value_and_grad(counted_online)(0.5, 40) == (value, gradient)
    assert numba.njit(counted_online)(0.5, 40) == value


@pytest.mark.parametrize("f", [counted, counted_online])
def test_second_derivative(f):
    y, first, second = 0.5, 1.0, 0.0
    for _ in range(9):
        y, first, second = math.sin(y), math.cos(y) * first, math.cos(y) * second - math.sin(y) * first ** 2
    name = f"{f.__name__}_grad_grad"
    text = s2sad.source(s2sad.grad(f), "grad", 0.5, 9)
    assert execute(SimpleNamespace(source=text, name=name))[name](0.5, 9) == pytest.approx(second, rel=1e-13)


def square_root(u, n):
    u = u.copy()
    for _ in checkpointed(range(n), schedule="sqrt"):
        for i in range(1, u.shape[0]):
            u[i] += 0.1 * math.sin(u[i - 1])
    return np.sum(u)


def few(u, n):
    u = u.copy()
    for _ in checkpointed(range(n), snapshots=6):
        for i in range(1, u.shape[0]):
            u[i] += 0.1 * math.sin(u[i - 1])
    return np.sum(u)


@pytest.mark.parametrize("f, states", [(few, 6), (square_root, 21)])
def test_memory_is_that_of_the_snapshots_and_a_tape(f, states):
    u, n = np.cos(np.arange(100.0)), 100
    generated = generate(f, (u, n), "grad", ("u",))
    run = execute(generated)[generated.name]
    tracemalloc.start()
    run(u, n)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * (states + 5) * u.nbytes


# ---------------------------------------------------------------- effects, and what is refused

def says(x, n):
    for t in checkpointed(range(n), snapshots=1):
        print("step", t)
        x = x * x
    return x


def says_online(x, n):
    t = 0
    while checkpointed(t < n, snapshots=1):
        print("step", t)
        x = x * x
        t += 1
    return x


@pytest.mark.parametrize("f", [says, says_online])
def test_prints_once(f, capsys):
    generated = generate(f, (1.1, 5), "grad", ("x",))
    execute(generated)[generated.name](1.1, 5)
    assert capsys.readouterr().out.count("step") == 5


def draws(x, n):
    for _ in checkpointed(range(n), snapshots=2):
        x = x * np.random.normal()
    return x


def in_a_plain_loop(x, n):
    s = 1.0
    for i in range(n):
        for _ in checkpointed(range(n), snapshots=2):
            s = s * math.sin(s + x[i])
        x[i] = s
    return s


def list_grows(x, n):
    kept = [x]
    for _ in checkpointed(range(n), snapshots=2):
        kept.append(kept[-1] * x)
    return kept[n // 2]


def unknown_number(x, n):
    for _ in checkpointed(range(n), snapshots=n):
        x = x * x
    return x


def both(x, n):
    for _ in checkpointed(range(n), snapshots=2, memory="1MB"):
        x = x * x
    return x


def unit(x, n):
    for _ in checkpointed(range(n), memory="1 furlong"):
        x = x * x
    return x


def no_range(x, n):
    s = 0.0
    for v in checkpointed(x, snapshots=n):
        s += v
    return s


def in_segments(x, n):
    while checkpointed(x < 10.0, snapshots=2, schedule="periodic"):
        x = x * x
    return x


def draws_online(x, n):
    while checkpointed(x < 10.0, snapshots=2):
        x = x * (1.0 + np.random.random())
    return x


def no_condition(x, n):
    while checkpointed(snapshots=2):
        x = x * x
    return x


def in_an_expression(x, n):
    return x if checkpointed(x < 10.0, snapshots=2) else x * x


@pytest.mark.parametrize("f, x, words", [
    (draws, 1.5, "draws random numbers"), (in_a_plain_loop, X, "in a loop that is not checkpointed"),
    (list_grows, 1.5, "grow"), (unknown_number, 1.5, "not known when compiling"), (both, 1.5, "either"),
    (unit, 1.5, "no amount of memory"), (no_range, X, "a call of range"), (in_segments, 1.5, "how many steps"),
    (draws_online, 1.5, "draws random numbers"), (no_condition, 1.5, "no condition"),
    (in_an_expression, 1.5, "only the range")])
def test_refused(f, x, words):
    with pytest.raises(s2sad.UnsupportedSyntax, match=words) as e:
        generate(f, (x, 3), "vjp", ("x",))
    assert e.value.code == "S2S071" and e.value.loc.line and e.value.hint


# ---------------------------------------------------------------- no memory

def long(x, m, n):
    for _ in range(n):
        for j in range(m):
            x = x * math.sin(x)
    return x


def test_tapes_that_do_not_fit_name_the_loop():
    gradient = s2sad.value_and_grad(long)
    with pytest.raises(s2sad.TapeMemoryError) as e:
        gradient(0.5, 10 ** 8, 10 ** 8)
    assert isinstance(e.value, MemoryError) and e.value.code == "S2S052"
    assert e.value.loc.text.strip() == "for _ in range(n):" and "bytes in each iteration" in str(e.value)
    assert "checkpointed" in e.value.hint
    # The gradient still works.
    assert gradient(0.5, 1, 1) == (0.5 * math.sin(0.5), math.sin(0.5) + 0.5 * math.cos(0.5))
