"""Programs that draw random numbers: each draw happens once, in its place. They add themselves to ``CASES``."""
import math

import numpy as np

from tests.derivatives.programs import W, X, case


@case(X)
def draws_of_every_form(x):
    np.random.seed(3)
    a = np.random.random() + np.random.rand() * x[0] + np.random.random_sample() + np.random.ranf()
    b = np.random.randn() * x[1] + np.random.standard_normal() + np.random.standard_exponential()
    c = np.random.uniform(-1.0, 2.0) + np.random.normal(0.5, 2.0) + np.random.exponential(3.0)
    d = np.random.randint(3) + np.random.randint(-4, 5)
    return (a + b * x[2]) * c * x[3] + d * x[0] * x[0]


@case(X)
def equal_draws_are_different_draws(x):
    np.random.seed(5)
    a = np.random.random() * x[0]
    b = np.random.random() * x[0]
    return a * b * b


@case(X)
def draw_nobody_reads(x):
    np.random.seed(5)
    a = np.random.random()
    np.random.random()
    b = np.random.random()
    np.random.normal(0.0, 1.0, 3)
    return (a * x[0] + b * x[1]) * np.random.random() * x[0]


@case(X, 6)
def draws_in_a_loop(x, n):
    np.random.seed(7)
    s = x[0]
    for i in range(n):
        u = np.random.random()
        if u < 0.6:
            s = s * (1.0 + 0.1 * u * x[1])
            if np.random.random() < 0.5:
                continue
            s += np.random.normal(0.0, 0.1) * x[2]
        else:
            s = s - u * x[3] * s
    return s * s


@case(X)
def draws_decide_a_while(x):
    np.random.seed(11)
    p = x[0]
    while np.random.random() < 0.8:
        p = p * x[1] + np.random.random() * x[2]
        if p > 50.0:
            break
    return p * p


@case(X, 4)
def located_and_scaled(x, n):
    np.random.seed(13)
    a = np.random.normal(x[0], x[1]) * np.random.uniform(x[2], x[3])
    b = np.random.normal(x[0], x[1] * x[1], n)
    c = np.random.uniform(x[0], 3.0, size=(2, 2)) * x[1]
    for i in range(n):
        a = a * np.exp(-b[i] * 0.1) + np.random.exponential(x[i])
    return a * c[0, 1] * c[1, 0] + np.random.laplace(x[0], x[1]) * np.random.lognormal(0.1 * x[2], 0.2 * x[3]) \
        + np.random.logistic(x[0], x[1]) * np.random.gumbel(x[2], x[3])


@case(X)
def only_one_parameter_varies(x):
    np.random.seed(17)
    a = np.random.normal(0.0, x[0]) * np.random.normal(x[1], 1.0)
    return a * np.random.uniform(0, x[2]) * np.random.uniform(x[3], 1)


@case(X)
def shuffled_while_active(x):
    np.random.seed(19)
    y = x * x
    np.random.shuffle(y)
    z = np.random.permutation(y) * y
    np.random.shuffle(z[1:])
    return z[0] * x[0] + z[1] * x[1] * z[2] + z[3]


@case(X)
def draws_shuffled_then_used(x):
    np.random.seed(21)
    u = np.random.standard_normal(4) * math.cos(x[1])
    np.random.shuffle(u)
    return u[0] * x[1] + u[3] * x[2]


@case(W, wrt=("w",))
def shuffled_rows(w):
    np.random.seed(23)
    y = w * w
    np.random.shuffle(y)
    return y[0, 0] * w[1, 2] + y[1, 1] * y[2, 2]


@case(X)
def argument_shuffled(x):
    np.random.seed(29)
    s = x[0] * x[0]
    for k in range(3):
        np.random.shuffle(x)
        s = s * x[0] + x[1]
    return s


@case(X)
def chosen(x):
    np.random.seed(31)
    y = x * x
    a = np.random.choice(y) * np.random.choice(4)
    b = np.random.choice(y, 3)
    c = np.random.choice(y, size=(2, 2), replace=False)
    p = np.random.permutation(4)
    return a * b[0] * b[1] + c[1, 0] * c[0, 1] * b[2] + x[p[0]] * x[p[3]]


def noise(x, scale):
    return x + scale * np.random.standard_normal()


@case(X)
def draws_in_a_helper(x):
    np.random.seed(37)
    s = 0.0
    for i in range(4):
        s = s * 0.5 + noise(x[i], noise(x[0], 0.1)) ** 2
    return s


@case(X)
def seeded_again(x):
    np.random.seed(1)
    a = np.random.random() * x[0]
    np.random.seed(1)
    b = np.random.random() * x[1]
    return a * b * (np.random.random() if x[0] > 5.0 else x[2])


@case(X, 40)
def metropolis(x, n):
    np.random.seed(41)
    state = x[0]
    energy = state * state * x[1]
    total = 0.0
    for k in range(n):
        trial = state + x[2] * np.random.uniform(-1.0, 1.0)
        e = trial * trial * x[1]
        if e < energy or np.random.random() < math.exp(energy - e):
            state, energy = trial, e
        total += state * state * x[3]
    return total / n


@case(X, 5, 8)
def monte_carlo(x, paths, steps):
    np.random.seed(43)
    payoff = 0.0
    for p in range(paths):
        s = x[0]
        for t in range(steps):
            s = s * np.exp((0.05 - 0.5 * x[1] * x[1]) * 0.1 + x[1] * np.random.normal(0.0, np.sqrt(0.1)))
        payoff += max(s - x[2], 0.0)
    return payoff / paths


@case(X)
def draws_of_other_distributions(x):
    np.random.seed(47)
    a = np.random.gamma(2.5, 1.5) + np.random.beta(0.7, 1.4) + np.random.triangular(0.0, 0.3, 1.0)
    k = np.random.poisson(3.0) + np.random.binomial(10, 0.4)
    return a * x[0] * x[1] + k * x[2]
