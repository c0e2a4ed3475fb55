"""Programs that keep numbers in lists: stacks, worklists, buffers that grow. They add themselves to ``CASES``."""
import math

import numpy as np

from tests.derivatives.programs import X, case

COMPILED = ["popped_where_the_length_is_known", "pushed_and_popped", "changes_hands", "swapped_lists",
            "graph_by_breadth", "taken_from_the_middle", "joined", "lists_in_helpers", "adaptive_quadrature"]


@case(X, 3)
@case(X, 0)
@case(X, 90)
def pushed_and_popped(x, n):
    s = [x[0]]
    for i in range(n):
        s.append(math.sin(s[-1] * x[i % 4]) + 1.0)
        if i % 3 == 1:
            a = s.pop()
            s[0] += a * s[len(s) - 1]
    t = 0.0
    while s:
        v = s.pop()
        t = 0.5 * t * v + v
    return t


@case(X)
def overwritten_in_a_list(x):
    s = [0.0] * 4
    for i in range(4):
        s[i] = x[i] * x[i]
    s[1] = s[0] * s[1]
    s[-1] *= s[1]
    s[2] = math.sin(s[2]) * s[2]
    s[0] = s[3] * s[0]
    return s[0] * s[1] + s[2] * s[-2] + s[3]


@case(X, 5)
def list_made_in_every_iteration(x, n):
    t = 0.0
    for k in range(n):
        s = []
        for i in range(k):
            s.append(x[i % 4] * (t + 1.0))
        for v in s:
            t += v * v * 0.1
        s = [t, x[0]]
        t = t + s[1] * s[0] * 0.1
    return t


@case(X)
def two_names_of_one_list(x):
    a = [x[0], x[1]]
    b = a
    b.append(x[2] * x[0])
    a[0] = a[2] * x[3]
    b[1] *= a[0]
    return b[0] * a[1] + b[-1] * len(a)


@case(X)
def copies_are_lists_of_their_own(x):
    a = [x[0], x[1], x[2]]
    b = a.copy()
    c = a[:]
    d = list(a)
    a[0] = x[3] * x[3]
    b.append(a[0] * b[0])
    c[1] = c[1] * b[3]
    a.clear()
    a.append(d[0] * c[1])
    return a[0] * b[1] + c[1] * d[2] + len(a)


@case(X, 3)
def changes_hands(x, n):
    level = [x[0], x[1]]
    for k in range(n):
        deeper = []
        for v in level:
            deeper.append(v * x[2])
            if k < 2:
                deeper.append(v * v * x[3])
        level = deeper
    t = 0.0
    for v in level:
        t = t * 0.3 + v
    return t


@case(X, 4)
def swapped_lists(x, n):
    a = [x[0]]
    b = [x[1], x[2]]
    for k in range(n):
        a, b = b, a
        a.append(a[-1] * b[0] * x[3])
        b[0] = b[0] + a[0] * 0.5
    return a[0] * b[-1] + b[0] * a[-1] + len(a)


@case(X)
def popped_where_the_length_is_known(x):
    s = [math.tanh(x[2]) * x[1], x[3]]
    t = (s.pop() if len(s) > 1 else math.sin(x[0])) * x[1]
    k = 3
    k -= 1
    if k > 2:
        u = x[0] * x[1]
    else:
        u = math.cos(x[k] * t)
    return t * u + s[0] * u


@case(X)
def int_where_the_other_side_is_float(x):
    s = [x[0] * x[1]]
    t = 2 if len(s) == 1 else 0.5 * x[2]
    s.append(x[3] / t)
    v = x[2] * t if len(s) < 2 else 3
    return s[0] * s[1] * v + t / v


@case(X, 7)
def tree_without_recursion(x, n):
    stack = [0]
    weight = [1.0]
    total = 0.0
    while stack:
        node = stack.pop()
        w = weight.pop() * x[node % 4]
        total += w * w
        if 2 * node + 1 < n:
            stack.append(2 * node + 1)
            weight.append(w + x[0])
        if 2 * node + 2 < n:
            stack.append(2 * node + 2)
            weight.append(w * x[1])
    return total


EDGES = ((0, 1), (1, 2), (2, 3), (0, 3), (3, 4))


@case(X)
def graph_by_breadth(x):
    distance = [-1.0] * 5
    heads = [0, 1, 2, 0, 3]
    tails = [1, 2, 3, 3, 4]
    distance[0] = 0.0
    queue = [0]
    for node in queue:
        for e in range(len(heads)):
            if heads[e] == node and distance[tails[e]] < 0.0:
                distance[tails[e]] = distance[node] + x[e % 4] * x[e % 4]
                queue.append(tails[e])
    return sum(distance) * distance[4]


@case(X)
def taken_from_the_middle(x):
    s = [x[0], x[1], x[2], x[3]]
    a = s.pop(1)
    b = s.pop(-2)
    s.insert(0, a * b)
    s.insert(-1, s[0] * x[3])
    s.insert(9, a)
    s.reverse()
    t = 0.0
    for i, v in enumerate(s):
        t = t * 0.7 + v * (i + 1)
    return t * a


@case(X)
def joined(x):
    a = [x[0]] + [x[1], 2.0]
    b = a + [x[2]] * 2
    b += [x[3]]
    b.extend(a)
    b.extend(x[1:3])
    c = b[1:4]
    d = b[::-1]
    t = 1.0
    for u, v in zip(c, d):
        t = t * u + v
    return t + sum(b) * max(b) - min(a)


@case(X)
def bools_and_integers(x):
    seen = [False] * 4
    order = []
    for i in range(4):
        j = (3 * i + 1) % 4
        if not seen[j]:
            seen[j] = True
            order.append(j)
    t = 0.0
    for j in order:
        t = t * x[j] + x[j]
    return t if seen[0] and order else 0.0


def fill(s, x, n):
    for i in range(n):
        s.append(x[i] * x[0])


def take(s):
    if len(s) > 2:
        return s.pop() * s.pop()
    s.append(1.5)
    return s[0]


def powers(v, n):
    out = [1.0]
    for i in range(n):
        out.append(out[-1] * v)
    return out


@case(X, 3)
def lists_in_helpers(x, n):
    s = []
    fill(s, x, n)
    a = take(s)
    b = take(s)
    fill(s, x, 2)
    p = powers(a, 3)
    q = powers(b, 2)
    return a * b * s[-1] + p[3] * q[2] + len(s)


@case(X, 4)
def as_an_array(x, n):
    s = list()
    for i in range(n):
        s.append(x[i] * x[0])
    y = np.array(s)
    s[0] = x[1]
    y[1] *= y[0]
    return np.sum(y * y) * s[0]


@case(X, 6)
def pops_in_conditions(x, n):
    s = [1.0]
    for i in range(n):
        s.append(x[i % 4] * x[i % 4])
    t = 1.0
    while s and s.pop() > 0.2:
        t = t * x[0] + (s.pop() if len(s) > 3 else x[1])
        if s and t > 4.0 and s[-1] > 0.0:
            s[-1] *= t
            t *= 0.1
    return t * (s[0] if s else x[2]) + len(s)


@case(X)
def last_element_while_popping(x):
    s = [x[0], x[1], x[2]]
    s[-1] += s.pop() * x[3]
    return s[-1] * s[0]


@case(X)
def starts_with_integers(x):
    s = [0, 1]
    s.append(x[0] * x[1])
    s[0] = x[2]
    return s[0] * s[1] * s[2] + len(s[1:])


@case(X, 5)
def polynomial_in_a_buffer(x, n):
    c = [0.0] * (n + 1)
    c[0] = 1.0
    for k in range(n):
        for j in range(k + 1, 0, -1):
            c[j] = c[j] + c[j - 1] * x[k % 4]
        c[0] *= x[0]
    t = 0.0
    for v in c:
        t = t * 0.9 + v
    return t


@case(X, 40)
def adaptive_quadrature(x, n):
    left = [0.0]
    right = [x[0]]
    total = 0.0
    steps = 0
    while left and steps < n:
        a = left.pop()
        b = right.pop()
        m = 0.5 * (a + b)
        fa, fm, fb = math.exp(-a * x[1]), math.exp(-m * x[1]), math.exp(-b * x[1])
        coarse = (b - a) * (fa + fb) * 0.5
        fine = (b - a) * (fa + 2.0 * fm + fb) * 0.25
        if abs(coarse - fine) < 1e-3:
            total += fine
        else:
            left.append(a)
            right.append(m)
            left.append(m)
            right.append(b)
        steps += 1
    return total * x[2]


@case(X, 4)
def looked_up(x, n):
    seen = [1, 3]
    t = x[0]
    for i in range(n):
        if i in seen:
            t = t * x[i] + 1.0
        elif len(seen) < 4 and i + 2 not in seen:
            seen.append(i + 2)
            t = t + x[i] * x[i]
    return t * len(seen) if 99 not in seen else t
