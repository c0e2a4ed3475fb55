"""Source-to-source automatic differentiation of numerical Python functions, compiled by numba.

>>> import numpy as np
>>> @differentiate(wrt=("x", "a"))
... def f(x, a):
...     return a * np.sum(x ** 2)
>>> f.grad(np.array([1.0, 2.0]), 3.0)
(array([ 6., 12.]), 5.0)
"""
from __future__ import annotations

from s2sad import numeric, numerics, vmath
from s2sad.api.checking import GradientMismatch, check_grads
from s2sad.api.checkpoints import checkpointed
from s2sad.api.differentiable import Differentiable, differentiate
from s2sad.api.explain import explain
from s2sad.api.forward import jvp
from s2sad.api.gradient import Gradient, grad, value_and_grad
from s2sad.api.lowlevel import adjoint, tangent
from s2sad.api.reverse import Pullback, vjp
from s2sad.api.rules import check_rule, rule_for
from s2sad.api.sources import source
from s2sad.api.stop import stop_gradient
from s2sad.api.workspace import clear_workspace
from s2sad.errors import (
    BadCall,
    NoDerivative,
    S2sadError,
    TapeMemoryError,
    TypeProblem,
    UnsupportedFunction,
    UnsupportedSyntax,
)
from s2sad.explaining.report import Explanation
from s2sad.operators.batching import Batched, batched
from s2sad.operators.hessians import HessianVectorProduct, hessian, hvp
from s2sad.operators.jacobians import Jacobian, jacfwd, jacobian, jacrev
from s2sad.operators.linearizing import Linear, linearize
from s2sad.operators.sparse import SparseJacobian, sparse_hessian, sparse_jacobian
from s2sad.version import __version__

__all__ = [
    "BadCall", "Batched", "Differentiable", "Explanation", "Gradient", "GradientMismatch", "HessianVectorProduct",
    "Jacobian", "Linear", "NoDerivative", "Pullback", "S2sadError", "SparseJacobian", "TapeMemoryError",
    "TypeProblem", "UnsupportedFunction", "UnsupportedSyntax", "__version__", "adjoint", "batched", "check_grads",
    "check_rule", "checkpointed", "clear_workspace", "differentiate", "explain", "grad", "hessian", "hvp", "jacfwd",
    "jacobian", "jacrev", "jvp", "linearize", "numeric", "numerics", "rule_for", "source", "sparse_hessian",
    "sparse_jacobian", "stop_gradient", "tangent", "value_and_grad", "vjp", "vmath",
]
