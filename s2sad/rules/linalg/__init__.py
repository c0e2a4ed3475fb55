"""Rules of linear algebra: tangents and adjoints as Python, parsed by the frontend like anybody's.

The factorisations and solutions in them are calls of LAPACK again, so they can be differentiated once more. With the
inner product ``Re(conj(b) d)`` the formulas hold for complex matrices.

Literature: M. B. Giles, *An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation*, 2008; J. Townsend, *Differentiating the singular value decomposition*, 2016; G. H. Golub, V. Pereyra,
*The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate*, 1973.
"""
from s2sad.rules.linalg import factorisations, norms, products, spectra, systems

__all__ = ["factorisations", "norms", "products", "spectra", "systems"]
