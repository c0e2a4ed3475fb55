"""NumPy functions as programs: each is one declaration, its body written in the language the compiler reads.

A call of one is replaced by its body, specialised for the types of the operands; derivatives of both modes follow from
those of loops and numbers. :mod:`s2sad.array_functions.declare` says how a function is declared,
:mod:`s2sad.array_functions.sites` how calls are replaced.
"""
from s2sad.array_functions import (
    building,
    comparing,
    contractions,
    extremes,
    ignoring_nan,
    joining,
    ordering,
    rearranging,
    reductions,
    scattering,
    searching,
    signals,
    statistics,
)
from s2sad.array_functions.declare import Declaration, declared, table

__all__ = ["Declaration", "building", "comparing", "contractions", "declared", "extremes", "ignoring_nan", "joining",
           "ordering", "rearranging", "reductions", "scattering", "searching", "signals", "statistics", "table"]
