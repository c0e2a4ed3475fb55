# types: float64[::1]
# wrt: x
# kinds: adjoint
import math


def logsumexp(x):
    m = x[0]
    for i in range(1, x.shape[0]):
        m = max(m, x[i])
    s = 0.0
    for i in range(x.shape[0]):
        s += math.exp(x[i] - m)
    return m + math.log(s)
