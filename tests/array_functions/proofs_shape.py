"""Joining, cutting, repeating, picking, building."""
import numpy as np

from tests.array_functions.proofs import A, B, M, N, P, T, proof

K = np.array([2, 0, -1, 1, 2])


@proof("concatenate append", M, N, A)
@proof("concatenate append", np.ones((1, 3)), np.zeros((0, 3)), A[:0])
def joined(a, b, c):
    d = np.concatenate((a, b * b, a))
    e = np.concatenate((a, a), axis=1)
    s = np.append(c, 2.0).sum() * np.append(a, b, axis=0).sum() + e.sum()
    return d * s + np.append(c, a).sum() + np.concatenate((a, b), axis=None).sum()


@proof("stack hstack vstack dstack column_stack", M, N, A[:2])
def stacked(a, b, c):
    s = np.stack((a, b)) * np.stack((a, b), axis=-1).sum()
    s = s * np.hstack((a, b))[1, 4] + np.dstack((a, b))[0, 1, 1] * np.vstack((c, c * c))[1, 0]
    return s * np.column_stack((c, b, c))[1, 2] * np.hstack((c, c))[3]


@proof("tile repeat", M, A)
def repeated(a, c):
    r = np.repeat(a, 2).sum() * np.repeat(c, np.array([1, 0, 2, 1, 1]))
    return np.tile(c, 2)[3:8] * r + np.tile(a, (2, 1, 2))[1, 1, 4] * np.repeat(a, 2, axis=1)[0, 3]


@proof("delete", A, 1)
def left_out(a, k):
    return np.delete(a, k) * np.delete(a, -1) + np.delete(a, np.array([0, 3]))[0]


@proof("split array_split", T, A)
def cut(a, c):
    u, v = np.split(a, 2, axis=2)
    p, q, r = np.array_split(c, 3)
    parts = np.split(c, (1, 3))
    return u * v[0] + p[1] * q[0] * r[0] + parts[1] * parts[2]


@proof("split", A)
def cut_and_written(c):
    x = c * c
    u, v = np.split(x, (2,))
    u[0] = v[1] * v[0]
    return x * x


@proof("squeeze atleast_1d atleast_2d atleast_3d", T[:, :1], 0.7)
def other_axes(a, s):
    v = np.squeeze(a, axis=1)
    return v * np.atleast_1d(s) + np.atleast_2d(v[0]) * np.atleast_3d(v)[0, 1, 0]


@proof("roll rot90", M, A)
def turned(a, c):
    r = np.rot90(a) * np.rot90(a, -1)[::-1] + np.rot90(a, 2).T
    return r * np.roll(a, 1)[0, 1] * np.roll(c, -2)[0] * np.roll(a, 1, axis=1)[1, 0]


@proof("take take_along_axis", M, A)
def picked(a, c):
    k = np.argsort(a, axis=1)
    t = np.take_along_axis(a, k, axis=1) * np.take(c, 1) * np.take(a, K[:2], axis=1)[0, 0]
    return t * np.take(c, K)[4] * np.take(a, np.array([[1, 5]]))[0, 1] * np.take(a, 2, axis=1)[0]


@proof("where nonzero flatnonzero extract select", A, B)
def chosen(a, b):
    k = np.where(a > 0)[0]
    j, = np.nonzero(a)
    e = np.extract(b > 0, a)
    s = np.select((a > 0.5, b > 0.9), (a * b, b * b), 0.25)
    return s * a[k].sum() * e[0] * a[np.flatnonzero(b < 1.0)].sum() * a[j[1]]


@proof("eye identity tri", A[:3])
def constant_matrices(a):
    return np.eye(3) * a + np.identity(3) * a * a + np.eye(3, 3, -1) * a[0] + np.tri(3, k=1) * a


@proof("tril triu", M, A[:3])
def triangles(a, c):
    return np.tril(c) * a[0] + np.triu(c, 1) * a[1] + np.tril(a, -1)[1, 0] * np.triu(a)[0, 2]


@proof("tril", T)
def triangles_of_several(a):
    return np.tril(a, 1) * a


@proof("diag diagonal diagflat", M, A[:3])
def diagonals(a, c):
    return np.diag(c) * np.diag(a)[1] + np.diag(c[:2], 1) * a[1] + np.diagonal(a, offset=1)[0] * np.diagflat(a[0], 0)


@proof("fill_diagonal", M, A[:2], 0.6)
def filled_diagonal(a, c, s):
    x = a * a
    np.fill_diagonal(x, c)
    y = x * x
    np.fill_diagonal(y, s)
    return x * y


@proof("linspace logspace geomspace", 0.4, 2.3)
def even_steps(start, stop):
    s = np.linspace(start, stop, 7) * np.logspace(start, stop, 7) + np.linspace(start, stop, 1) ** 2
    return s * np.geomspace(start, stop, 7) + np.geomspace(-start, -stop, 3)[1]


@proof("asarray ascontiguousarray array_equal allclose argwhere", M, A)
def looked_at(a, c):
    x = a * a
    y = np.asarray(x)
    y[0, 1] = c[0] * c[1]
    z = np.ascontiguousarray(x.T)
    z[0, 0] = 3.0
    k = np.argwhere(a > 0.0)
    s = x * z.T
    if np.array_equal(x, y) and not np.array_equal(x, c) and np.allclose(x, x + 1e-9) and not np.allclose(c, 1.0):
        s = s * x[k[1, 0], k[1, 1]]
    return s


@proof("asarray", A[:3], 0.7)
def made_of_numbers(a, s):
    x = np.asarray([a[0] * s, a[1], 2.0])
    y = np.asarray(((a[2], s), (1.0, a[0] * a[1])), np.float64)
    return np.asarray((s, a[2] * a[0], x[1]), dtype=np.float64) * x + y[1, 1] * y[0, 0]


@proof("vander", A[:3])
def powers(a):
    return np.vander(a) * np.vander(a, increasing=True) + np.vander(a, 2)[0, 0]


@proof("meshgrid", A[:3], P[:2])
def grids(a, b):
    u, v = np.meshgrid(a, b)
    p, q = np.meshgrid(a, b, indexing="ij")
    return u * v * v + (p * q * q).T


@proof("broadcast_to broadcast_arrays resize", M, A, 0.7)
def broadcast(a, c, s):
    u, v = np.broadcast_arrays(a[:, :1], c[:3])
    x = u * v * np.broadcast_to(a[0], (2, 3)) * np.broadcast_to(s, 3) + np.broadcast_to(c[:3], a.shape)
    x[0, 0] = u[1, 2] * np.broadcast_to(c, 5)[4]
    return x * np.resize(c, 7)[6] * np.resize(a, (2, 4))[1, 3] + np.resize(a[:0], (2, 3))


@proof("flip", T)
def flipped(a):
    x = a * a
    v = np.flip(x, axis=1)
    v[0, 0] = x[0, 0] * x[1, 1]
    return x * np.flip(a, 0) + np.flip(a, -1) * np.flip(a, (2))


@proof("hsplit vsplit dsplit", T, A)
def cut_along_axes(a, c):
    u, v = np.vsplit(a, 2)
    p, q, r = np.hsplit(a, 3)
    s, t = np.dsplit(a, (1,))
    w, = np.hsplit(c, 1)
    return u * v * p[0, 0, 1] * q[1, 0, 0] * r[0, 0, 3] * t[0, 1, 2] + s[1, 1, 0] * w[2]


@proof("insert delete", M, A, 0.4)
def inserted(a, c, s):
    d = np.insert(c, 2, s) * np.insert(c, -1, c[:1] * s) * np.delete(np.delete(a, 4), (0, 3)).sum()
    return d * np.insert(a, 6, c)[8] * np.insert(a, 0, 1.0)[0] * np.delete(a, np.array([5, -2]))[3]


@proof("indices tril_indices triu_indices tril_indices_from triu_indices_from", M, A)
def places_of_triangles(a, c):
    i, j = np.tril_indices(3, -1)
    k, m = np.triu_indices(2, m=3)
    p, q = np.tril_indices_from(a)
    r, s = np.triu_indices_from(a, 1)
    grid = np.indices((2, 3))
    x = np.outer(c[:3], c[:3])
    return x[i[2], j[2]] * a[k[3], m[3]] * a[p[1], q[1]] * a[r[2], s[2]] * a * (grid[0] + 2 * grid[1])


@proof("fill_diagonal", T, 0.6)
def filled_and_wrapped(a, s):
    x = np.zeros((7, 3)) + a[0, 0, 0]
    np.fill_diagonal(x, a[1, 1, :3], wrap=True)
    y = x * x
    np.fill_diagonal(y, s, wrap=True)
    return x * y


@proof("arange", 0.3, 1.9, 0.37)
def steps_of_numbers(start, stop, step):
    x = np.arange(start, 2.1, step) * np.arange(0.0, stop, 0.39)
    return x * np.arange(5.0) * np.arange(start, start + 4.9, 1.0) + np.arange(stop, -0.5, -0.49)


@proof("bartlett blackman hamming hanning", A)
def windows(a):
    one = np.bartlett(1) * np.blackman(1) * np.hamming(1) * np.hanning(1) + np.hanning(0).sum()
    return a * np.bartlett(5) * np.hamming(5) + a * a * np.hanning(5) * one - a * np.blackman(5)


@proof("asfortranarray asarray_chkfinite iscomplexobj isrealobj isscalar", M, A, 0.7)
def of_a_kind(a, c, s):
    x = np.asfortranarray(a) * np.asfortranarray(a.T).T
    y = c * c
    z = np.asarray_chkfinite(y)
    z[1] = c[0] * s
    if np.isscalar(s) and not np.isscalar(c) and np.isrealobj(a) and not np.iscomplexobj(s):
        x = x * y[1] * s
    return x


@proof("astype", M, N)
@proof("astype", M.T[:0], M.T[:0])
def converted(a, b):
    counts = np.floor(b * 3.0).astype(np.int64)
    return a.astype(np.float64) * counts.astype(np.float64) + (a > 0.4).astype(np.float64) * b.T.astype(float).T
