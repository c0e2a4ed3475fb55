# types: float64; float64
# wrt: x, y
# kinds: adjoint, tangent, grad, value_and_grad
import math


def elementary(x, y):
    r = math.sqrt(x * x + y * y)
    return math.exp(-r) * math.sin(x) / y
