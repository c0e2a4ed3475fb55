# types: float64; float64
# wrt: x
# kinds: adjoint
def halving(x, tolerance):
    a = x
    while a > tolerance:
        a = a * 0.5 * x
    return a
