"""Derivatives given by the user: used wherever the function is called, right, and refused where they do not fit.

The rules here give ten times the derivative, so that it shows whether one was used.
"""
from __future__ import annotations

import functools
import importlib
import math
import textwrap

import numba
import numpy as np
import pytest

import s2sad
from s2sad.api.checking import GradientMismatch
from s2sad.api.modules import load
from s2sad.errors import S2sadError
from s2sad.rules import calls
from tests.execution import copied, execute, generate, tangent_arguments

X = np.array([1.5, 2.0, -3.0])


def gradient(f, *args, wrt=None):
    wrt = wrt or (f.__code__.co_varnames[0],)
    generated = generate(f, args, "grad", wrt)
    return execute(generated)[generated.name](*copied(args))


def derivative(f, args, tangents):
    generated = generate(f, args, "tangent", tuple(tangents))
    return execute(generated)[generated.name](*tangent_arguments(generated, args, tangents))[1]


def refused(make, *parts):
    with pytest.raises(S2sadError) as e:
        make()
    assert e.value.code == "S2S024" and e.value.hint
    for part in parts:
        assert part in str(e.value)
    return e.value


# ---------------------------------------------------------------------------- functions with rules

def square(x):
    return x * x


s2sad.rule_for(square, x="20 * x")


def weighted(a, b):
    return a * math.sin(b)


s2sad.rule_for(weighted, a="10 * s", b="10 * a * cos(b)", where={"s": "sin(b)"})


def energy(x):
    return np.sum(x * x)


@s2sad.rule_for(energy)
def _(x, b_x, b_result):
    b_x += 20.0 * x * b_result


@s2sad.rule_for(energy)
def _(x, d_x):
    return np.sum(x * x), 20.0 * np.sum(x * d_x)


def squares(x):
    return x * x


@s2sad.rule_for(squares, extents="x")
def _(x, b_x, b_result):
    b_x[:] = 20.0 * x * b_result           # shadows are the rule's own where it does not add to them


def scaled(a, n):
    return a * n


@s2sad.rule_for(scaled)
def _(a, n, b_result):
    return 10.0 * n * b_result, 10.0 * a * b_result


def both(x):
    return x * 2.0, np.sum(x)


@s2sad.rule_for(both)
def _(b_x, b_result):
    b_x += 20.0 * b_result[0]
    b_x += 10.0 * b_result[1]


def floored(x):
    return np.floor(x)


s2sad.rule_for(floored, constant=True, extents="x")


def shares(x):
    return x


@s2sad.rule_for(shares)
def _(b_x, b_result):
    b_x += 10.0 * b_result


# ---------------------------------------------------------------------------- where they are called

def apply(f, x):
    return f(x)


def make(k):
    def multiple(x):
        return k * x
    return multiple


doubled, tripled = make(2.0), make(3.0)
s2sad.rule_for(doubled, x="20.0")


@functools.wraps(square)
def wraps(x):
    return x * x


@numba.njit
def cubed(x):
    return x * x * x


s2sad.rule_for(cubed, x="30 * x * x")
cubed_again = numba.njit(fastmath=True)(cubed.py_func)


def chosen(x, n):
    f = square if n > 0 else math.sin
    return f(x)


def inside(x):
    def h(y):
        return square(y) * y
    return h(x) + (lambda y: square(y))(x)


def of_elements(x):
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            s += square(x[i]) * x[i]
    return s


def of_an_array(x):
    return np.sum(square(x))


def recursive(x, n):
    if n == 0:
        return energy(x)
    return x[0] * recursive(x, n - 1)


def overwritten_in_a_loop(x):
    s = 0.0
    for k in range(3):
        s += energy(x) * k
        x[0] = x[0] + 1.0
    return s


def of_views(x):
    return energy(x[1:]) + energy(x[::2])


def repeated(x):
    y = x.copy()
    for _ in range(3):
        y = squares(y)
    return np.sum(y)


def result_overwritten(x):
    y = squares(x)
    y[0] = 3.0
    y[1] *= 2.0
    return np.sum(y) + np.sum(x)


def constant_then_not(x):
    s = 0.0
    for k in range(3):
        z = floored(x)
        z[0] = x[k] * x[k]
        s += np.sum(z * x)
    return s


def not_constant(x):
    g = np.zeros(3)
    for k in range(3):
        z = np.floor(x)
        z[0] = x[k] ** 2
        g += z
        g[k] += 2.0 * x[k] * x[0]
    return g


def loop_by_hand(x):
    g = np.zeros(3)
    for k in range(3):
        moved = x.copy()
        moved[0] += k
        g += 20.0 * moved * k
    return g


@pytest.mark.parametrize("f, args, want", [
    (square, (3.0,), 60.0),
    (lambda x: apply(square, x), (3.0,), 60.0),
    (lambda x: (square, math.sin)[0](x), (3.0,), 60.0),
    (lambda x: square(x=x) + square(3), (3.0,), 60.0),
    (chosen, (3.0, 1), 60.0),
    (inside, (3.0,), 249.0),
    (of_elements, (X,), 21.0 * X ** 2 * (X > 0.0)),
    (of_an_array, (X,), 20.0 * X),
    (lambda x: doubled(x) + tripled(x), (1.0,), 23.0),
    (lambda x: wraps(x), (3.0,), 6.0),
    (lambda x: cubed(x) + cubed_again(x), (2.0,), 240.0),
    (lambda x: weighted(x, x), (0.7,), 10.0 * (math.sin(0.7) + 0.7 * math.cos(0.7))),
    (lambda x: scaled(x, 5.0), (2.0,), 50.0),
    (lambda x: scaled(x, 5), (2.0,), 50.0),
    (lambda x: scaled(x, x), (2.0,), 40.0),
    (recursive, (X, 2), 20.0 * X * X[0] ** 2 + np.array([2.0 * X[0] * np.sum(X ** 2), 0.0, 0.0])),
    (overwritten_in_a_loop, (X,), loop_by_hand(X)),
    (of_views, (X,), 20.0 * X * np.array([1.0, 1.0, 2.0])),
    (repeated, (X,), 8000.0 * X ** 7),
    (result_overwritten, (X,), 20.0 * X * np.array([0.0, 2.0, 1.0]) + 1.0),
    (lambda x: np.sum(both(x)[0]) * both(x)[1], (X,), np.full(3, 40.0 * np.sum(X))),
    (lambda x: np.sum(floored(x) * x), (X,), np.floor(X)),
    (constant_then_not, (X,), not_constant(X)),
    (lambda x: np.sum(shares(x) * x), (X,), 11.0 * X),
], ids=lambda a: getattr(a, "__name__", ""))
def test_used_in_reverse_mode(f, args, want):
    got = gradient(f, *args)
    assert np.allclose(got, want, rtol=1e-13) and np.shape(got) == np.shape(want)


@pytest.mark.parametrize("f, args, want", [
    (square, (3.0,), 60.0), (inside, (3.0,), 249.0), (of_an_array, (X,), 20.0 * np.sum(X)),
    (overwritten_in_a_loop, (X,), np.sum(loop_by_hand(X))), (constant_then_not, (X,), np.sum(not_constant(X)))])
def test_used_in_forward_mode(f, args, want):
    name = f.__code__.co_varnames[0]
    assert derivative(f, args, {name: np.ones_like(args[0])[()]}) == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("f, x, want", [
    (lambda x: square(x) * x, 3.0, 20.0 * 3 * 2 + 20.0 * 3), (lambda x: energy(x) * x[0], X, None)])
def test_second_derivatives_use_the_rule_again(f, x, want):
    first = s2sad.grad(f)
    if want is not None:
        # x**3 with a derivative of 20 x for x**2: first 21 x**2, of which x**2 is square(x) in the forward sweep
        assert first(x) == pytest.approx(21.0 * x * x)
    d = np.ones_like(x)
    _, got = s2sad.jvp(first, (x,), (d,))
    hand = 20.0 * x * d * 1.0 + 20.0 * x + 20.0 * x if want is not None else None
    if hand is None:
        # gradient 20 x[0] x + e0 energy(x): its tangent, with the rule for energy
        hand = 20.0 * (d[0] * x + x[0] * d)
        hand[0] += 20.0 * np.sum(x * d)
    assert np.allclose(got, hand, rtol=1e-12)


def test_compiled_and_from_compiled_code():
    slope = s2sad.grad(numba.njit(lambda x: cubed(x) * energy(np.array([x, 1.0]))))
    x = 2.0
    want = 30.0 * x * x * (x * x + 1.0) + x ** 3 * 20.0 * x
    assert slope(x) == pytest.approx(want, rel=1e-13)
    assert numba.njit(lambda x: slope(x))(x) == pytest.approx(want, rel=1e-13)


def test_pullback_is_repeatable():
    given = X.copy()
    _, pull = s2sad.vjp(repeated, given)
    given[:] = np.nan
    first, twice = pull(1.0), pull(2.0)
    assert np.allclose(first, 8000.0 * X ** 7) and np.allclose(twice, 2.0 * np.asarray(first))


# ---------------------------------------------------------------------------- refused

def writes(x):
    x[0] = 0.0
    return np.sum(x)


s2sad.rule_for(writes, constant=True)


def unreadable(x):
    held = {1: 2.0}
    x[0] = held[1]
    return np.sum(x)


s2sad.rule_for(unreadable, constant=True)


def readable_by_declaration(x):
    held = {1: 2.0}
    return np.sum(x) * held[1]


@s2sad.rule_for(readable_by_declaration, pure=True)
def _(b_x, b_result):
    b_x += 20.0 * b_result


def shared_and_written(x):
    y = shares(x)
    y[0] = 5.0 * y[0]
    return x[0] + y[1]


def shared_then_argument_written(x):
    y = shares(x)
    x[0] = 7.0 * x[1]
    return np.sum(y * x)


def another_size(x):
    return np.concatenate((x, x))


@s2sad.rule_for(another_size, extents="x")
def _(b_x, b_result):
    b_x += b_result


def sizes_in_a_loop(x):
    s = 0.0
    for k in range(3):
        s += another_size(x)[k]
    return s


@pytest.mark.parametrize("f, part", [
    (lambda x: writes(x) + x[0], "writes to an argument"), (lambda x: unreadable(x) + x[0], "is not known"),
    (shared_and_written, "may return an array"), (shared_then_argument_written, "may return an array")])
def test_what_writes_or_shares_is_refused(f, part):
    assert refused(lambda: gradient(f, X.copy()), part).loc is not None


def test_what_cannot_be_read_needs_a_declaration():
    assert np.allclose(gradient(lambda x: readable_by_declaration(x) * x[0], X),
                       20.0 * X[0] + np.array([2.0 * np.sum(X), 0.0, 0.0]))


def test_modes_without_a_function_are_refused():
    assert refused(lambda: derivative(repeated, (X,), {"x": X}), "no tangent").loc is not None


def test_results_have_the_declared_size():
    with pytest.raises(ValueError, match="another shape than its rule says"):
        gradient(sizes_in_a_loop, X)


def test_declarations_are_checked():
    def plain(x, y):
        return x + y

    for partials in ({"x": "1"}, {"x": "1", "z": "1"}, {"x": "1", "y": "w"}, {"x": "1", "y": "open(y)"},
                     {"x": "(", "y": "1"}):
        refused(lambda p=partials: s2sad.rule_for(plain, **p))
    refused(lambda: s2sad.rule_for(plain, constants="z", constant=True), "no parameter 'z'")
    refused(lambda: s2sad.rule_for(plain, x="1", y="1", constant=True))
    refused(lambda: s2sad.rule_for(plain)(lambda x, b_z: None), "stands for nothing")
    refused(lambda: s2sad.rule_for(np.sin, x="cos(x)"), "has a rule already")
    for f in (np.linalg.solve, np.sort, np.dot, np.zeros, np.random.normal, np.reshape, len, math.frexp):
        refused(lambda f=f: s2sad.rule_for(f, constant=True), "has a rule already")
    for f in (np.i0, np.fft.fft, math.perm):
        refused(lambda f=f: s2sad.rule_for(f, constant=True), "numba does not compile")


def window(b):
    return np.sum(np.kaiser(4, b)) * b


def test_functions_of_numpy_without_a_rule_may_be_given_one(monkeypatch):
    monkeypatch.setattr(calls, "_LIBRARY", dict(calls._LIBRARY))

    def declare(factor):
        @s2sad.rule_for(np.kaiser)
        def _(M, beta, b_result):
            return factor * np.sum(b_result)

    declare(3.0)
    declare(10.0)
    assert s2sad.grad(window)(0.5) == pytest.approx(10.0 * 4 * 0.5 + np.sum(np.kaiser(4, 0.5)))
    refused(lambda: declare(3.0), "too late")


def test_a_rule_may_not_come_too_late():
    def late(x):
        return x * x

    def caller(x):
        return late(x)

    assert s2sad.grad(caller)(3.0) == 6.0
    refused(lambda: s2sad.rule_for(late, x="20 * x"), "too late")
    assert s2sad.grad(caller)(3.0) == 6.0


def test_a_rule_may_come_after_an_error():
    def late(x):
        held = {1: 2.0}
        return held[1] * x

    def caller(x):
        return late(x) * x

    with pytest.raises(S2sadError):
        s2sad.grad(caller)(3.0)
    s2sad.rule_for(late, x="20.0")
    assert s2sad.grad(caller)(3.0) == pytest.approx(66.0)


def test_wrong_rules_are_found():
    s2sad.check_rule(lambda_free, 1.2)
    for f, args in ((square, (3.0,)), (energy, (X,)), (scaled, (2.0, 3.0)), (floored, (X,))):
        if f is floored:
            s2sad.check_rule(f, *args)
        else:
            with pytest.raises(GradientMismatch):
                s2sad.check_rule(f, *args)
    refused(lambda: s2sad.check_rule(writes, X), "writes to its argument 'x'")
    refused(lambda: s2sad.check_rule(apply, X), "no derivative rule")


def lambda_free(x):
    return math.log1p(math.exp(x))


s2sad.rule_for(lambda_free, x="expit(x)")


# ---------------------------------------------------------------------------- files

FILE = """
    import math
    import numpy as np
    import s2sad
    from s2sad import rule_for as declare

    def square(x):
        return x * x

    {declaration}

    def f(x):
        return square(x) * x

    def g(x):
        return x * x
"""


@pytest.mark.parametrize("declaration", [
    "s2sad.rule_for(square, x='20 * x')", "_ = declare(square, x='20 * x')",
    "@declare(square)\n    def _(x, b_result):\n        return 20 * x * b_result",
    "declare(square)(lambda x, b_result: 20 * x * b_result)",
    "same = square\n    declare(same, x='20 * x')",
    "def register(h):\n        declare(h, x='20 * x')\n    register(square)",
    "for h in (square,):\n        declare(h, x='20 * x')",
    "getattr(s2sad, 'rule_for')(square, x='20 * x')",
])
def test_a_file_that_is_only_read(declaration, tmp_path, monkeypatch, capsys):
    from s2sad.cli import main
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ruled_model.py").write_text(textwrap.dedent(FILE.format(declaration=declaration)))
    asked = ["--signature", "float64", "--mode", "adjoint", "--no-jit"]
    assert main(["emit", "ruled_model.py:f", *asked]) != 0
    err = capsys.readouterr().err
    assert "S2S024" in err and "ruled_model.py:" in err and "--import" in err
    if "register" not in declaration and "for h" not in declaration and "getattr" not in declaration:
        assert main(["emit", "ruled_model.py:g", *asked]) == 0
    capsys.readouterr()
    assert main(["emit", "ruled_model.py:f", *asked, "--import"]) == 0
    text = capsys.readouterr().out
    assert execute_text(text, "f_adjoint")(3.0, 1.0) == pytest.approx(20.0 * 9.0 + 9.0)


def execute_text(text, name):
    return load(text, name)[name]


def test_a_generated_file_does_not_forget_that_there_was_a_rule(tmp_path, monkeypatch):
    (tmp_path / "emitted_with_rule.py").write_text(s2sad.source(inside, "adjoint", 3.0))
    (tmp_path / "emitted_primal.py").write_text(s2sad.source(inside, "primal", 3.0))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    first, primal = importlib.import_module("emitted_with_rule"), importlib.import_module("emitted_primal")
    assert first.functions_with_derivative_rules == ("square",)
    assert first.inside_adjoint(3.0, 1.0) == pytest.approx(249.0)
    for f in (first.inside_adjoint, primal.inside):
        assert refused(lambda f=f: s2sad.grad(f)(3.0, *[1.0] * (f is first.inside_adjoint)),
                       "not in this generated module").loc is not None
    s2sad.rule_for(primal.square, x="20 * x")
    assert gradient(primal.inside, 3.0) == pytest.approx(249.0)
