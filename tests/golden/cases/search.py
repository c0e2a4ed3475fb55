# types: float64[::1]
# wrt: x
# kinds: adjoint
def search(x):
    for i in range(x.shape[0]):
        if x[i] > 1.5:
            return x[i] * x[i] * x[0]
    return x[0]
