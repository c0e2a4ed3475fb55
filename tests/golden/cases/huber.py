# types: float64[::1]; float64
# wrt: x, d
# kinds: adjoint, tangent
def huber(x, d):
    s = 0.0
    for i in range(x.shape[0]):
        a = abs(x[i])
        if a <= d:
            s += 0.5 * a * a
        else:
            s += d * (a - 0.5 * d)
    return s
