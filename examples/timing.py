"""How examples and benchmarks time things: samples of the candidates alternate, so that all meet the same machine."""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def medians(calls: Mapping[str, Callable[[], object]], samples: int = 15, least: float = 2e-3,
            clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Median seconds of each call, all warm. A sample repeats its call until it has taken `least` seconds."""
    repeats = {}
    for name, call in calls.items():
        call()
        start = clock()
        call()
        once = clock() - start
        repeats[name] = max(1, round(least / max(once, 1e-9)))
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(samples):
        for name, call in calls.items():
            start = clock()
            for _ in range(repeats[name]):
                call()
            taken[name].append((clock() - start) / repeats[name])
    return {name: median(times) for name, times in taken.items()}


def report(primal: Callable[[], object], gradient: Callable[[], object], samples: int = 15) -> float:
    """Print the two times and return gradient/primal."""
    times = medians({"primal": primal, "gradient": gradient}, samples)
    ratio = times["gradient"] / times["primal"]
    print(f"time of the primal {times['primal'] * 1e3:.3f} ms, with its gradient {times['gradient'] * 1e3:.3f} ms: "
          f"gradient/primal = {ratio:.2f}")
    return ratio
