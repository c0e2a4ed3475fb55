# types: float64[::1]
# wrt: x
# kinds: adjoint, tangent, grad, vjp
def squared_in_place(x):
    for i in range(x.shape[0]):
        x[i] = x[i] * x[i]
    return x[0] * 3.0
