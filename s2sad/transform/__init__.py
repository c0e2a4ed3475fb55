"""Differentiation: tangent and adjoint, each from IR to IR."""
