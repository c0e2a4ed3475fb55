"""The rules of functions of complex numbers; what is not listed here is refused on a complex operand.

The functions are those that numba has for complex numbers, with its values on the branch cuts: there a partial belongs
to the branch that the value belongs to, which the sign of a zero decides. A sum with a real number loses that sign and
a difference keeps it, so some formulas have ``z - -1`` where ``z + 1`` would be meant (``np.arccosh``, which loses the
sign itself, has the sum). Divisions in formulas are made ``np.divide``: in numba ``/`` raises at zero.
"""
from __future__ import annotations

from s2sad.rules.table import antiholomorphic, constant_on_complex, holomorphic, real_valued, rule, same_on_complex

# ---------------------------------------------------------------------------- the formulas of real numbers hold

same_on_complex("add", "sub", "mul", "div", "neg", "pos", "pow", "select", "zmul", "nonzero")
same_on_complex("np.add", "np.subtract", "np.multiply", "np.divide", "np.negative", "np.positive", "np.power",
                "np.float_power", "np.square", "np.reciprocal")
same_on_complex("np.sqrt", "np.exp", "np.exp2", "np.expm1", "np.log", "np.log2", "np.log10", "np.log1p",
                "np.sin", "np.cos", "np.sinh", "np.cosh")

# ---------------------------------------------------------------------------- other formulas

holomorphic("tan(z)", z="complex_sech2(times_i(z))")
holomorphic("tanh(z)", z="complex_sech2(z)")
holomorphic("arcsin(z)", z="1 / (sqrt(-(z - 1)) * sqrt(z - -1))")
holomorphic("arccos(z)", z="-1 / (sqrt(-(z - 1)) * sqrt(z - -1))")
holomorphic("arctan(z)", z="1 / ((z - 1j) * (z + 1j))")
holomorphic("arcsinh(z)", where={"w": "times_i(z)"}, z="1 / (sqrt(-(w - 1)) * sqrt(w - -1))")
holomorphic("arccosh(z)", names=("np.arccosh", "np.acosh"), z="1 / (sqrt(z - 1) * sqrt(z + 1))")
holomorphic("acosh(z)", names=("cmath.acosh",), z="1 / (sqrt(z - 1) * sqrt(z - -1))")
holomorphic("arctanh(z)", z="1 / ((1 - z) * (1 + z))")

# ---------------------------------------------------------------------------- parts, and numbers made of parts

holomorphic("complex(a, b)", names=("complex",), a="1", b="1j")
holomorphic("cast(z)", names=("np.complex128", "np.complex64"), z="1")
holomorphic("rect(r, phi)", names=("cmath.rect",), r="exp(1j * phi)", phi="times_i(Ω)")
antiholomorphic("conj(z)", names=("np.conj",), z="1")
real_valued("real(z)", names=("np.real",), z="1")
real_valued("imag(z)", names=("np.imag",), z="1j")
real_valued("abs(z)", names=("abs", "np.abs", "np.absolute"), z="0.0 if Ω == 0 else z / Ω")
# Divided twice: the square of the radius would overflow or underflow long before the gradient does.
real_valued("angle(z)", names=("np.angle", "cmath.phase"), where={"r": "abs(z)"}, z="times_i(z) / r / r")

rule("real(x)", names=("np.real",), x="1")
rule("conj(x)", names=("np.conj",), x="1")
rule("imag(x)", names=("np.imag",), x="0.0")
rule("angle(x)", names=("np.angle",), x="0.0")

# ---------------------------------------------------------------------------- the compiler's own

holomorphic("times_i(z)", names=("times_i",), z="1j")
holomorphic("complex_sech2(z)", names=("complex_sech2",), z="-2 * tanh(z) * Ω")

# ---------------------------------------------------------------------------- constant; np.sign is not

constant_on_complex("eq", "ne", "not", "is_", "is_not", "np.equal", "np.not_equal", "np.logical_and", "np.logical_or",
                    "np.logical_xor", "np.logical_not", "bool", "np.bool_", "np.rint", "np.round", "np.isnan",
                    "np.isinf", "np.isfinite", "np.isreal", "np.iscomplex", "cmath.isnan", "cmath.isinf",
                    "cmath.isfinite", "stop_gradient")
