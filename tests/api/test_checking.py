"""``check_grads`` finds wrong derivatives and accepts right ones."""
from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.api import checking
from tests.api.programs import cube, fill, scale, weighted

X = np.array([1.0, 2.0, 3.0])


def test_right_ones():
    s2sad.check_grads(weighted, (X, 2.0), wrt=("x", "a"))
    s2sad.check_grads(fill, (np.ones(3), X, 3), wrt=("out", "x"), outputs=("out", "return"))
    s2sad.check_grads(scale, (X, 2.0), wrt=("y", "a"))
    s2sad.check_grads(weighted, (X.astype(np.float32), np.float32(2.0)), wrt=("x", "a"))
    s2sad.check_grads(weighted, (np.linspace(0.0, 1.0, 20), 2.0), modes=("reverse",))


def test_second_order():
    s2sad.check_grads(cube, (1.5,), order=2)
    with pytest.raises(s2sad.BadCall, match="order"):
        s2sad.check_grads(cube, (1.5,), order=3)
    with pytest.raises(s2sad.BadCall, match="backward"):
        s2sad.check_grads(cube, (1.5,), modes=("backward",))


@pytest.mark.parametrize("wrong", [7.0, np.nan, 6.7500001])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_wrong_ones_are_listed(monkeypatch, mode, wrong):
    # The function is right; one of the modes is made to answer wrongly.
    if mode == "forward":
        monkeypatch.setattr(checking, "jvp", lambda *_, **__: (1.5 ** 3, wrong))
    else:
        monkeypatch.setattr(checking, "vjp", lambda *_, **__: (1.5 ** 3, lambda cotangent: (wrong * cotangent,)))
    with pytest.raises(s2sad.GradientMismatch, match=f"{mode}, x ") as e:
        s2sad.check_grads(cube, (1.5,))
    assert isinstance(e.value, AssertionError) and isinstance(e.value, s2sad.S2sadError)
    assert "reverse by forward, x" in str(e.value)
    with pytest.raises(AssertionError):
        s2sad.check_grads(cube, (1.5,), modes=(mode,))


def test_what_cannot_be_differentiated_is_refused():
    with pytest.raises(s2sad.BadCall, match="int64"):
        s2sad.check_grads(cube, (2,))


def test_parameters_by_keyword_only_come_in_their_order():
    def f(x, *, k, d=2.0):
        return x * x * k + d * x

    def writes(x, *, y):
        y[0] = x * y[0]
        return y[0] + y[1]

    s2sad.check_grads(f, (1.5, 3.0, 1.0), wrt=("x", "k", "d"), order=2)
    s2sad.check_grads(f, (1.5, 3.0), wrt="k")
    s2sad.check_grads(writes, (1.5, np.array([0.3, 0.4])), wrt=("x", "y"))
    assert s2sad.jvp(f, (1.5, 3.0, 1.0), (1.0, None, None)) == (8.25, 10.0)
    with pytest.raises(s2sad.S2sadError, match="too many"):
        s2sad.check_grads(f, (1.5, 3.0, 1.0, 2.0))


def test_integers_of_many_bits_are_refused():
    def f(x, n):
        return x * n

    with pytest.raises(s2sad.S2sadError, match="64 bits"):
        s2sad.grad(f)(1.0, 2**70)


def test_long_integers_are_refused_after_a_first_call_too():
    gradient = s2sad.grad(lambda x, n: x * n)
    assert gradient(2.0, 3) == 3.0
    with pytest.raises(s2sad.BadCall, match="64 bits"):
        gradient(2.0, 2**70)
    with pytest.raises(s2sad.BadCall, match="64 bits"):
        gradient(2.0, -2**63 - 1)
    assert gradient(2.0, 4) == 4.0


def test_an_argument_that_contains_itself_is_refused():
    p = [1.0]
    p.append(p)
    q = {"a": 1.0}
    q["q"] = q
    for argument in (p, q):
        with pytest.raises(s2sad.BadCall, match="contains itself") as refusal:
            s2sad.grad(lambda x: 1.0)(argument)
        assert refusal.value.hint
