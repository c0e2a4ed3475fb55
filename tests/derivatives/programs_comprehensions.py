"""List comprehensions; added to ``CASES`` of ``programs.py``."""
import numpy as np

from tests.derivatives.programs import X, case

COMPILED = ["comprehension_to_array", "comprehension_with_conditions", "comprehension_in_a_loop"]


@case(X)
def comprehension_to_array(x):
    y = np.array([v * v for v in x])
    return np.sum(y * x)


@case(X)
def comprehension_with_conditions(x):
    k = 5
    v = 2.0
    a = [x[k] * v for k in range(4) if x[k] > 0.5 if k != 2]
    s = 0.0
    for w in a:
        s += w * w
    return s * k * v + len(a)


@case(X)
def comprehensions_nested(x):
    a = np.array([v * w + i for i, v in enumerate(x) for w in x[:i] if w > 0.6])
    return np.sum(a * a) + sum([v * v for v in a]) * max([v * 2.0 for v in x])


@case(X)
def comprehension_over_itself(x):
    x = [x * x for x in x]
    x = [v * x[0] for v in x]
    return x[0] * x[1] + x[-1]


@case(X)
def comprehension_of_functions(x):
    def f(v): return v * x[0]  # noqa: E704
    a = [f(v) for v in x if (big := v) > 0.5]
    return sum([g * big for g in a]) + min([b for b in a])


@case(X, 0)
@case(X, 3)
def comprehension_in_a_loop(x, n):
    s = 1.0
    for i in range(n):
        a = [s * v for v in x[i:]]
        s = s * 0.5 + sum(a)
        b = [s * x[j] for j in range(i)]
        for v in b:
            s += v
    return s
