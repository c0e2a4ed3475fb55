# types: float64[::1]; float64[::1]; float64
# wrt: x
# kinds: adjoint, tangent
def smoothing(y, x, w):
    for i in range(1, x.shape[0] - 1):
        y[i] = x[i] + w * (x[i + 1] - 2.0 * x[i] + x[i - 1])
