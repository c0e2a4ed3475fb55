# types: float64; float64; int64
# wrt: a, b
# kinds: adjoint, tangent
def fibonacci(a, b, n):
    for i in range(n):
        a, b = b, a + b * b
    return a
