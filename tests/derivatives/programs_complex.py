"""Programs with complex numbers, each a trap; all return a real number.

``CASES``: name -> (function, arguments, wrt).
"""
import cmath
import math

import numpy as np

Z = np.array([1.3 + 0.4j, -0.7 + 1.1j, 0.2 - 0.9j, -1.2 - 0.3j])
W = np.array([0.5 - 0.2j, 1.4 + 0.6j, -0.3 + 0.8j, 0.9 + 1.0j])
X = np.array([0.7, 1.3, 0.4, 2.1])
M = np.array([[0.2 + 0.1j, -0.4j, 0.6], [0.9, 0.3 - 0.2j, -0.5 + 0.7j], [0.1j, 0.5, 1.2 + 0.4j]])
C, D = 0.8 + 0.6j, -1.1 + 0.3j
TURN = 0.6 - 0.8j

CASES = {}


def case(*args, wrt=("z",)):
    def add(f):
        name = f.__name__ if f.__name__ not in CASES else f"{f.__name__}_{len(CASES)}"
        CASES[name] = (f, args, wrt)
        return f
    return add


# ---------------------------------------------------------------- operators and operands of every mix

@case(C, D, wrt=("z", "w"))
def four_operations(z, w):
    v = (z * w - z / w) * (w + 2.0) / (z - 1j) + -z + +w
    return v.real + 2.0 * v.imag


@case(C, 0.7, 3, wrt=("z", "x"))
def real_and_integer_operands(z, x, n):
    v = x * z + z / x + x / z - n * z + n / z + z / n + (x - z) * (z - x) + (x + z) * (n + x * 1j)
    return v.imag - v.real


@case(C, D, 0.7, 2, wrt=("z", "w", "x"))
@case(C, D, 0.7, -2, wrt=("z", "w", "x"))
@case(C, D, 0.7, 0, wrt=("z", "w", "x"))
@case(C, D, 0.7, 5, wrt=("z", "w", "x"))
def powers(z, w, x, n):
    v = z ** w + z ** x + x ** z + z ** n + z ** 2 + z ** 3 + z ** -1 + z ** 0 + z ** 0.5 + 2.0 ** z + 3 ** z
    return v.real * v.imag


@case(0.7)
def real_argument(z):
    v = np.exp(1j * z) * z + complex(z, z * z) / (1.0 + 2j * z)
    return v.imag + abs(v)


@case(0.7, -1.9, wrt=("x", "z"))
def parts_put_together(x, z):
    v = complex(x * z, math.sin(z)) * complex(z) + complex(0.5, x) - complex(x, 2.0)
    return v.real * v.imag + (v * v.conjugate()).real


@case(C)
def parts_taken(z):
    a, b = z.real, z.imag
    return a * a * b + np.real(z) * np.imag(z) + np.conj(z).imag * np.conjugate(z).real + (1j * z).conjugate().imag


@case(C)
def sizes_and_angles(z):
    return abs(z) * np.angle(z) + np.abs(z * z) + cmath.phase(z * 1j) + abs(z) ** 2 + np.absolute(z - 2.0)


@case(C)
def conjugate_of_everything(z):
    v = np.conj(z * z + np.conj(z) * 3j - 2.0)
    return abs(v * np.conj(v) - np.conj(np.exp(z)))


@case(C)
def sign_changes(z):
    v = 0.0 - z - (-z) * (-2j) - 1j * (1j - z)
    return v.imag * v.imag


# ---------------------------------------------------------------- functions

@case(C)
@case(D)
@case(-0.4 - 1.7j)
def elementary(z):
    v = np.exp(z) + np.log(z) + np.sqrt(z) + np.sin(z) * np.cos(z) + np.tan(z) - np.sinh(z) * np.cosh(z) + np.tanh(z)
    v += np.arcsin(z) + np.arccos(z) * 2.0 + np.arctan(z) + np.arcsinh(z) - 3.0 * np.arccosh(z) + np.arctanh(z)
    v += np.exp2(z) + np.expm1(z) + np.log2(z) + np.log10(z) + np.log1p(z) + np.square(z) + np.reciprocal(z)
    return v.real + 0.5 * v.imag


@case(C)
@case(-1.5 - 0.2j)
def elementary_of_cmath(z):
    v = cmath.exp(z) + cmath.log(z) + cmath.sqrt(z) + cmath.sin(z) * cmath.cos(z) + cmath.tan(z) + cmath.tanh(z)
    v += cmath.sinh(z) * cmath.cosh(z) + cmath.asin(z) + cmath.acos(z) * 2j + cmath.atan(z) + cmath.asinh(z)
    v += cmath.acosh(z) - cmath.atanh(z) + cmath.log10(z) + cmath.log(z, 3.0)
    return v.imag


@case(1.7, -2.5, wrt=("x", "z"))
@case(-1.2, -0.5, wrt=("x", "z"))
def complex_functions_of_real_numbers(x, z):
    v = cmath.sqrt(z) * x + cmath.log(z) + cmath.asin(x) + cmath.acos(x) + cmath.acosh(complex(z)) + cmath.exp(x) * 1j
    return v.imag + cmath.sqrt(x).real + cmath.atanh(x).real + v.real * cmath.asinh(z).real + cmath.atan(x).real


@case(1.7, 0.6, wrt=("r", "phi"))
def polar_coordinates(r, phi):
    z = cmath.rect(r * r, phi * 2.0) * 1j + 0.3
    size, angle = cmath.polar(z)
    return size * angle + cmath.rect(size, phi).imag


@case(C)
def casts(z):
    v = np.complex128(z.real) * z + np.complex128(z) + complex(z)
    return v.real + np.real(v.imag) + abs(v.real) * v.imag


@case(C)
def constants_and_tests(z):
    v = z
    if z == 0j or z != z or np.isnan(z) or cmath.isinf(z):
        v = z * z
    if abs(z) > 0.5 and z.imag > 0.0:
        v = v * 2j
    return v.real * TURN.imag + (TURN * v).imag


# ---------------------------------------------------------------- control flow, names that change

@case(0.3 + 0.4j, 8, wrt=("c",))
@case(-0.7 + 0.2j, 12, wrt=("c",))
@case(0.5 + 0.9j, 20, wrt=("c",))
def mandelbrot(c, n):
    z = 0j
    k = 0
    while abs(z) <= 2.0 and k < n:
        z = z * z + c
        k += 1
    return z.real * z.imag + abs(z) ** 2


@case(C, 3, wrt=("c",))
@case(C, 0, wrt=("c",))
def starts_as_an_integer(c, n):
    z = 0
    for _ in range(n):
        z = z * z + c
    return z.real + z.imag + abs(c)


@case(0.7, C, 3, wrt=("x", "c"))
@case(0.7, C, 0, wrt=("x", "c"))
def starts_as_a_real_number(x, c, n):
    z = x
    for k in range(n):
        z = z * c + k
        if k == 1:
            z = z - x
    return z.real - z.imag


@case(0.7, C, True, wrt=("x", "c"))
@case(0.7, C, False, wrt=("x", "c"))
def real_on_one_path(x, c, flag):
    if flag:
        v = x * x
    else:
        v = c * x
    w = v * v + x
    return w.real + 3.0 * w.imag


@case(np.array([-1.0, 0.0, 0.3, 1.0]) + 0j, 0.4 + 0.9j, wrt=("a", "z"))
def newton(a, z):
    for _ in range(6):
        p = 0j
        d = 0j
        for k in range(a.shape[0] - 1, -1, -1):
            d = d * z + p
            p = p * z + a[k]
        if abs(p) < 1e-3:
            break
        z = z - p / d
    return z.real + 2.0 * z.imag


@case(Z, C, wrt=("a", "z"))
def horner(a, z):
    v = 0j
    for c in a:
        v = v * z + c
    return abs(v)


@case(C)
def early_return(z):
    v = z
    for k in range(5):
        v = v * z + 1j
        if v.imag < 0.0:
            return v.real
    return abs(v)


# ---------------------------------------------------------------- arrays

@case(Z, X, wrt=("z", "x"))
def stores_of_real_numbers(z, x):
    v = z.copy()
    v[0] = x[0] * x[0]
    v[1] = x[1]
    v[2] += x[2] * v[0]
    v[3] *= x[3]
    v[1:3] = x[2:]
    return np.sum((v * v).imag) + np.sum(np.abs(v))


@case(Z, X, wrt=("z", "x"))
def array_statements(z, x):
    v = x * z - 2j * z ** 2 + x
    v[1:] = v[:-1] * np.conj(v[1:])
    u = np.exp(1j * x) * v
    u *= 1j
    u /= z
    u -= x
    return np.sum(u.real * v.imag) + np.sum(u * np.conj(v)).imag


@case(Z)
def squared_in_place(z):
    for i in range(z.shape[0]):
        z[i] = z[i] * z[i] * np.conj(z[i - 1])
    return np.sum(z.imag)


@case(Z, W, wrt=("z", "w"))
def swapped(z, w):
    u = z.copy()
    v = np.zeros_like(z)
    for k in range(3):
        for i in range(1, 4):
            v[i] = u[i] * u[i - 1] + w[k]
        v[0] = np.conj(u[3])
        u, v = v, u
    return np.sum(np.abs(u) ** 2) + np.sum(v).real


@case(M, Z[:3], wrt=("a", "z"))
def products(a, z):
    u = a @ z
    v = np.dot(u, a)
    b = a @ a.conj().T
    c = b.T @ np.conj(a)
    return np.dot(u, v).imag + np.vdot(v, z).real + np.sum(np.abs(c) ** 2) + np.vdot(z, z).real


@case(Z, W, wrt=("z", "w"))
def products_of_parts(z, w):
    return np.dot(z[1:], w[:-1]).real + np.vdot(z[::2], w[1::2]).imag + np.dot(z.real, w.imag)


@case(M, wrt=("a",))
def spectral_norm(a):
    v = np.ones(3, np.complex128)
    for _ in range(4):
        u = a @ v
        v = a.conj().T @ u
        s = math.sqrt(np.sum(np.abs(v) ** 2))
        v = v / s
    u = a @ v
    return math.sqrt(np.vdot(u, u).real)


@case(Z)
def parts_of_arrays_written(z):
    w = z.copy()
    w.real[1:] = w.imag[:-1] * w.real[:-1]
    w.real[0] *= 3.0
    w[1:].imag[1] += w[0].real
    w.imag[:2] -= 0.5
    return np.sum(np.abs(w) ** 2) + np.sum(w.imag ** 3)


@case(Z)
def parts_are_views(z):
    w = z.copy()
    r = w.real
    q = r[1:]
    s = r[0] * q[0]
    q *= 2.0
    w *= 1j
    return s + r[1] * q[2] + np.sum(r)


def fill(a):
    for i in range(a.shape[0]):
        a[i] = a[i] * a[i]


@case(Z)
def parts_given_to_a_helper(z):
    w = z.copy()
    fill(w.real)
    fill(w.imag[1:])
    return np.sum(w.real * w.imag)


@case(X, wrt=("x",))
def real_part_of_a_real_array_is_itself(x):
    y = x.copy()
    r = y.real
    r[0] = r[1] * r[2]
    return np.sum(y * y) + np.sum(y.imag) + np.sum(np.conj(y) * x)


def in_place(a, s):
    for i in range(a.shape[0]):
        a[i] = a[i] * s + np.conj(s)


@case(Z, C, wrt=("z", "c"))
def helper_that_mutates(z, c):
    v = z.copy()
    in_place(v[1:], c)
    in_place(v, 1j * c)
    return np.sum(v).imag + v[0].real


@case(Z, 2, wrt=("z",))
@case(np.concatenate((Z, W)), 3, wrt=("z",))
def fourier(z, bits):
    n = z.shape[0]
    a = np.empty(n, np.complex128)
    for i in range(n):
        j = 0
        for b in range(bits):
            j = 2 * j + (i >> b & 1)
        a[j] = z[i]
    m = 1
    while m < n:
        turn = cmath.exp(-1j * math.pi / m)
        for start in range(0, n, 2 * m):
            w = 1.0 + 0j
            for k in range(m):
                t = w * a[start + k + m]
                a[start + k + m] = a[start + k] - t
                a[start + k] = a[start + k] + t
                w *= turn
        m *= 2
    s = 0.0
    for i in range(n):
        s += (i + 1) * abs(a[i]) ** 2 + a[i].imag
    return s


@case(3.0, 0.2, 0.5, np.array([0.5, 1.0, 2.0, 4.0]), wrt=("r", "h", "c", "omega"))
def resonant_circuit(r, h, c, omega):
    s = 0.0
    for w in omega:
        impedance = r + 1j * w * h + 1 / (1j * w * c)
        parallel = 1.0 / (1.0 / impedance + 1j * w * c / 2)
        s += abs(parallel) ** 2 + cmath.phase(impedance)
    return s


@case(Z, 0.3, 3, wrt=("z", "h"))
def schroedinger(z, h, steps):
    psi = z.copy()
    new = np.zeros_like(psi)
    for _ in range(steps):
        for i in range(1, 3):
            new[i] = psi[i] + 1j * h * (psi[i + 1] - 2 * psi[i] + psi[i - 1])
        psi[:] = new
    return np.sum(np.abs(psi) ** 2 * X)


@case(np.zeros(0, np.complex128))
@case(np.array([0.4 - 0.9j]))
def sums_of_little(z):
    v = np.sum(z) + np.sum(z * z)
    return v.real + v.imag + np.vdot(z, z).real


TABLE = np.array([1j, 2.0, 3.0 - 1j])
SINGLE = np.complex64(1.0 + 2j)


@case(Z)
def global_tables(z):
    s = 0j
    for i in range(3):
        s += TABLE[i] * z[i] * SINGLE
    return abs(s)


@case(C, 2.0, 3j, wrt=("z", "times_i", "complex_sech2"))
def names_of_the_compiler(z, times_i, complex_sech2):
    zmul = np.tanh(z) * times_i + np.tan(z) * complex_sech2
    cmath = zmul * np.arcsinh(z)
    return cmath.real * cmath.imag


@case(Z)
def stack_of_numbers(z):
    pending = [z[0]]
    for v in z:
        pending.append(v * pending[-1])
    s = 0j
    while len(pending) > 0:
        s = s * 1j + pending.pop()
    return abs(s)


@case(Z, X, True, wrt=("z", "x"))
@case(Z, X, False, wrt=("z", "x"))
def one_of_two_arrays(z, x, flag):
    a = z.copy()
    b = z * 2j
    c = a if flag else b
    c[0] = c[1] * x[0]
    return np.sum(a * np.conj(b)).real


@case(Z)
def reversed_parts(z):
    w = z.copy()
    w[::-1][1:] = w[1:] * w[:-1]
    w.real[::2] = w.imag[1::2]
    t = w.T
    t[0] *= t[1]
    return np.sum(w * w).imag


@case(Z)
def parts_of_rows_of_transposes(z):
    w = np.zeros((2, 2), np.complex128)
    w[0] = z[:2]
    w[1] = z[2:]
    r = w.T.real
    r[0] *= r[1]
    i = w.imag[:, 1]
    i += r[1]
    for k in range(2):
        row = w[k].real
        row[0] = row[1] * row[1]
    return np.sum(np.abs(w) ** 2)


@case(-2.5, C, wrt=("x", "z"))
def powers_of_a_negative_number(x, z):
    return (x ** z).real + (x ** (z * 1j)).imag + abs(z ** x)


def squared_or_turned(z):
    if z.real > 0.0:
        return z * z
    return np.conj(z) * 1j


@case(Z)
def helper_with_two_returns(z):
    s = 0j
    for v in z:
        s += squared_or_turned(v)
    return abs(np.sum(np.where(z.real > 0.0, z * z, 1j * s)))
