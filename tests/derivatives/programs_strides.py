"""Programs with steps known at run time, arrays of changing size in loops, and reshaped arrays."""
import numpy as np

from tests.derivatives.programs import W, X, case

# ---------------------------------------------------------------- steps known at run time


@case(X, 2)
@case(X, 3)
@case(X, -1)
@case(X, -2)
def any_step(x, k):
    v = x[::k]
    s = v[0] * v[1]
    v[1] = v[0] * x[1]
    return s * x[2] + x[0] * x[3] + np.sum(v * v)


@case(X, 1, -4, -1)
@case(X, 0, 9, 2)
@case(X, -1, 0, -2)
@case(X, 2, -9, -2)
@case(X, 3, 1, 1)
def any_bounds(x, i, j, k):
    y = x[i:j:k] * x[i:j:k]
    x[i:j:k] = np.exp(x[i:j:k])
    return np.sum(y * y) + np.sum(x)


@case(X, -1)
@case(X, 1)
def overlap_by_a_step(x, k):
    x[::k] = x * x[::-1]
    x[1:] = x[::k][1:] * x[:-1]
    return x[0] + 2.0 * x[1] * x[2] + x[3]


@case(W, 2, -1, wrt=("a",))
@case(W, -1, 2, wrt=("a",))
def steps_on_both_axes(a, i, j):
    v = a[::i, ::j]
    w = v.T[::-1]
    w[0] *= v[1, 0]
    return np.sum(a * a * a) + w[-1, -1]


@case(X)
def steps_in_a_loop(x):
    s = 0.0
    for k in range(1, 4):
        s = s * np.sum(x[::k]) + np.sum(x[::-k] * x[::k])
    return s


# ---------------------------------------------------------------- sizes that change in a loop

@case(X)
def growing_scratch(x):
    s = 0.0
    for i in range(1, 4):
        t = np.empty(i)
        for k in range(i):
            t[k] = x[k] * x[i] + s
        s += np.sum(t * t)
    return s


@case(X)
def growing_zeros(x):
    s = 1.0
    for i in range(4):
        t = np.zeros(i)
        if i > 1:
            t[1] = x[i] * s
        t += x[0]
        s = s + np.sum(t * t * s)
    return s


@case(X)
def prefixes(x):
    s = 0.0
    for i in range(4):
        t = x[:i] * x[0]
        u = t[::-1] * s
        s = s + np.sum(np.sin(t) * u) + np.sum(t)
    return s


@case(W, wrt=("a",))
def growing_matrix(a):
    s = 0.0
    for i in range(1, 4):
        for j in range(1, 3):
            t = np.ones((i, j))
            t[:] = a[:i, :j] * a[0, 0]
            t[-1] *= t[0, 0]
            t.T[0] += s
            s += np.sum(t * t) * 0.1
    return s


@case(X)
def scratch_in_a_branch(x):
    s = x[0]
    if x[1] > 0.5:
        for i in range(3):
            if i != 1:
                t = x[i:] * s
                s = s + t[0] * t[-1]
            else:
                t = x[:i] * s
                s = s - t[0]
    return s


@case(X)
def shrinking(x):
    s = 0.0
    n = 4
    while n > 0:
        y = x[:n] * x[n - 1]
        z = y.copy()
        z[0] = z[0] * z[-1]
        s += np.dot(y, z) * s + np.sum(z)
        n -= 1
    return s


@case(X)
def scratch_used_after_the_loop(x):
    for i in range(1, 4):
        t = x[:i] * x[i]
    return np.sum(t * t) + t[2]


@case(X)
def overlap_of_changing_size(x):
    for i in range(1, 4):
        x[1:i + 1] = x[:i] * x[1:i + 1]
        t = x[:i] * 1.0
        t[1:] = t[:-1] * x[0]
        x[0] = x[0] + t[-1]
    return np.sum(x * x)


# ---------------------------------------------------------------- reshaped arrays

@case(np.arange(1.0, 7.0) / 4.0, 2)
@case(np.arange(1.0, 7.0) / 4.0, 6)
def reshaped_and_written(x, n):
    a = x.reshape(n, -1)
    a[0, -1] = a[1, 0] * a[0, 0]
    a[-1] *= 2.0
    r = a.T
    return np.sum(x * x) + r[0, 1] * r[0, 0]


@case(W, wrt=("a",))
def ravel_is_a_view(a):
    r = a.ravel()
    r[5] = r[0] * r[7]
    r[::5] *= r[1]
    v = np.ravel(a[1:])
    v[0] += v[-1]
    return np.sum(a * a * a) + v[1]


@case(W, wrt=("a",))
def ravel_of_a_transpose_is_a_copy(a):
    r = a.T.ravel()
    r[1] = 7.0 * r[2]
    f = a.flatten()
    f[0] = f[1]
    c = a[:, 1:3].ravel()
    c[0] *= c[5]
    return np.sum(a * a) + np.sum(r * r) + np.sum(f * f * f) + np.sum(c * c)


@case(W, wrt=("a",))
def reshaped_rows(a):
    s = 0.0
    for i in range(3):
        m = a[i].reshape(2, 2)
        m[0] += m[1] * s
        s = s + m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
    b = np.reshape(a, (2, 2, 3))
    b[1] = b[0] * b[1, 1]
    for row in b[1]:
        s += row[0] * row[2]
    return s * np.sum(a)


@case(np.arange(1.0, 13.0) / 6.0)
def axes_moved(x):
    b = x.reshape((2, 3, 2))
    c = np.transpose(b, (1, 2, 0))
    c[2, 1, 0] = c[0, 0, 1] * c[1, 1, 1]
    d = np.swapaxes(b, 0, -1)
    d[1] *= d[0]
    e = np.moveaxis(b, 0, 2)
    e[0, 1] += e[1, 0]
    g = np.expand_dims(x, 1)
    g[3] = g[4] * g[5]
    h = np.flip(x)
    h[0] = h[1] * h[2]
    k = np.fliplr(b)
    k[0, 0, 0] *= np.flipud(b)[0, 0, 0]
    return np.sum(x * x * b.reshape(-1))


@case(X)
def shape_of_another(x):
    y = (x * x).reshape(2, 2)
    z = np.ones((2, 2)).reshape(-1)
    z[:] = x
    w = z.reshape(y.shape)
    w *= y
    return np.sum(z * y.ravel()) + w[1, 0]


@case(X)
def rows_of_a_reshaped_array(x):
    s = 0.0
    for row in x.reshape(2, 2):
        row[0] = row[1] * row[0]
        s += row[0] * s + row[1]
    for v in x.reshape(2, 2).ravel()[::-1]:
        s = s * v
    return s


@case(W[:, :3].copy(), wrt=("m",))
def products_of_growing_matrices(m):
    s = 0.0
    for i in range(1, 4):
        a = m[:i, :i] * 2.0
        b = a @ a
        a[0, 0] = s
        s += 0.1 * b[0, 0] * np.sum(a)
    return s


@case(W[:, :3].copy(), X, wrt=("m", "x"))
def products_of_shrinking_parts(m, x):
    s = 1.0
    for i in range(3, 0, -1):
        t = x[:i] * s
        u = m[:i, :i] @ t
        v = u @ m[:i, 1:]
        s += 0.1 * np.dot(u, t) + np.sum(v)
    return s
