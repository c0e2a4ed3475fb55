# types: float64; int64
# wrt: x
# kinds: adjoint, tangent
def power(x, n):
    p = 1.0
    for i in range(n):
        p = p * x
    return p
