"""Derivative operators: Jacobians, Hessians and products with them, as callables and as compiled functions."""
