"""European calls by the formula of Black and Scholes: all partial derivatives of every price."""
import math

import numpy as np
from numba import prange

from workloads.case import Workload

ROOT2 = math.sqrt(2.0)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


def prices(spot, strike, maturity, rate, volatility, out):
    for i in prange(spot.shape[0]):
        root = math.sqrt(maturity[i])
        spread = volatility[i] * root
        d1 = (math.log(spot[i] / strike[i]) + (rate[i] + 0.5 * volatility[i] * volatility[i]) * maturity[i]) / spread
        d2 = d1 - spread
        n1 = 0.5 * (1.0 + math.erf(d1 / ROOT2))
        n2 = 0.5 * (1.0 + math.erf(d2 / ROOT2))
        out[i] = spot[i] * n1 - strike[i] * math.exp(-rate[i] * maturity[i]) * n2


def by_hand(spot, strike, maturity, rate, volatility, out):
    """The textbook's Greeks, which know that the densities at d1 and d2 cancel."""
    n = spot.shape[0]
    delta = np.empty(n)
    by_strike = np.empty(n)
    theta = np.empty(n)
    rho = np.empty(n)
    vega = np.empty(n)
    for i in range(n):
        root = math.sqrt(maturity[i])
        spread = volatility[i] * root
        d1 = (math.log(spot[i] / strike[i]) + (rate[i] + 0.5 * volatility[i] * volatility[i]) * maturity[i]) / spread
        d2 = d1 - spread
        n1 = 0.5 * (1.0 + math.erf(d1 / ROOT2))
        discounted = math.exp(-rate[i] * maturity[i]) * 0.5 * (1.0 + math.erf(d2 / ROOT2))
        density = spot[i] * DENSITY * math.exp(-0.5 * d1 * d1)
        out[i] = spot[i] * n1 - strike[i] * discounted
        delta[i] = n1
        by_strike[i] = -discounted
        theta[i] = 0.5 * density * volatility[i] / root + rate[i] * strike[i] * discounted
        rho[i] = maturity[i] * strike[i] * discounted
        vega[i] = density * root
    return delta, by_strike, theta, rho, vega


def arguments(small):
    n = 20 if small else 1_000_000
    rng = np.random.default_rng(0)
    return (rng.uniform(50, 150, n), rng.uniform(50, 150, n), rng.uniform(0.1, 3, n), rng.uniform(0.0, 0.1, n),
            rng.uniform(0.1, 0.5, n), np.empty(n))


WORKLOADS = [Workload("Black-Scholes, 1e6 options", prices, arguments,
                      ("spot", "strike", "maturity", "rate", "volatility"), by_hand, "out", 1.15)]
