"""Random draws in the complex-aware copy: the draws are constants, what scales and shifts them may carry a tangent."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.numeric.complex_library import ComplexStepUnavailable, is_complex, widened


def _normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    return widened(loc + scale * np.random.standard_normal(size))


def _uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    return widened(low + (high - low) * np.random.random(size))


def _exponential(scale: Any = 1.0, size: Any = None) -> Any:
    return widened(np.random.standard_exponential(size) * scale)


def _lognormal(mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
    return np.exp(_normal(mean, sigma, size))


def _standardised(draw: Callable) -> Callable:
    return lambda loc=0.0, scale=1.0, size=None: widened(loc + scale * draw(0.0, 1.0, size))


def _constant(draw: Callable) -> Callable:
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        if any(map(is_complex, (*args, *kwargs.values()))):
            raise ComplexStepUnavailable("a draw's parameters carry a derivative")
        drawn = draw(*args, **kwargs)
        return widened(drawn) if isinstance(drawn, np.ndarray) else drawn

    return evaluate


_ARRANGING = (np.random.shuffle, np.random.permutation, np.random.choice)
_CONSTANT = (np.random.seed, np.random.random, np.random.random_sample, np.random.sample, np.random.ranf,
             np.random.rand, np.random.randn, np.random.randint, np.random.standard_normal,
             np.random.standard_exponential, np.random.standard_cauchy, np.random.gamma, np.random.beta,
             np.random.poisson, np.random.binomial, np.random.triangular, np.random.rayleigh)

DRAWS: dict[Any, Callable] = {
    **{f: _constant(f) for f in _CONSTANT},
    **{f: f for f in _ARRANGING},
    **{f: _standardised(f) for f in (np.random.laplace, np.random.logistic, np.random.gumbel)},
    np.random.normal: _normal, np.random.uniform: _uniform, np.random.exponential: _exponential,
    np.random.lognormal: _lognormal,
}
"""From a function of ``np.random`` to its version for parameters that carry a tangent."""
