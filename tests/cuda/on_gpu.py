"""The tests of kernels on a GPU, adjoints launched twenty times, and under ``compute-sanitizer`` where that is there.

``python -m tests.cuda.on_gpu``, or ``make test-gpu``. Where there is no GPU it prints why, and that is all.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FILES = [str(Path(__file__).with_name(name)) for name in ("on_device.py", "hosts.py")]
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *FILES)


def missing() -> str:
    """Why there is no GPU to use; nothing if there is one."""
    try:
        from numba import cuda
        return "" if cuda.is_available() else " ".join(str(cuda.cuda_error() or "none is visible").split())
    except Exception as e:                                       # whatever keeps numba from finding a driver
        return f"{type(e).__name__}: {e}"


def main() -> int:
    """Run everything; the exit status of the first part that fails."""
    reason = missing()
    if reason:
        print(f"tests on a GPU are left out, because no GPU can be used: {reason}")
        return 0
    environment = {**os.environ, "S2SAD_REPEATS": "20"}
    status = subprocess.run(PYTEST, env=environment).returncode
    sanitizer = shutil.which("compute-sanitizer")
    if sanitizer is None:
        print("compute-sanitizer is not installed: no check of memory and of races by it")
    for tool in ("memcheck", "racecheck") if sanitizer and not status else ():
        command = (sanitizer, f"--tool={tool}", "--error-exitcode=9", *PYTEST, "-k", "transpose")
        status = status or subprocess.run(command).returncode  # type: ignore[arg-type]
    return status


if __name__ == "__main__":
    sys.exit(main())
