"""Programs of linear algebra: one number of what each function returns. Name: (program, arguments)."""
import numpy as np

rng = np.random.default_rng(1)
A = rng.normal(size=(3, 3))
TALL = rng.normal(size=(4, 3))
WIDE = np.ascontiguousarray(TALL.T)
SPD = A @ A.T + np.eye(3)
REAL_SPECTRUM = A @ np.diag([1.0, 2.0, -3.0]) @ np.linalg.inv(A)
B = rng.normal(size=3)
BS = rng.normal(size=(3, 2))
C = rng.normal(size=4)
CS = rng.normal(size=(4, 2))


def weighed(x):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += x[i, j] * x[i, j] * np.sin(1.0 + i + 2.0 * j) + 0.3 * x[i, j] * (i - j)
    return s


def vector(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i] * np.sin(1.0 + i) + 0.3 * x[i]
    return s


def solve(a, b):
    return vector(np.linalg.solve(a, b))


def solve_matrix(a, b):
    return weighed(np.linalg.solve(a, b))


def solve_expressions(a, b):
    return vector(np.linalg.solve(a * a.T, 2.0 * b[::-1])) + vector(np.linalg.solve(a[1:, 1:], b[:2]))


def inv(a):
    return weighed(np.linalg.inv(a))


def det(a):
    return np.linalg.det(a) + np.linalg.det(a) ** 2


def slogdet(a):
    sign, log = np.linalg.slogdet(a)
    return sign * log * log


def cholesky(a):
    return weighed(np.linalg.cholesky(a))


def qr(a):
    q, r = np.linalg.qr(a)
    return weighed(q) + weighed(r)


def eigh(a):
    w, v = np.linalg.eigh(a)
    return vector(w) + weighed(v * v)


def eigvalsh(a):
    return vector(np.linalg.eigvalsh(a))


def eig(a):
    w, v = np.linalg.eig(a)
    return vector(w) + weighed(v * v)


def eigvals(a):
    return vector(np.linalg.eigvals(a))


def svd(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return vector(s) + weighed(u * u) + weighed(vh * vh) + weighed(np.dot(u, vh))


def singular_values(a):
    return vector(np.linalg.svd(a)[1])


def pinv(a):
    return weighed(np.linalg.pinv(a))


def lstsq(a, b):
    x, residuals, rank, s = np.linalg.lstsq(a, b)
    return vector(x) + vector(s) + vector(residuals) + rank


def lstsq_matrix(a, b):
    x, residuals, rank, s = np.linalg.lstsq(a, b)
    return weighed(x) + vector(s) + vector(residuals) + rank


def norm(x):
    return np.linalg.norm(x) ** 2 + np.linalg.norm(x)


def norm_1(x):
    return np.linalg.norm(x, 1) ** 2


def norm_2(x):
    return np.linalg.norm(x, ord=2) ** 2


def norm_minus_2(x):
    return np.linalg.norm(x, -2) ** 2


def norm_3(x):
    return np.linalg.norm(x, 3) ** 2


def norm_inf(x):
    return np.linalg.norm(x, np.inf) ** 2


def norm_minus_inf(x):
    return np.linalg.norm(x, -np.inf) ** 2


def norm_of_variable_order(x, p):
    return np.linalg.norm(x, p) ** 2


def cond(x):
    return np.linalg.cond(x)


def cond_1(x):
    return np.linalg.cond(x, 1)


def cond_inf(x):
    return np.linalg.cond(x, np.inf)


def cond_minus_2(x):
    return np.linalg.cond(x, -2)


def rank(x):
    return np.linalg.matrix_rank(x) * np.sum(x)


def outer(a, b):
    return weighed(np.outer(a, b))


def kron(a, b):
    return weighed(np.kron(a, b))


def trace(a):
    return np.trace(a) ** 2 + np.trace(a, 1) + 3.0 * np.trace(a, -1)


def cube(a):
    return weighed(np.linalg.matrix_power(a, 3))


def inverse_square(a):
    return weighed(np.linalg.matrix_power(a, -2))


def power_0(a):
    return weighed(np.linalg.matrix_power(a, 0)) + a[0, 0]


def time_loop(a, b, n):
    """The same storage in each step, an operand overwritten, and the result wanted after the loop."""
    x = b.copy()
    s = 0.0
    for _ in range(n):
        x = np.linalg.solve(a, x * x + b)
        s += vector(x)
        a[0, 0] += x[0]
    return s + x[0] * x[1]


def in_branches(a, b, k):
    s = 0.0
    for i in range(3):
        if i == k:
            y = np.linalg.inv(a) @ b
            s += vector(y) * y[0]
        else:
            low = np.linalg.cholesky(a @ a.T)
            s += weighed(low) * low[0, 0]
    return s


def factors_in_a_loop(a, n):
    s = 0.0
    for i in range(n):
        q, r = np.linalg.qr(a)
        a[:] = r @ q
        s += vector(np.linalg.eigvalsh(a)) * (i + 1.0)
    return s


def helper(a, b):
    if b[0] > 1e6:
        return b
    return np.linalg.solve(a, b)


def through_a_helper(a, b):
    x = helper(a, b)
    y = helper(a, x)
    return vector(y) + x[0]


SINGULAR = np.outer(B, B) + np.outer(BS[:, 0], BS[:, 1])
CASES = {f.__name__: (f, args) for f, args in [
    (solve, (A, B)), (solve_matrix, (A, BS)), (solve_expressions, (A, B)), (inv, (A,)), (det, (A,)), (slogdet, (A,)),
    (cholesky, (SPD,)), (qr, (TALL,)), (eigh, (SPD,)), (eigvalsh, (SPD,)), (eig, (REAL_SPECTRUM,)),
    (eigvals, (REAL_SPECTRUM,)), (svd, (TALL,)), (singular_values, (WIDE,)), (pinv, (TALL,)), (lstsq, (TALL, C)),
    (lstsq_matrix, (TALL, CS)), (norm, (TALL,)), (norm_1, (TALL,)), (norm_2, (TALL,)), (norm_minus_2, (A,)),
    (norm_inf, (TALL,)), (norm_minus_inf, (TALL,)), (norm_3, (B,)), (norm_of_variable_order, (B, 3.0)),
    (cond, (TALL,)), (cond_1, (A,)), (cond_inf, (A,)), (cond_minus_2, (A,)), (rank, (A,)), (outer, (B, C)),
    (kron, (A, TALL)), (trace, (TALL,)), (cube, (A,)), (inverse_square, (A,)), (power_0, (A,)), (time_loop, (A, B, 3)),
    (in_branches, (A, B, 1)), (factors_in_a_loop, (SPD, 3)), (through_a_helper, (A, B))]}
CASES |= {
    "singular det": (det, (SINGULAR,)), "det of one number": (det, (np.array([[-2.0]]),)), "qr, wide": (qr, (WIDE,)),
    "qr, square": (qr, (A,)), "svd, wide": (svd, (WIDE,)), "svd, square": (svd, (A,)), "pinv, wide": (pinv, (WIDE,)),
    "lstsq, wide": (lstsq, (WIDE, B)), "norm of a vector": (norm, (B,)), "norm_1 of a vector": (norm_1, (B,)),
    "norm_2 of a vector": (norm_2, (B,)), "norm_inf of a vector": (norm_inf, (B,)),
    "norm_minus_inf of a vector": (norm_minus_inf, (B,)), "solve of one equation": (solve, (A[:1, :1].copy(), B[:1])),
    "Fortran order": (solve_matrix, (np.asfortranarray(A), np.asfortranarray(BS))),
    "Fortran order, svd": (svd, (np.asfortranarray(TALL),)), "no step": (time_loop, (A, B, 0)),
}
DIFFERENTIATED = {"norm_of_variable_order": ("x",)}
"""By which parameters, where not by all that are floating-point."""
