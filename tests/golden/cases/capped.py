# types: float64[::1]; float64
# wrt: x
# kinds: adjoint
def capped(x, limit):
    p = 1.0
    for i in range(x.shape[0]):
        p = p * x[i]
        if p > limit:
            break
    return p
