"""Functions that call themselves, alone or through others. They add themselves to ``CASES``."""
import math

import numpy as np
from numba import njit

from tests.derivatives.programs import X, Y, case


@njit
@case(1.3, 0)
@case(1.3, 5)
def power_by_recursion(x, n):
    if n == 0:
        return 1.0
    return x * power_by_recursion(x, n - 1)


@njit
@case(1.3, 9)
def power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = power_by_squaring(x, n // 2)
    return half * half if n % 2 == 0 else x * half * half


@njit
@case(4.5)
def falling_factorial(x):
    return 1.0 if x < 1.0 else x * falling_factorial(x - 1.0)


@njit
def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@njit
@case(X)
def steered_by_integers(x):
    s = 0.0
    for i in range(ackermann(2, 1)):
        s = s * x[ackermann(1, i) % 4] + x[i % 4] * math.sin(s)
    return s


@njit
def integrand(a, t):
    return math.exp(-a * t) * math.sin(3.0 * t)


@njit
def simpson(a, left, right):
    return (right - left) / 6.0 * (integrand(a, left) + 4.0 * integrand(a, 0.5 * (left + right)) + integrand(a, right))


@njit
def adaptive(a, left, right, whole, tolerance, depth):
    middle = 0.5 * (left + right)
    lower, upper = simpson(a, left, middle), simpson(a, middle, right)
    error = lower + upper - whole
    if depth == 0 or abs(error) < 15.0 * tolerance:
        return lower + upper + error / 15.0
    return (adaptive(a, left, middle, lower, 0.5 * tolerance, depth - 1)
            + adaptive(a, middle, right, upper, 0.5 * tolerance, depth - 1))


@njit
@case(0.7, 2.0, wrt=("a", "end"))
def quadrature(a, end):
    return adaptive(a, 0.0, end, simpson(a, 0.0, end), 1e-5, 12)


@njit
@case(X, 0, 4)
@case(X, 2, 3)
def tree_sum(x, low, high):
    if high - low == 1:
        return math.sin(x[low]) * x[low]
    middle = (low + high) // 2
    a = tree_sum(x, low, middle)
    b = tree_sum(x, middle, high)
    return a + b * a


@njit
@case(X)
def tree_sum_of_halves(x):
    if x.size == 1:
        return x[0] * x[0]
    half = x.size // 2
    return tree_sum_of_halves(x[:half]) * tree_sum_of_halves(x[half:]) + x[0]


@njit
@case(X, 0)
def continued_fraction(x, k):
    if k == x.size - 1:
        return x[k]
    return x[k] + 1.0 / continued_fraction(x, k + 1)


@njit
@case(X, 0, 0.6, wrt=("x", "t"))
def horner(x, k, t):
    return 0.0 if k == x.size else x[k] + t * horner(x, k + 1, t)


@njit
def even_step(x, n):
    if n == 0:
        return x
    return math.sin(odd_step(x * 1.1, n - 1))


@njit
def odd_step(x, n):
    if n == 0:
        return x * x
    y = even_step(x + 0.3, n - 1)
    return y * y + x


@njit
@case(0.7, 4)
@case(0.7, 5)
@case(0.7, 0)
def to_and_fro(x, n):
    return even_step(x, n) + odd_step(x, n) * x


@njit
@case(X, 3)
def recursion_in_a_loop(x, n):
    s = 0.0
    for i in range(n):
        s = s * x[i] + power_by_squaring(x[i] + s, i + 1)
    return s


@njit
@case(X)
def recursion_in_a_while(x):
    s = 0.1
    while power_by_squaring(s, 2) < 3.0:
        s = s + 0.3 * power_by_squaring(x[0] * s, 3) + x[1]
    return s * x[2]


@njit
@case(X, 1)
@case(X, 0)
def recursion_in_a_branch(x, k):
    y = x[0]
    if k > 0:
        y = power_by_squaring(y, 3)
        y = y * y
    return y * x[1]


@njit
@case(X, 0, 2.0)
def early_returns(x, k, limit):
    for i in range(k, x.size):
        if x[i] > limit:
            return x[i]
        if x[i] < 0.5:
            continue
        if i % 2 == 0:
            return x[i] * early_returns(x, i + 1, limit * x[i])
    return limit * x[0]


@njit
def sum_and_product(x, k):
    if k == x.size:
        return 0.0, (1.0, 0)
    s, (p, n) = sum_and_product(x, k + 1)
    return s + x[k] * p, (p * x[k], n + 1)


@njit
@case(X)
def tuples_from_recursion(x):
    s, (p, n) = sum_and_product(x, 0)
    return s * p + n * x[0]


@njit
def bisect(x, value, low, high):
    if high - low <= 1:
        return low
    middle = (low + high) // 2
    if x[middle] <= value:
        return bisect(x, value, middle, high)
    return bisect(x, value, low, middle)


@njit
@case(np.array([0.1, 0.5, 1.1, 2.0, 3.5]), 1.3, wrt=("x", "at"))
def interpolated(x, at):
    k = bisect(x, at, 0, x.size)
    t = (at - x[k]) / (x[k + 1] - x[k])
    return (1.0 - t) * x[k] * x[k] + t * x[k + 1] ** 3


@njit
@case(X, 6)
def fibonacci(x, n):
    if n < 2:
        return x[n]
    return fibonacci(x, n - 1) + x[2] * fibonacci(x, n - 2)


@njit
@case(X, 6)
def nonlinear_fibonacci(x, n):
    if n < 2:
        return x[n]
    return math.sin(nonlinear_fibonacci(x, n - 1)) * nonlinear_fibonacci(x, n - 2) + x[3]


@njit
def moves(n, source, target, spare, weight):
    if n == 0:
        return 0.0
    return (moves(n - 1, source, spare, target, weight) + weight[source, target] * n
            + moves(n - 1, spare, target, source, weight))


@njit
@case(np.array([[0.0, 1.2, 0.7], [0.3, 0.0, 0.9], [1.1, 0.4, 0.0]]), wrt=("weight",))
def towers(weight):
    a = moves(4, 0, 1, 2, weight)
    return a * a


@njit
@case(X, 4)
def value_read_later(x, n):
    y = x[0]
    y = y * power_by_recursion(y, n)
    y = y * power_by_recursion(y, 2) + power_by_recursion(y, 1)
    return y


@njit
@case(X, 1.5, wrt=("x", "scale"))
def defaults_and_keywords(x, scale):
    return with_default(x, scale, 3) * with_default(x, n=2, scale=scale)


@njit
def with_default(x, scale, n, shift=0.25):
    if n == 0:
        return shift * scale
    return x[n] * with_default(x, scale * x[0], n - 1, shift=shift + 0.5) + with_default(x, scale, n - 1)


@njit
@case(X, Y, wrt=("x", "y"))
def same_array_twice(x, y):
    return pairs(x, x, 0) + pairs(x, y, 0) * pairs(y, y, 1)


@njit
def pairs(a, b, k):
    if k == a.size:
        return 0.0
    return a[k] * math.cos(b[a.size - 1 - k]) + 0.5 * pairs(b, a, k + 1)


@njit
def even_depth(p, q, k):
    if k <= 0:
        return q * q
    return odd_depth(math.hypot(-1.2, p), max(p, q), k - 1) * math.tanh(p)


@njit
def odd_depth(p, q, k):
    if k <= 0:
        return p * q
    return math.sin(even_depth(q - 0.5, p, k - 1)) + math.exp(-abs(q))


@njit
@case(X, 3)
def derivatives_with_cases_as_arguments(x, n):
    return even_depth(x[1] - x[2], x[0], n)


# ---------------------------------------------------------------- arrays that the callee writes

@njit
def double_up(x, k):
    if k < x.size:
        x[k] = x[k] * x[k - 1] + math.sin(x[k])
        double_up(x, k + 1)


@njit
@case(X)
def fills_its_argument(x):
    y = x.copy()
    double_up(y, 1)
    return np.sum(y * y)


@njit
@case(X)
def writes_the_argument_itself(x):
    x[0] = x[0] * x[1]
    double_up(x, 1)
    x[2] = x[2] * x[3]
    double_up(x, 2)
    return np.sum(x * x)


@njit
@case(X, 3)
def writes_in_a_loop(x, n):
    y = x.copy()
    for i in range(n):
        y[0] = y[0] * x[i] + y[3]
        double_up(y, 1)
        for k in range(4):
            y[k] = y[k] * 0.3
    return np.sum(y * y)


@njit
@case(X)
def writes_in_a_branch(x):
    y = x * x
    if y[0] > 1.0:
        double_up(y, 2)
        y[1] = y[3] * y[2]
    else:
        double_up(y, 1)
    return y[1] * y[3]


@njit
def quicksort(a, low, high):
    if low < high:
        pivot = a[high]
        k = low
        for i in range(low, high):
            if a[i] < pivot:
                t = a[i]
                a[i] = a[k]
                a[k] = t
                k += 1
        a[high] = a[k]
        a[k] = pivot
        quicksort(a, low, k - 1)
        quicksort(a, k + 1, high)


@njit
@case(X)
def sorted_in_place(x):
    a = x * x
    quicksort(a, 0, a.size - 1)
    s = 0.0
    for k in range(a.size):
        s = s * a[k] + (k + 1.0) * math.sin(a[k])
    return s


@njit
def transform(re, im, n):
    if n == 1:
        return
    h = n // 2
    er, ei, orr, oi = np.empty(h), np.empty(h), np.empty(h), np.empty(h)
    for k in range(h):
        er[k], ei[k] = re[2 * k], im[2 * k]
        orr[k], oi[k] = re[2 * k + 1], im[2 * k + 1]
    transform(er, ei, h)
    transform(orr, oi, h)
    for k in range(h):
        c, s = math.cos(2.0 * math.pi * k / n), -math.sin(2.0 * math.pi * k / n)
        tr, ti = c * orr[k] - s * oi[k], c * oi[k] + s * orr[k]
        re[k], im[k] = er[k] + tr, ei[k] + ti
        re[k + h], im[k + h] = er[k] - tr, ei[k] - ti


@njit
@case(np.array([0.3, -0.2, 1.1, 0.7, -0.5, 0.9, 0.1, 0.4]))
def power_spectrum(x):
    re, im = x.copy(), np.zeros(8)
    transform(re, im, 8)
    s = 0.0
    for k in range(8):
        s += (k + 1.0) * math.sqrt(re[k] * re[k] + im[k] * im[k])
    return s


@njit
def merged(x, low, high):
    """A new array from each call."""
    n = high - low
    out = np.empty(n)
    if n == 1:
        out[0] = x[low] * x[low]
    else:
        a = merged(x, low, low + n // 2)
        b = merged(x, low + n // 2, high)
        i, j = 0, 0
        for k in range(n):
            if j == b.size or i < a.size and a[i] < b[j]:
                out[k] = a[i]
                i += 1
            else:
                out[k] = b[j]
                j += 1
    return out


@njit
@case(X)
def new_arrays(x):
    a = merged(x, 0, x.size)
    return a[0] * a[1] + a[2] * math.sin(a[3])


@njit
def smooth(x, k):
    if k == 0:
        return x.copy(), 1.0
    y, s = smooth(x * x, k - 1)
    return y * x[0], s * y[1]


@njit
@case(X, 3)
def array_and_number(x, k):
    y, s = smooth(x, k)
    return np.sum(y) * s


@njit
@case(X)
def part_written(x):
    y = x.copy()
    double_up(y[1:], 1)
    double_up(y[:3], 1)
    return np.sum(y * y * x)


@case(X, 1)
@case(X, 0)
def one_of_two_written(x, k):
    a, b = x.copy(), x * x
    c = a if k > 0 else b
    double_up(c, 1)
    a[0] = a[0] * c[1]
    return np.sum(a * b)


@njit
def running_products(x, k, out):
    if k == x.size:
        return 0
    out[k] = x[k] * x[k]
    if k > 0:
        out[k] += out[k - 1] * x[k]
    return running_products(x, k + 1, out) + 1


@case(X)
def counted_and_written(x):
    out = np.zeros(4)
    n = running_products(x, 0, out)
    t = out[1] * out[2]
    n += running_products(out, 1, x.copy())
    return t * out[3] + n * x[0]


@case(X)
def row_written(x):
    m = np.empty((3, 4))
    for i in range(3):
        for j in range(4):
            m[i, j] = x[j] * (i + 1.0)
    for i in range(3):
        double_up(m[i], 1)
    return np.sum(m * m * 0.001)


@case(X)
def written_in_nested_loops(x):
    y = x.copy()
    s = 0.0
    for i in range(2):
        for j in range(3):
            if (i + j) % 2 == 0:
                double_up(y, 1 + j)
                s += y[3] * y[2]
            for k in range(4):
                y[k] = math.sin(y[k])
    return s


COMPILED = ["derivatives_with_cases_as_arguments", "counted_and_written", "one_of_two_written"]
