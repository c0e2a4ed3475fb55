"""Activations and losses of neural networks, and a small network that is trained with them.

They and their derivatives are right for inputs of any size. Each is an ordinary function; none has a rule of its own.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import s2sad
from s2sad import numerics

# ---------------------------------------------------------------------------- activations, of a number


def relu(x):
    # Not max(x, 0.0), whose derivative at 0 would be 1/2.
    return x if x > 0.0 else 0.0


def leaky_relu(x, slope=0.01):
    return x if x > 0.0 else slope * x


def sigmoid(x):
    return numerics.expit(x)


def tanh(x):
    return np.tanh(x)


def gelu(x):
    return x * numerics.ndtr(x)


def softplus(x):
    return numerics.softplus(x)


def silu(x):
    return x * numerics.expit(x)


ACTIVATIONS = {f.__name__: f for f in (relu, leaky_relu, sigmoid, tanh, gelu, softplus, silu)}

# ---------------------------------------------------------------------------- losses


def cross_entropy(scores, labels):
    """The mean of -log(softmax(scores)[label]) over rows."""
    total = 0.0
    for i in range(labels.size):
        total += numerics.logsumexp(scores[i]) - scores[i, labels[i]]
    return total / labels.size


def logistic(scores, signs):
    """The mean of log(1 + exp(-sign * score)), for signs 1 and -1."""
    return np.sum(numerics.softplus(-signs * scores)) / scores.size


def hinge(scores, signs):
    """The mean of max(0, 1 - sign * score)."""
    total = 0.0
    for i in range(scores.size):
        total += relu(1.0 - signs[i] * scores[i])
    return total / scores.size


def huber(residuals, width):
    """The mean of r * r / 2 where abs(r) is at most `width`, and of width * (abs(r) - width / 2) beyond."""
    total = 0.0
    for r in residuals:
        total += 0.5 * r * r if abs(r) <= width else width * (abs(r) - 0.5 * width)
    return total / residuals.size


# ---------------------------------------------------------------------------- a network

@s2sad.differentiate(wrt=("inner", "outer"))
def loss(inner, outer, points, labels):
    """A network of one hidden layer; the last column of each matrix holds the biases."""
    hidden = np.empty(inner.shape[0])
    scores = np.empty((labels.size, outer.shape[0]))
    for i in range(labels.size):
        for j in range(hidden.size):
            hidden[j] = gelu(np.sum(inner[j, :-1] * points[i]) + inner[j, -1])
        for k in range(outer.shape[0]):
            scores[i, k] = np.sum(outer[k, :-1] * hidden) + outer[k, -1]
    return cross_entropy(scores, labels)


def spirals(n: int, arms: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Points of a few spirals and which one each belongs to."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % arms
    radius = np.linspace(0.1, 1.0, n)
    angle = 4.0 * radius + 2.0 * np.pi * labels / arms + 0.1 * rng.normal(size=n)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), labels


def train(points: np.ndarray, labels: np.ndarray, width: int, steps: int, rate: float = 1.0) -> list[float]:
    """Gradient descent with momentum; the loss at every step."""
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=(width, 3)) * 2.0, rng.normal(size=(labels.max() + 1, width + 1)) * 0.1]
    speeds = [np.zeros_like(w) for w in weights]
    values = []
    for _ in range(steps):
        value, gradients = loss.value_and_grad(*weights, points, labels)
        values.append(float(value))
        for w, v, g in zip(weights, speeds, gradients, strict=True):
            v *= 0.9
            v -= 0.1 * rate * g
            w += v
    return values


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small size, for a test")
    small = parser.parse_args(argv).small
    values = train(*spirals(60 if small else 300), width=8 if small else 32, steps=60 if small else 600)
    print(f"cross entropy of {len(values)} steps: from {values[0]:.4f} to {values[-1]:.4f}")


if __name__ == "__main__":
    main()
