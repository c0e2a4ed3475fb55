"""What a function does besides computing: once, in order, in the forward sweep; the next call after an exception."""
import builtins
import math

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.execution import copied, execute, generate, tangent_arguments

X = np.array([1.3, 0.7, 1.7, 0.4])


def says(x, n):
    s = x[0]
    print("start", s, n)
    for i in range(n):
        s = s * x[i] + 1.0
        if s > 2.5:
            print("large", i, s * 2.0)
        print(i)
    while s > 1.0:
        s = s * 0.4
        print("left", s)
    print()
    return s * s


def measured(x):
    print("measuring", x)
    return x * x


def says_in_conditions(x, n):
    s = 0.0
    while measured(s) < 3.0 and measured(x[0]) > 0.0:
        s = s + x[0] * x[1]
    if measured(s) > 100.0 or measured(s) > 1.0:
        s = s * x[2]
    return s + (measured(x[3]) if s > 0.0 else measured(x[1]))


def says_between(x, n):
    s = x[0] / (x[1] * n) + measured(x[2]) * measured(x[3])
    x[0] * 2.0
    math.sin(x[0])
    print("arrays", x[1:], (s, n))
    y = x * x
    print(y)
    return s * y[1]


def printed_by(call, monkeypatch):
    lines = []
    monkeypatch.setattr(builtins, "print", lambda *a: lines.append(" ".join(map(str, a))))
    try:
        call()
    finally:
        monkeypatch.undo()
    return lines


@pytest.mark.parametrize("f", [says, says_in_conditions, says_between])
def test_prints_once_and_in_order(f, monkeypatch):
    args = (X, 4)
    want = printed_by(lambda: f(*copied(args)), monkeypatch)
    gradient = generate(f, args, "value_and_grad", ("x",))
    assert printed_by(lambda: execute(gradient)[gradient.name](*copied(args)), monkeypatch) == want
    tangent = generate(f, args, "tangent", ("x",))
    arguments = tangent_arguments(tangent, args, {"x": X})
    assert printed_by(lambda: execute(tangent)[tangent.name](*arguments), monkeypatch) == want
    sweeps = generate(f, args, "vjp", ("x",))
    forward, reverse = (execute(sweeps)[e] for e in sweeps.entries)
    saved = []
    assert printed_by(lambda: saved.append(forward(*copied(args))[1]), monkeypatch) == want
    got = []
    assert printed_by(lambda: got.append(reverse(saved[0], (1.0,))[0]), monkeypatch) == []
    np.testing.assert_allclose(got[0], numeric.gradient(f, args, wrt="x").value, rtol=1e-9)


def test_compiled_print(capfd):
    value, _ = s2sad.value_and_grad(says)(X, 4)
    got = capfd.readouterr().out
    says(X, 4)
    want = capfd.readouterr().out

    def first_words(text):
        return [line.split()[:1] for line in text.split("\n")]

    assert first_words(got) == first_words(want)
    assert value == pytest.approx(says(X, 4))


def checked(x):
    if x <= 0.0:
        raise ValueError("not positive")
    return math.log(x)


def may_fail(x, n, k):
    s = x[0]
    t = np.zeros(4)
    i = 0
    while i < n:
        s = s * x[1] + math.sin(s)
        if i == k:
            raise RuntimeError("at " "k")
        t[i % 4] += s
        i += 1
    assert s < 1e6, "too large"
    return checked(t[0] * x[2]) + 1.0 / (n - 3)


BAD = [((X, 6, 4), RuntimeError), ((X * np.array([1.0, 1.0, -1.0, 1.0]), 2, 9), ValueError),
       ((X * 1e3, 6, 9), AssertionError), ((X, 3, 9), ZeroDivisionError)]


@pytest.mark.parametrize("bad, error", BAD)
@pytest.mark.parametrize("kind", ["grad", "jvp", "vjp"])
def test_the_call_after_an_exception(bad, error, kind):
    f, good = may_fail, (X, 70, 99)

    def call(args):
        if kind == "grad":
            return gradient(*args)
        if kind == "jvp":
            return s2sad.jvp(f, args, (np.ones(4), None, None))[1]
        return s2sad.vjp(f, *args, wrt="x")[1](1.0)[0]

    gradient = s2sad.grad(f)
    want = numeric.gradient(f, good, wrt="x").value
    arguments = copied(bad)
    with pytest.raises(error):
        call(arguments)
    assert np.array_equal(arguments[0], bad[0])
    got = call(good)
    np.testing.assert_allclose(got, np.sum(want) if kind == "jvp" else want, rtol=1e-9)
    with pytest.raises(error):
        call(copied(bad))


def quotient_then_effect(x, y, out):
    a = x[0] / y + measured(x[1])
    return a * store(out, x[2])


def store(out, v):
    out[0] = v
    return v


def test_a_division_raises_before_what_follows_it(monkeypatch):
    out = np.zeros(1)
    generated = generate(quotient_then_effect, (X, 0.5, out), "value_and_grad", ("x",))

    def call():
        with pytest.raises(ZeroDivisionError):
            execute(generated)[generated.name](X, 0.0, out)

    assert printed_by(call, monkeypatch) == []


def quotient_with_draw(x, n):
    return x[0] / n + np.random.random() * x[1]


def test_no_draw_after_an_exception():
    generated = generate(quotient_with_draw, (X, 2), "grad", ("x",))
    np.random.seed(8)
    first = np.random.random()
    np.random.seed(8)
    with pytest.raises(ZeroDivisionError):
        execute(generated)[generated.name](X, 0)
    assert np.random.random() == first


def raises_with_value(x):
    if x[0] < 0.0:
        raise ValueError(x[0])
    return x[1]


def test_messages_that_are_computed_are_refused():
    with pytest.raises(s2sad.S2sadError) as refused:
        s2sad.grad(raises_with_value)(X)
    assert refused.value.loc.line == raises_with_value.__code__.co_firstlineno + 2 and refused.value.hint


def counts_for_nothing(x, n):
    s = 0.0
    for i in range(3):
        for _ in range(0, i, n):
            s += 1.0
    return x * x


@pytest.mark.parametrize("kind", ["grad", "tangent", "vjp"])
def test_a_step_of_zero_raises_though_nothing_needs_the_loop(kind):
    generated = generate(counts_for_nothing, (2.0, 0), kind, ("x",))
    entry = execute(generated)[generated.entries[0] if kind == "vjp" else generated.name]
    arguments = (2.0, 0.5) if kind == "tangent" else (2.0,)
    with pytest.raises(ValueError, match="must not be zero"):
        entry(*arguments, 0)
    entry(*arguments, 1)


def test_a_literal_step_of_zero_is_refused():
    def f(x):
        for _ in range(0, 3, 0):
            x = x * 2.0
        return x

    with pytest.raises(s2sad.UnsupportedSyntax) as refusal:
        generate(f, (2.0,), "grad", ("x",))
    assert refusal.value.code == "S2S014" and refusal.value.hint
