"""Activations and losses of the example against their derivatives by hand, at points of every size, in both modes."""
from __future__ import annotations

import math
import re
from importlib import import_module

import numpy as np
import pytest
from scipy import special

import s2sad
from tests.execution import execute, generate

POINTS = np.array([-1e3, -40.0, -3.0, -0.5, -1e-8, 0.0, 1e-8, 0.7, 2.0, 37.0, 1e3])


def density(x):
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


# Value and derivative in closed form.
ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0.0), lambda x: (x > 0.0) * 1.0),
    "leaky_relu": (lambda x: np.where(x > 0.0, x, 0.01 * x), lambda x: np.where(x > 0.0, 1.0, 0.01)),
    "sigmoid": (special.expit, lambda x: special.expit(x) * special.expit(-x)),
    "tanh": (np.tanh, lambda x: 4.0 * special.expit(2.0 * x) * special.expit(-2.0 * x)),
    "gelu": (lambda x: x * special.ndtr(x), lambda x: special.ndtr(x) + x * density(x)),
    "softplus": (lambda x: np.logaddexp(x, 0.0), special.expit),
    "silu": (lambda x: x * special.expit(x), lambda x: special.expit(x) * (1.0 + x * special.expit(-x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    f = import_module("networks").ACTIVATIONS[name]
    value, derivative = ACTIVATIONS[name]
    args = (0.5,) if name != "leaky_relu" else (0.5, 0.01)
    forward, backward = (generate(f, args, kind, ("x",)) for kind in ("tangent", "grad"))
    tangent, gradient = execute(forward)[forward.name], execute(backward)[backward.name]
    for x in POINTS:
        got, d = tangent(x, 1.0, *args[1:])
        np.testing.assert_allclose(got, value(x), rtol=1e-14, atol=1e-300)
        for slope in (d, gradient(x, *args[1:])):
            np.testing.assert_allclose(slope, derivative(x), rtol=2e-13, atol=1e-300)


def test_every_activation_is_tested():
    assert set(ACTIVATIONS) == set(import_module("networks").ACTIVATIONS)


SCORES = np.array([[0.3, -1.2, 2.0], [1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [5.0, 4.0, 5.0]])
LABELS = np.array([2, 0, 1, 0])
SIGNS = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
RAW = np.array([0.4, 1e3, -1e3, 1.7, -0.2])


def losses():
    """Name, arguments, value and gradient by the first argument, by hand."""
    chosen = np.eye(3)[LABELS]
    yield ("cross_entropy", (SCORES, LABELS), -np.mean(special.log_softmax(SCORES, axis=1)[np.arange(4), LABELS]),
           (special.softmax(SCORES, axis=1) - chosen) / 4)
    yield ("logistic", (RAW, SIGNS), np.mean(np.logaddexp(0.0, -SIGNS * RAW)), -SIGNS * special.expit(-SIGNS * RAW) / 5)
    margin = 1.0 - SIGNS * RAW
    yield "hinge", (RAW, SIGNS), np.mean(np.maximum(margin, 0.0)), -SIGNS * (margin > 0.0) / 5
    yield ("huber", (RAW, 1.5), np.mean(special.huber(1.5, RAW)), np.clip(RAW, -1.5, 1.5) / 5)


@pytest.mark.parametrize("name, args, value, gradient", list(losses()), ids=lambda v: v if isinstance(v, str) else "")
def test_losses(name, args, value, gradient):
    f = getattr(import_module("networks"), name)
    wrt = (f.__code__.co_varnames[0],)
    backward, forward = (generate(f, args, kind, wrt) for kind in ("value_and_grad", "tangent"))
    got, found = execute(backward)[backward.name](*args)
    assert got == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(found, gradient, rtol=1e-13, atol=1e-300)
    direction = np.cos(np.arange(args[0].size)).reshape(args[0].shape)
    _, d = execute(forward)[forward.name](args[0], direction, *args[1:])
    assert d == pytest.approx(np.sum(direction * gradient), rel=1e-12)


def test_network():
    networks = import_module("networks")
    points, labels = networks.spirals(7)
    rng = np.random.default_rng(2)
    inner, outer = rng.normal(size=(4, 3)), rng.normal(size=(3, 5))
    before = np.column_stack([points, np.ones(7)]) @ inner.T
    hidden = np.column_stack([before * special.ndtr(before), np.ones(7)])
    by_scores = (special.softmax(hidden @ outer.T, axis=1) - np.eye(3)[labels]) / 7
    by_hidden = by_scores @ outer[:, :-1] * (special.ndtr(before) + before * density(before))
    by_inner, by_outer = networks.loss.grad(inner, outer, points, labels)
    np.testing.assert_allclose(by_outer, by_scores.T @ hidden, rtol=1e-12)
    np.testing.assert_allclose(by_inner, by_hidden.T @ np.column_stack([points, np.ones(7)]), rtol=1e-12)


def test_training_lowers_the_loss(capsys):
    import_module("networks").main(["--small"])
    found = re.search(r"from (\S+) to (\S+)", capsys.readouterr().out)
    assert found is not None and float(found[2]) < 0.6 * float(found[1])


def test_second_derivatives_of_activations():
    networks = import_module("networks")
    for f, want in [(networks.softplus, lambda x: special.expit(x) * special.expit(-x)),
                    (networks.gelu, lambda x: (2.0 - x * x) * density(x))]:
        again = s2sad.grad(s2sad.grad(f))
        for x in (-1e3, -2.0, 0.0, 0.7, 1e3):
            assert again(x) == pytest.approx(want(x), rel=1e-13, abs=1e-300)
