"""The rules of every elementwise function and operator.

Where several formulas are equal on paper, the one that keeps its relative accuracy wins (``exp(x)`` for ``expm1``, not
``Ω + 1``), then the one whose own derivatives stay finite (``sech2(x)`` for ``tanh``: differentiating ``1/cosh(x)**2``
gives ``0 * inf`` for large ``x``), then the one that is cheap. Conventions at points where no derivative exists are
tabulated in ``docs/conventions.md``.
"""
from __future__ import annotations

from s2sad.rules.table import constant, rule

# ---------------------------------------------------------------------------- operators

rule("add(x, y)", names=("add", "np.add"), x="1", y="1")
rule("sub(x, y)", names=("sub", "np.subtract"), x="1", y="-1")
rule("mul(x, y)", names=("mul", "np.multiply"), x="y", y="x")
# Whether an operand is some literal is decided at once.
rule("div(x, y)", names=("div", "np.divide", "np.true_divide"), x="1 / y", y="-Ω * Ω if x is 1 else -Ω / y")
rule("neg(x)", names=("neg", "np.negative"), x="-1")
rule("pos(x)", names=("pos", "np.positive"), x="1")
# With a literal exponent the condition is decided at once: x**2 gives 2 * x, x**0 gives 0.
rule("pow(x, y)", names=("pow", "np.power", "np.pow", "np.float_power", "math.pow"),
     x="0.0 if y == 0 else y * x**(y - 1)", y="Ω * log(x if x != 0 else 1.0)")
# x - Ω is the multiple of y that was taken off; x / y may round up to a whole number and would then be one too many.
rule("mod(x, y)", names=("mod", "np.remainder", "np.mod"), x="1", y="-rint((x - Ω) / y)")
rule("fmod(x, y)", names=("np.fmod",), x="1", y="-rint((x - Ω) / y)")
rule("select(c, a, b)", c="0.0", a="1.0 if c else 0.0", b="0.0 if c else 1.0")
rule("square(x)", x="2 * x")
rule("reciprocal(x)", x="-Ω * Ω")

constant("floordiv", "floor_divide", "lt", "le", "gt", "ge", "eq", "ne", "not", "invert", "and_", "or_", "xor",
         "lshift", "rshift", "is_", "is_not")

# ---------------------------------------------------------------------------- powers, exponentials, logarithms

rule("sqrt(x)", x="0.5 / Ω")
rule("cbrt(x)", names=("np.cbrt",), x="1 / (3 * Ω * Ω)")
rule("hypot(x, y)", x="0.0 if Ω == 0 else x / Ω", y="0.0 if Ω == 0 else y / Ω")
rule("exp(x)", x="Ω")
rule("exp2(x)", x="ln2 * Ω")
rule("expm1(x)", x="exp(x)")
rule("log(x)", x="1 / x")
rule("log2(x)", x="1 / (ln2 * x)")
rule("log10(x)", x="1 / (ln10 * x)")
rule("log1p(x)", x="1 / (1 + x)")
rule("logaddexp(x, y)", x="expit(x - y)", y="expit(y - x)")
rule("logaddexp2(x, y)", x="expit(ln2 * (x - y))", y="expit(ln2 * (y - x))")

# ---------------------------------------------------------------------------- trigonometric and hyperbolic

rule("sin(x)", x="cos(x)")
rule("cos(x)", x="-sin(x)")
rule("tan(x)", x="1 + Ω * Ω")
rule("arcsin(x)", names=("math.asin", "np.arcsin", "np.asin"), x="1 / sqrt((1 - x) * (1 + x))")
rule("arccos(x)", names=("math.acos", "np.arccos", "np.acos"), x="-1 / sqrt((1 - x) * (1 + x))")
rule("arctan(x)", names=("math.atan", "np.arctan", "np.atan"), x="1 / (1 + x * x)")
# Divided twice: the square of the radius would overflow or underflow long before the partial does.
rule("arctan2(y, x)", names=("math.atan2", "np.arctan2", "np.atan2"), where={"r": "hypot(x, y)"},
     y="x / r / r", x="-y / r / r")
rule("sinh(x)", x="cosh(x)")
rule("cosh(x)", x="sinh(x)")
rule("tanh(x)", x="tanh_slope(x, Ω)")
rule("arcsinh(x)", names=("math.asinh", "np.arcsinh", "np.asinh"), x="1 / hypot(1.0, x)")
# Two roots: their product does not overflow, and is NaN below -1, where the function is.
rule("arccosh(x)", names=("math.acosh", "np.arccosh", "np.acosh"), x="1 / (sqrt(x - 1) * sqrt(x + 1))")
rule("arctanh(x)", names=("math.atanh", "np.arctanh", "np.atanh"), x="1 / ((1 - x) * (1 + x))")
rule("radians(x)", names=("math.radians", "np.radians", "np.deg2rad"), x="radian")
rule("degrees(x)", names=("math.degrees", "np.degrees", "np.rad2deg"), x="degree")
rule("sinc(x)", x="-(pi * pi) * x * reduced_bessel(1, pi * x)")

# ---------------------------------------------------------------------------- special functions

rule("erf(x)", names=("math.erf", "erf"), x="two_over_sqrt_pi * gauss(x)")
rule("erfc(x)", names=("math.erfc", "erfc"), x="-two_over_sqrt_pi * gauss(x)")
rule("gauss(x)", x="0.0 if Ω == 0 else -2 * x * Ω")
# The density by the tail: 1 / norm_pdf(Ω) would multiply the error of Ω by its square.
rule("erfinv(x)", where={"q": "1 - x if x > 0 else 1 + x", "z": "sqrt2 * (-Ω if x > 0 else Ω)"},
     x="1 / q if q == 0 else 1 / (sqrt2 * q * inverse_mills(z))")
rule("ndtri(x)", where={"q": "x if x < 0.5 else 1 - x", "z": "Ω if x < 0.5 else -Ω"},
     x="1 / q if q == 0 else 1 / (q * inverse_mills(z))")
rule("ndtr(x)", x="norm_pdf(x)")
rule("norm_pdf(x)", x="0.0 if Ω == 0 else -x * Ω")
rule("log_ndtr(x)", x="inverse_mills(x)")
rule("inverse_mills(x)", x="0.0 if Ω == 0 else -Ω * mills_gap(x)")
rule("mills_gap(x)", x="0.0 if Ω == 0 else 1 - Ω * inverse_mills(x)")

rule("gamma(x)", x="Ω * digamma(x)")
rule("lgamma(x)", names=("math.lgamma", "gammaln"), x="digamma(x)")
rule("digamma(x)", x="polygamma(1, x)")
rule("polygamma(n, x)", n="0.0", x="polygamma(n + 1, x)")

rule("expit(x)", x="Ω * expit(-x)")
rule("logit(x)", x="1 / (x * (1 - x))")
rule("log_expit(x)", x="expit(-x)")
rule("softplus(x)", x="expit(x)")
rule("log1mexp(x)", x="1 / expm1(x)")
rule("logexpm1(x)", x="-1 / expm1(-x)")
rule("xlogy(x, y)", x="log(y)", y="0.0 if x == 0 else x / y")
rule("xlog1py(x, y)", x="log1p(y)", y="0.0 if x == 0 else x / (1 + y)")

# ---------------------------------------------------------------------------- s2sad.vmath

rule("vector_exp(x)", x="Ω")
rule("vector_expm1(x)", x="vector_exp(x)")
rule("vector_log(x)", x="1 / x")
rule("vector_log1p(x)", x="1 / (1 + x)")
rule("vector_pow(x, y)", x="0.0 if y == 0 else y * vector_pow(x, y - 1)", y="Ω * vector_log(x if x != 0 else 1.0)")
rule("vector_sin(x)", x="vector_cos(x)")
rule("vector_cos(x)", x="-vector_sin(x)")
rule("vector_tanh(x)", x="vector_sech2(x)")
rule("vector_sech2(x)", x="-2 * vector_tanh(x) * Ω")
rule("vector_expit(x)", x="Ω * vector_expit(-x)")
rule("vector_erf(x)", x="two_over_sqrt_pi * vector_gauss(x)")
rule("vector_erfc(x)", x="-two_over_sqrt_pi * vector_gauss(x)")
rule("vector_gauss(x)", x="0.0 if Ω == 0 else -2 * x * Ω")
rule("vector_ndtr(x)", x="vector_norm_pdf(x)")
rule("vector_norm_pdf(x)", x="0.0 if Ω == 0 else -x * Ω")

# ---------------------------------------------------------------------------- not smooth everywhere

rule("abs(x)", names=("abs", "np.abs", "np.absolute", "np.fabs", "math.fabs"), x="sign(x)")
rule("copysign(x, y)", x="sign(x) * copysign(1.0, y)", y="0.0")
rule("max(x, y)", names=("max", "np.maximum"),
     x="1.0 if x > y else 0.5 if x == y else 0.0", y="1.0 if y > x else 0.5 if x == y else 0.0")
rule("min(x, y)", names=("min", "np.minimum"),
     x="1.0 if x < y else 0.5 if x == y else 0.0", y="1.0 if y < x else 0.5 if x == y else 0.0")
# Compared with the result: one NaN operand, which fmax and fmin pass over, then takes no share.
for _names in (("np.fmax",), ("np.fmin",)):
    rule("extremum(x, y)", names=_names,
         x="(0.5 if x == y else 1.0) if x == Ω else 0.0", y="(0.5 if x == y else 1.0) if y == Ω else 0.0")
rule("nan_to_num(x)", x="1.0 if isfinite(x) else 0.0")

constant("floor", "ceil", "trunc", "rint", "sign", "spacing", "signbit")
constant("round", "np.round", "np.around")
constant("int", "bool", "np.bool_", *(f"np.{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)))
constant("isnan", "isinf", "isfinite", "np.isneginf", "np.isposinf", "np.isclose", "np.isreal", "np.iscomplex")
constant("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
constant("logical_and", "logical_or", "logical_xor", "logical_not")
constant("bitwise_and", "bitwise_or", "bitwise_xor", "np.invert", "left_shift", "right_shift", "gcd", "np.lcm")

# ---------------------------------------------------------------------------- casts, scaling, the compiler's own

rule("float(x)", names=("float", "np.float64", "np.float32"), x="1")
rule("ldexp(x, n)", x="ldexp(1.0, n)", n="0.0")
# math.frexp gives both.
rule("significand(x)", x="ldexp(1.0, -binary_exponent(x))")
constant("binary_exponent")
rule("zmul(b, p)", b="p", p="b")
rule("nonzero(d)", names=("nonzero",), d="1")
rule("sech2(x)", x="-2 * tanh(x) * Ω")
# A function of x only: y is tanh(x).
rule("tanh_slope(x, y)", x="-2 * y * Ω", y="0.0")
rule("reduced_bessel(n, z)", n="0.0", z="-z * reduced_bessel(n + 1, z)")

constant("stop_gradient", "list_index")
