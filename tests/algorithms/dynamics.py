"""Time stepping and simulation. ``CASES``: name -> (function, arguments, wrt)."""
import math

import numpy as np

RNG = np.random.default_rng(12)


def pendulum(t, y, damping):
    return np.array([y[1], -damping * y[1] - math.sin(y[0]) + 0.3 * math.cos(t)])


def runge_kutta_fehlberg(y0, damping, t_end, tolerance):
    """Embedded 4(5) pair with step control: steps are rejected, so the trip count depends on values."""
    y = y0.copy()
    t = 0.0
    h = 0.2
    accepted = 0
    while t < t_end:
        if t + h > t_end:
            h = t_end - t
        k1 = pendulum(t, y, damping)
        k2 = pendulum(t + h / 4, y + h * k1 / 4, damping)
        k3 = pendulum(t + 3 * h / 8, y + h * (3 * k1 + 9 * k2) / 32, damping)
        k4 = pendulum(t + 12 * h / 13, y + h * (1932 * k1 - 7200 * k2 + 7296 * k3) / 2197, damping)
        k5 = pendulum(t + h, y + h * (439 * k1 / 216 - 8 * k2 + 3680 * k3 / 513 - 845 * k4 / 4104), damping)
        k6 = pendulum(t + h / 2, y + h * (-8 * k1 / 27 + 2 * k2 - 3544 * k3 / 2565 + 1859 * k4 / 4104 - 11 * k5 / 40),
                      damping)
        error = 0.0
        for i in range(2):
            e = k1[i] / 360 - 128 * k3[i] / 4275 - 2197 * k4[i] / 75240 + k5[i] / 50 + 2 * k6[i] / 55
            error = max(error, abs(h * e))
        if error <= tolerance:
            t += h
            y = y + h * (25 * k1 / 216 + 1408 * k3 / 2565 + 2197 * k4 / 4104 - k5 / 5)
            accepted += 1
            if accepted > 1000:
                break
        h *= min(4.0, max(0.1, 0.84 * (tolerance / (error + 1e-30)) ** 0.25))
    return y[0] * y[0] + 0.5 * y[1] * y[1]


def acceleration(position, mass, force):
    n = position.shape[0]
    force[:] = 0.0
    for i in range(n):
        for j in range(i):
            d = position[i] - position[j]
            r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.05
            w = 1.0 / (r2 * math.sqrt(r2))
            for c in range(3):
                force[i, c] -= mass[j] * w * d[c]
                force[j, c] += mass[i] * w * d[c]


def leapfrog(position, velocity, mass, dt, steps):
    """N-body, kick-drift-kick; the arguments are advanced in place."""
    force = np.empty_like(position)
    acceleration(position, mass, force)
    for _ in range(steps):
        velocity += 0.5 * dt * force
        position += dt * velocity
        acceleration(position, mass, force)
        velocity += 0.5 * dt * force
    energy = 0.0
    for i in range(position.shape[0]):
        energy += 0.5 * mass[i] * np.sum(velocity[i] ** 2)
        for j in range(i):
            energy -= mass[i] * mass[j] / math.sqrt(np.sum((position[i] - position[j]) ** 2) + 0.05)
    return energy + position[0, 0] * position[1, 2]


def acoustic_wave(speed, source, nt, dt, dx):
    """2-D wave equation, three time levels rotated, first-order absorbing boundary; energy at a receiver."""
    ny, nx = speed.shape
    old, now, new = np.zeros((ny, nx)), np.zeros((ny, nx)), np.zeros((ny, nx))
    misfit = 0.0
    for t in range(nt):
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                c = (speed[i, j] * dt / dx) ** 2
                new[i, j] = 2 * now[i, j] - old[i, j] + c * (
                    now[i - 1, j] + now[i + 1, j] + now[i, j - 1] + now[i, j + 1] - 4 * now[i, j])
        for i in range(ny):
            for side, inner in ((0, 1), (nx - 1, nx - 2)):
                r = speed[i, side] * dt / dx
                new[i, side] = now[i, inner] + (r - 1) / (r + 1) * (new[i, inner] - now[i, side])
        for j in range(nx):
            for side, inner in ((0, 1), (ny - 1, ny - 2)):
                r = speed[side, j] * dt / dx
                new[side, j] = now[inner, j] + (r - 1) / (r + 1) * (new[inner, j] - now[side, j])
        new[ny // 2, nx // 2] += source[t]
        old, now, new = now, new, old
        misfit += now[1, 1] ** 2
    return misfit


def sir(rates, start, days, threshold):
    """SIR epidemic with a lockdown that sets in and lifts as cases pass a threshold, and early extinction."""
    beta, gamma = rates[0], rates[1]
    s, i, r = start[0], start[1], start[2]
    locked = False
    peak = 0.0
    for day in range(days):
        if not locked and i > threshold:
            locked = True
        elif locked and i < 0.5 * threshold:
            locked = False
        contact = beta * rates[2] if locked else beta
        for _ in range(4):
            infected = 0.25 * contact * s * i
            recovered = 0.25 * gamma * i
            s -= infected
            i += infected - recovered
            r += recovered
        if i > peak:
            peak = i
        if i < 1e-6:
            break
    return peak + r * r


def kalman(observed, transition, noise):
    """Log likelihood of a local-trend model; missing observations are NaN and skipped."""
    x0, x1 = 0.0, 0.1
    p00, p01, p11 = 1.0, 0.0, 1.0
    loglik = 0.0
    for t in range(observed.shape[0]):
        x0, x1 = x0 + transition[0] * x1, transition[1] * x1
        p00, p01, p11 = (p00 + 2 * transition[0] * p01 + transition[0] ** 2 * p11 + noise[0],
                         transition[1] * (p01 + transition[0] * p11), transition[1] ** 2 * p11 + noise[1])
        if math.isnan(observed[t]):
            continue
        innovation = observed[t] - x0
        variance = p00 + noise[2]
        loglik -= 0.5 * (math.log(2 * math.pi * variance) + innovation * innovation / variance)
        k0, k1 = p00 / variance, p01 / variance
        x0 += k0 * innovation
        x1 += k1 * innovation
        p11 -= k1 * p01
        p01 *= 1 - k0
        p00 *= 1 - k0
    return loglik


def metropolis(mu, scale, proposals, uniforms):
    """A Metropolis chain with fixed draws; the derivative is that of the path taken."""
    x = 0.5
    total = 0.0
    accepted = 0
    for t in range(proposals.shape[0]):
        candidate = x + scale * proposals[t]
        ratio = math.exp(0.5 * (x - mu) ** 2 - 0.5 * (candidate - mu) ** 2)
        if uniforms[t] < ratio:
            x = candidate
            accepted += 1
        total += x * x
    return total / proposals.shape[0] + mu * accepted


def monte_carlo_asian(spot, rate, volatility, draws, strike):
    """An arithmetic Asian option by Monte Carlo with stored draws."""
    paths, steps = draws.shape
    dt = 1.0 / steps
    drift = (rate - 0.5 * volatility ** 2) * dt
    payoff = 0.0
    for p in range(paths):
        s = spot
        mean = 0.0
        for t in range(steps):
            s *= math.exp(drift + volatility * math.sqrt(dt) * draws[p, t])
            mean += s
        payoff += max(mean / steps - strike, 0.0)
    return math.exp(-rate) * payoff / paths


def binomial_american_put(spot, strike, rate, volatility, steps):
    """Cox-Ross-Rubinstein tree, rolled back in place."""
    dt = 1.0 / steps
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1 / up) / (up - 1 / up)
    discount = math.exp(-rate * dt)
    value = np.empty(steps + 1)
    for k in range(steps + 1):
        value[k] = max(strike - spot * up ** (2 * k - steps), 0.0)
    for step in range(steps - 1, -1, -1):
        for k in range(step + 1):
            held = discount * (p * value[k + 1] + (1 - p) * value[k])
            value[k] = max(held, strike - spot * up ** (2 * k - step))
    return value[0]


OBSERVED = np.array([0.3, 0.5, math.nan, 0.9, 1.4, 1.1, math.nan, 1.9])

CASES = {
    "runge_kutta_fehlberg": (runge_kutta_fehlberg, (np.array([1.2, -0.3]), 0.21, 3.0, 1e-4), ("y0", "damping")),
    "leapfrog": (leapfrog, (RNG.normal(size=(4, 3)), 0.3 * RNG.normal(size=(4, 3)), RNG.uniform(0.5, 1.5, 4), 0.02, 5),
                 ("position", "velocity", "mass")),
    "acoustic_wave": (acoustic_wave, (RNG.uniform(0.8, 1.2, (7, 6)), np.sin(np.arange(12.0)), 12, 0.4, 1.0),
                      ("speed", "source")),
    "sir": (sir, (np.array([0.9, 0.25, 0.3]), np.array([0.98, 0.02, 0.0]), 60, 0.12), ("rates", "start")),
    "kalman": (kalman, (OBSERVED, np.array([1.0, 0.97]), np.array([0.1, 0.02, 0.3])), ("transition", "noise")),
    "metropolis": (metropolis, (0.4, 0.8, RNG.normal(size=40), RNG.uniform(size=40)), ("mu", "scale")),
    "monte_carlo_asian": (monte_carlo_asian, (1.1, 0.03, 0.25, RNG.normal(size=(12, 6)), 1.07),
                          ("spot", "rate", "volatility")),
    "binomial_american_put": (binomial_american_put, (1.05, 1.1, 0.04, 0.3, 16),
                              ("spot", "strike", "rate", "volatility")),
}
