"""Derivatives by evaluating a function: slow, but independent of everything else here.

>>> def f(x):
...     return x ** 3
>>> estimate = gradient(f, (2.0,))
>>> abs(estimate.value - 12.0) <= estimate.error < 1e-8
True
"""
from __future__ import annotations

from s2sad.numeric.complex_library import ComplexStepUnavailable
from s2sad.numeric.estimates import GradientEstimate, directional, gradient

__all__ = ["ComplexStepUnavailable", "GradientEstimate", "directional", "gradient"]
