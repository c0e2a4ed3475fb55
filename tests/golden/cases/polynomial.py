# types: float64; float64
# wrt: x
# kinds: adjoint, tangent
def polynomial(x, c):
    return c * x ** 3 - 2.0 * x + 1.0
