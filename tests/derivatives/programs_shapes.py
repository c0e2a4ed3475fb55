"""Programs whose names are bound to arrays of different sizes; they join ``CASES``."""
import numpy as np

from tests.derivatives.programs import case

X = np.array([1.3, 0.7, 1.7, 0.4, 0.9, 1.1])
N = np.array([0.3, -1.7, 0.4])
B = np.arange(36.0).reshape(6, 6) / 19 + 0.1
Z = np.linspace(0.3, 1.4, 8)

COMPILED = ["matrix_grows", "swapped_and_shrunk"]


@case(X)
def tail_by_view(x):
    a = x
    s = 0.0
    while len(a) > 1:
        s += a[0]*a[1]
        a = a[1:]
    return s


@case(X)
def pyramid(x):
    a = x * 1.0
    while len(a) > 1:
        a = a[1:] * a[:-1]
    return a[0]


@case(X, 0)
@case(X, 1)
def one_path_empty(x, k):
    u = np.empty(0)
    if k > 0:
        u = x * x
    return np.sum(u)


@case(X)
def append_like(x):
    u = np.empty(0)
    for i in range(len(x)):
        w = np.empty(len(u) + 1)
        w[:-1] = u
        w[-1] = x[i] * x[i]
        u = w * x[0]
    return np.sum(u)


@case(X)
def matrix_grows(x):
    M = np.ones((1, 1))
    for k in range(3):
        n = M.shape[0]
        C = np.zeros((n + 1, n + 1))
        C[:n, :n] = M * x[k]
        C[n, n] = x[k + 1]
        M = C
    return np.sum(M * M)


@case(X, 3)
def shrinks_in_a_branch(x, n):
    v = x * 2.0
    for t in range(n):
        if t % 2 == 0:
            v = v[:-1] * x[t]
        else:
            v = np.sin(v)
    return np.sum(v)


@case(X, 0)
@case(X, 2)
def stretched_from_one(x, n):
    s = np.zeros(1)
    for t in range(n):
        s = s + x * x[t]
    return np.sum(s)


@case(X)
def shrunk_by_a_helper(x):
    def shrink(v):
        v = v[1:]
        v = v * v[0]
        return v
    a = x * 1.0
    for k in range(3):
        a = shrink(a)
    return np.sum(a)


@case(X, 3)
def used_before_bound_again(x, n):
    w = np.zeros(2)
    s = 0.0
    for t in range(n):
        if t > 0:
            s += np.sum(w)
        w = x[t:] * x[t]
        w[0] = s
    return s + w[0]


@case(X, 3)
def swapped_and_shrunk(x, n):
    a = x * 1.0
    b = np.zeros(2)
    s = 0.0
    for t in range(n):
        a = a[1:] * x[t]
        a, b = b, a
        s += np.sum(b) * b[0]
    return np.sum(a) + s


@case(X, N, 3, wrt=("x", "y"))
def parameters_swapped_and_shrunk(x, y, n):
    for t in range(n):
        x, y = y[1:] * 2.0, x
    return np.sum(x) * np.sum(y)


@case(X, N, 3, wrt=("x", "y"))
def swapped_again_after_the_loop(x, y, n):
    a = x.copy()
    b = y.copy()
    for t in range(n):
        for k in range(2):
            a[k] = np.tanh(x[k]) * b[k + 1] + 0.5 * b[k]
        a, b = b, a
    y, a = a, y
    return np.sum(y * y) * b[1] + a[0]


@case(X, 3)
def view_of_the_old(x, n):
    a = x * x
    s = 0.0
    for t in range(n):
        v = a[1:]
        a = v * a[0]
        v[0] = 2.0 * v[0]
        s += v[0] + np.sum(a) + np.sum(v)
    return s


@case(X, 2)
def three_axes_grow(x, n):
    T = np.ones((1, 2, 1))
    for t in range(n):
        U = np.zeros((T.shape[0] + 1, 2, T.shape[2] + 2))
        U[:-1, :, 2:] = T * x[t]
        U[-1, 0, 0] = x[t + 1]
        T = U * U
    return np.sum(T) + T[-1, 0, 0] + T[0, -1, -1]


@case(X, B, 3, wrt=("x", "A"))
def products_shrink(x, A, n):
    y = x * 1.0
    for t in range(n):
        y = np.dot(A[:len(y)-1, :len(y)], y)
    return np.dot(y, y) + np.sum(y)


@case(X, 2)
def masked_again(x, n):
    v = x * 1.0
    for t in range(n):
        v = v[v > 0.5] * x[t]
    return np.sum(v)


@case(X, 4)
def leaves_early(x, n):
    v = x * x
    for t in range(n):
        if t == 2:
            return v[0] + np.sum(v)
        v = np.sin(v[:-1]) * x[t]
        if v[0] > 0.9:
            continue
        v[-1] = v[-1] * v[0]
    return np.sum(v)


@case(X, 3)
def from_the_end(x, n):
    v = x * x
    s = 0.0
    for t in range(n):
        v = v[1:] * 2.0
        v[-1] += x[t]
        s += v[-2] * v[-1] + v[t - 2]
    return s


@case(X, 3)
def complex_grows(x, n):
    z = np.ones(1) * (1.0 + 0.5j)
    for t in range(n):
        w = np.empty(len(z) + 1, np.complex128)
        w[:-1] = z * x[t]
        w[-1] = x[t] * 1j
        z = w
    r = z.real
    return np.sum(r * z.imag)


@case(X, 5)
def indices_grow(x, n):
    idx = np.zeros(0, np.int64)
    for t in range(n):
        new = np.empty(len(idx) + 1, np.int64)
        new[:len(idx)] = idx
        new[len(idx)] = (t * 2) % len(x)
        idx = new
    return np.sum(x[idx] * x[idx])


@case(X, 0)
@case(X, 4)
def zeroed_larger(x, n):
    acc = np.zeros(0)
    s = 0.0
    for t in range(n):
        acc = np.zeros(t + 1)
        acc[0] += x[t]
        for k in range(t):
            acc[k + 1] += acc[k] * x[k]
        s += np.sum(acc)
    return s


@case(X, 3.0)
@case(X, 50.0)
def else_of_a_while(x, tol):
    v = x * 1.0
    k = 0
    while np.sum(v) > tol:
        if len(v) < 2:
            break
        v = v[1:] * 0.9
        k += 1
    else:
        v = np.ones(7) * v[0]
    return np.sum(v) * k


@case(Z)
def every_second(x):
    v = x * 1.0
    s = 0.0
    while len(v) > 1:
        v[0] *= v[1]
        v = v[::2]
        s += v[0]
    return s


@case(Z)
def every_second_of_the_argument(x):
    s = 0.0
    while len(x) > 1:
        s += x[0] * x[1]
        x = x[::2]
    return s + x[0]


@case(Z, 4)
def step_at_run_time(x, n):
    v = x * x
    for t in range(1, n):
        v = v[::t]
        v[0] = v[0] * 2.0
    return np.sum(v)


@case(Z, 0)
@case(Z, 1)
def reshaped_on_one_path(x, k):
    a = x * 2.0
    if k:
        m = a.reshape(2, -1)
    else:
        m = a.reshape(-1, 2) * 3.0
    m[1, 0] *= x[0]
    return np.sum(m) + m[1, 1] * m[0, 1]


@case(Z, 3)
def reshaped_each_time(x, n):
    v = x * 1.0
    m = v.reshape(2, -1)
    for t in range(n):
        m = m.reshape(-1, 2) if t % 2 == 0 else m.reshape(2, -1)
        m = m * x[t]
    return np.sum(m * m) + m[0, 1]
