"""The functions whose gradients are timed, each with the adjoint an expert would write."""
from __future__ import annotations

from workloads import (
    bodies,
    burgers,
    loops,
    lorenz,
    mixture,
    options,
    orbits,
    perceptron,
    recurrent,
    rosenbrock,
)
from workloads.case import Workload

MODULES = (rosenbrock, mixture, recurrent, lorenz, burgers, bodies, options, perceptron, orbits, loops)
WORKLOADS: list[Workload] = [w for module in MODULES for w in module.WORKLOADS]
