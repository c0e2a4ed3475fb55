"""What ``explain`` says is what generated code does: tapes are measured where it runs as plain Python."""
from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import s2sad
from tests.execution import copied, execute, generate

U = np.linspace(0.3, 0.9, 7)


def relax(u, k, n):
    c = 0.5 * k
    for t in range(n):
        prev = u[0]
        for i in range(1, u.size - 1):
            old = u[i]
            u[i] = old + c * math.sin(u[i + 1] - prev) * old
            prev = old
    s = 0.0
    for i in range(u.size):
        s += math.exp(-u[i]) * u[i]
    return s


def triangle(u, k, n):
    s = 1.0
    for i in range(n):
        for j in range(i):
            s = s * math.cos(u[j] * k)
    return s


def rows(u, k, n):
    s = 0.0
    for i in range(n):
        z = 0.0
        for j in range(u.size):
            z += math.exp(u[j]) * u[i]
            z = z * z * k
        s += math.sin(z)
    return s


def root(u, k, n):
    x = 1.0
    while abs(x * x - u[0]) > 1e-12:
        x = 0.5 * (x + u[0] / x)
    return x * k


def straight(u, k, n):
    y = u[0] * k
    if n > 1:
        y = y * y
        y = math.sin(y) * y
    return y


def measured(f, args, stored):
    """Bytes of the named tapes when the adjoint returns."""
    made = generate(f, args, "adjoint", ("u", "k"))
    run = execute(made)[made.name]
    found = {}

    def leaving(frame, event, _):
        if event == "return" and frame.f_code.co_name == made.name:
            found.update({s.tape: np.asarray(frame.f_locals[s.tape]).nbytes for s in stored})

    u, k, n = copied(args)
    sys.setprofile(leaving)
    try:
        run(u, np.zeros_like(u), k, n, 1.0)
    finally:
        sys.setprofile(None)
    return found, made.source


@pytest.mark.parametrize("f", [relax, triangle, rows, root, straight])
def test_bytes_are_those_of_the_tapes(f):
    args = (U, 0.7, 5)
    told = s2sad.explain(f, *args, wrt=("u", "k"))
    found, source = measured(f, args, told.plan.stored)
    assert found, "every one of these functions keeps something"
    for s in told.plan.stored:
        assert f"{s.tape} = " in source or f"{s.tape}[" in source
        if s.grows:
            assert s.bytes <= found[s.tape]
        elif f is relax:            # its inner loop starts at 1, and so do the rows of its tapes
            assert s.bytes <= found[s.tape] <= s.bytes + 5 * s.itemsize
        else:
            assert s.bytes == found[s.tape]
    assert told.bytes == sum(s.bytes for s in told.plan.stored)


@pytest.mark.parametrize("f, runs", [(relax, [3, 15, 7]), (triangle, [3, 3]), (rows, [3, 21])])
def test_iterations(f, runs):
    assert [loop.iterations for loop in s2sad.explain(f, U, 0.7, 3, wrt=("u", "k")).plan.loops] == runs


def test_schedules():
    told = s2sad.explain(relax, U, 0.7, 3, wrt=("u", "k"))
    assert [loop.schedule.split(":")[0] for loop in told.plan.loops] == ["two sweeps", "two sweeps", "fused"]
    assert [loop.bytes_per_iteration for loop in told.plan.loops] == [0, 24, 0]


def test_the_value_wanted_as_well():
    assert "fused" in s2sad.explain(rows, U, 0.7, 3).plan.loops[0].schedule
    two = s2sad.explain(lambda u: np.sum(np.exp(u)) * np.sum(np.sin(u)), U, value=True).plan.loops
    assert any("two sweeps" in loop.schedule for loop in two)


def told_apart(x, y, scale):
    weight = 2.0 * scale
    count = 3
    lost = x * x
    lost = lost + 1.0
    return x * y * weight * count


def test_what_carries_derivatives_and_what_does_not():
    told = s2sad.explain(told_apart, 1.5, 2.5, 0.5)
    assert told.plan.active == ("x",)
    assert set(told.plan.not_varied) == {"y", "scale", "weight"}
    text = str(told)
    assert "* carries derivatives: x" in text and "does not depend on x: y, scale, weight" in text
    marked = {line.split("*", 1)[1].strip() for line in text.splitlines()[1:] if line[6:7] == "*"}
    assert "return x * y * weight * count" in marked
    assert not any("weight = " in line for line in marked)


def test_the_text():
    text = str(s2sad.explain(relax, U, 0.7, 3, wrt=("u", "k")))
    assert text.startswith("gradient of relax by u, k    ")
    for part in ("# two sweeps, 3 iterations", "# two sweeps, 15 iterations, keeps 24 bytes in each",
                 "# kept: math.sin(u[i + 1] - prev), dear to compute again (tape_", "# fused: forward and backward",
                 "# kept: prev, before it changes here (tape_prev, 8 bytes each time, 120 bytes in all)",
                 "tapes: 360 bytes in 3"):
        assert part in text, text


def scaled(v, k):
    for i in range(v.size):
        v[i] = v[i] * math.exp(k * v[i])


def through_a_helper(u, k):
    scaled(u, k)
    return np.sum(u * u)


def test_lines_of_helpers_and_arguments_untouched():
    u = U.copy()
    text = str(s2sad.explain(through_a_helper, u, 0.7))
    assert "v[i] = v[i] * math.exp(k * v[i])" in text and "kept: u[i], before it changes here" in text
    assert text.index("scaled(u, k)") < text.index("v[i] = ")
    assert np.array_equal(u, U)


def long(u, k, n):
    for t in s2sad.checkpointed(range(n), snapshots=3):
        for i in range(u.size):
            u[i] = math.sin(u[i] * k)
    return np.sum(u)


def segments(u, k, n):
    for t in s2sad.checkpointed(range(n), snapshots=4, schedule="periodic"):
        for i in range(u.size):
            u[i] = math.sin(u[i] * k)
    return np.sum(u)


def test_checkpointed_loops():
    told = s2sad.explain(long, U, 0.7, 19)
    assert told.plan.loops[0].schedule == (
        "3 binomial snapshots of u, a step run up to 3 times before it is reversed"), "19 = binomial(6, 3) - 1"
    assert s2sad.explain(long, U, 0.7, 20).plan.loops[0].schedule.count("up to 4 times")
    assert {s.iterations for s in told.plan.stored if s.loops} == {U.size}, "the tape of one step"
    told = s2sad.explain(segments, U, 0.7, 20)
    assert "a snapshot of u before each" in told.plan.loops[0].schedule
    assert {s.iterations for s in told.plan.stored if s.loops} == {5 * U.size}, "the tape of a segment"


def deep(x, n):
    return x if n == 0 else deep(x * math.sin(x), n - 1)


def test_recursion_is_not_counted():
    told = s2sad.explain(lambda x, n: deep(x, n) * math.exp(x), 0.3, 4)
    assert all(loop.iterations is None for loop in told.plan.loops)
    assert "gradient of" in str(told)


def structured(p, n):
    s = 1.0
    for _ in range(n):
        s = s * math.sin(p["a"] * s) + p["b"][0]
    return s


def test_structured_arguments_and_decorated_functions():
    args = ({"a": 0.4, "b": U}, 6)
    assert s2sad.explain(structured, *args).bytes == s2sad.explain(s2sad.differentiate(structured), *args).bytes > 0


def test_what_cannot_be_differentiated_is_refused_as_ever():
    with pytest.raises(s2sad.S2sadError):
        s2sad.explain(lambda x: x * np.ones(2), 1.0)
    with pytest.raises(s2sad.S2sadError):
        s2sad.explain(lambda n: n * 2, 1)
