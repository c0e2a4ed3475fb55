# types: float64[::1]; float64; int64
# wrt: u0
# kinds: adjoint
def burgers(u0, c, nt):
    u = u0.copy()
    for t in range(nt):
        before = u[0]
        for i in range(1, u.shape[0]):
            ui = u[i]
            u[i] = ui - c * ui * (ui - before)
            before = ui
    return u[-1]
