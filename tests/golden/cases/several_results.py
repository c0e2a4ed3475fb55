# types: float64[::1]; float64
# wrt: x, k
# kinds: adjoint, tangent
def several_results(x, k):
    s = 0.0
    for i in range(x.shape[0]):
        s += k * x[i]
    return s, s * k, x.shape[0]
