"""Random draws become scalar draws, in numba's order: arrays of draws are loops, a shuffle is a loop of swaps.

Before::

    y = np.random.normal(mu, sigma, 3)
    np.random.shuffle(x)

after (where ``mu`` or ``sigma`` is a variable of floating-point type)::

    y = np.empty(3)
    for i in range(3):
        t = np.random.standard_normal()
        y[i] = mu + sigma * t
    for i in range(n_x - 1, 0, -1):
        j = np.random.randint(i + 1)
        t1, t2 = x[j], x[i]
        x[i] = t1
        x[j] = t2

The arithmetic is what numba does itself, so that values are the same to the last bit; the draws are constants, and the
derivative by location and scale (pathwise) and by the elements of a shuffled array follows from the rest. Other
distributions keep their parameters; :mod:`s2sad.analysis.activity` refuses them where one of these is active.
"""
from __future__ import annotations

from numba import types as nbt

from s2sad.errors import UnsupportedFunction
from s2sad.ir import Arg, Assign, Atom, Call, Const, For, If, Load, Op, Raise, Rhs, Store, TupleArg
from s2sad.ir.draws import GENERATOR, NUMPY, distribution, split_draw
from s2sad.ir.types import is_array, is_float
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.elementwise import atom
from s2sad.lower.parts import Parts
from s2sad.lower.values import View
from s2sad.lower.views import element


class Draws(Parts):
    """Draws of scalars and of arrays, permutations, shuffles and choices."""

    def draw_scalar(self, call: Call) -> Rhs:
        """The right-hand side of a draw of one number."""
        kind = distribution(call)
        if kind == "choice":
            return self.chosen(call)
        receiver, parameters, size = split_draw(call)
        if size is not None and size != Const(None):
            raise self.no_such(call)
        if any(is_float(self.types.get(p)) for p in parameters if isinstance(p, str)):
            rewritten = self.pathwise(kind, call.fn.rpartition(".")[0] + ".", receiver, tuple(map(atom, parameters)))
            if rewritten is not None:
                return rewritten
        return Call(call.fn, (*receiver, *parameters))

    def pathwise(self, kind: str, space: str, receiver: tuple[Arg, ...], given: tuple[Atom, ...]) -> Rhs | None:
        """A draw with variable location and scale from the standard draw, by numba's own arithmetic."""
        def standard(name: str, *parameters: Atom) -> str:
            return self.temporary(Call(space + name, (*receiver, *parameters)))

        def combined(name: str, *parameters: Atom) -> Rhs:
            scaled = given[1] if len(given) > 1 else Const(1.0)
            return Op("add", (given[0], self.temporary(Op("mul", (scaled, standard(name, *parameters))))))

        match kind:
            case "normal":
                return combined("standard_normal")
            case "laplace" | "logistic" | "gumbel":
                return combined(kind, Const(0.0), Const(1.0))
            case "lognormal" if space == NUMPY:
                return Op("math.exp", (self.temporary(combined("standard_normal")),))
            case "uniform":
                low, high = (self.double(a) for a in (*given, Const(1.0))[:2])
                width = self.temporary(Op("sub", (high, low)))
                return Op("add", (low, self.temporary(Op("mul", (width, standard("random"))))))
            case "exponential":
                scale = self.double(given[0])
                return Op("mul", (standard("standard_exponential"), scale))
        return None

    def double(self, a: Atom) -> Atom:
        """The number in double precision, in which numba draws."""
        return self.temporary(Op("np.float64", (a,))) if isinstance(a, str) and self.types.get(a) == nbt.float32 \
            else a

    def temporary(self, value: Rhs) -> str:
        t = self.b.temp(value, "draw" if isinstance(value, Call) else "t")
        self.types[t] = nbt.float64
        return t

    def no_such(self, call: Call) -> UnsupportedFunction:
        name = call.fn if call.fn.startswith(NUMPY) else f"rng.{distribution(call)}"
        return UnsupportedFunction(f"this form of `{name}` is not supported", loc=self.b.loc, code="S2S011",
                                   hint="draw scalars in a loop")

    # ------------------------------------------------------------------ arrays

    def draw_array(self, target: str, call: Call) -> None:
        """Bind an array of draws."""
        kind = distribution(call)
        if call.fn.startswith(GENERATOR) and kind == "permutation":
            raise self.no_such(call)
        if kind == "permutation":
            self.permutation(target, call.args[0])
        elif kind == "choice":
            self.choice_of_many(target, call)
        else:
            receiver, parameters, size = split_draw(call)
            if size is None or size == TupleArg(()):
                raise self.no_such(call)
            place = self.place_for(target, self.shape(size), "empty")
            scalar = Call(call.fn, (*receiver, *parameters))
            element_type = self.types[target].dtype

            def body(index: tuple[Atom, ...]) -> None:
                t = self.b.temp(self.draw_scalar(scalar), "draw")
                self.types[t] = element_type
                self.b.emit(Store(place.base, element(self.b, place, index), t, self.b.loc))

            self.b.loop_nest(place.extents, body)

    def permutation(self, target: str, of: Arg) -> None:
        if isinstance(of, str) and is_array(self.types.get(of)):
            self.copy(target, self.operand(of))  # type: ignore[arg-type]
        else:
            place = self.place_for(target, (atom(of),), "empty")
            self.b.loop_nest(place.extents, lambda index: self.b.emit(
                Store(place.base, element(self.b, place, index), index[0], self.b.loc)))
        self.shuffle(self.whole_or_view(target))

    def shuffle(self, v: View) -> None:
        """numba's shuffle: from the last place down, each element (or row) changes places with one drawn below it."""
        b = self.b
        i, j = b.names.fresh("i"), b.names.fresh("j")
        self.types.update({i: nbt.int64, j: nbt.int64})
        b.nonneg |= {i, j}
        last = b.sub(v.extents[0], ONE)
        b.open()
        b.emit(Assign(j, Call(NUMPY + "randint", (b.add(i, ONE),)), b.loc))

        def swap(rest: tuple[Atom, ...]) -> None:
            at_i, at_j = element(b, v, (i, *rest)), element(b, v, (j, *rest))
            new_i, new_j = b.load(v.base, at_j), b.load(v.base, at_i)
            b.emit(Store(v.base, at_i, new_i, b.loc))
            b.emit(Store(v.base, at_j, new_j, b.loc))

        b.loop_nest(v.extents[1:], swap)
        b.emit(For(i, last, ZERO, Const(-1), b.close(), loc=b.loc))

    # ------------------------------------------------------------------ choices

    def chosen(self, call: Call) -> Rhs:
        """``np.random.choice(a)``: one element."""
        b = self.b
        population, size, _ = self.choice_arguments(call)
        if size is not None and size != Const(None):
            raise self.no_such(call)
        v = self.operand(population)
        n = v.extents[0] if not isinstance(v, (str, Const)) else population
        i = b.temp(Call(NUMPY + "randint", (ZERO, n)), "i")
        self.types[i] = nbt.int64
        b.nonneg.add(i)
        if isinstance(v, (str, Const)):
            return i
        v = self.view(population)  # type: ignore[arg-type]
        return Load(v.base, element(b, v, (i,)))

    def choice_of_many(self, target: str, call: Call) -> None:
        b = self.b
        population, size, replace = self.choice_arguments(call)
        assert size is not None
        from_array = isinstance(population, str) and is_array(self.types.get(population))
        if from_array:
            population = self.reference(population)  # type: ignore[arg-type]
        n = self.operand_extents(population)[0] if from_array else b.stable(population)
        shape = self.shape(size)
        if not replace:
            taken: Atom = ONE
            for e in shape:
                taken = b.mul(taken, b.stable(e))
            message = "Cannot take a larger sample than population when 'replace=False'"
            b.emit(If(b.op("gt", taken, n), (Raise("ValueError", message, b.loc),), (), b.loc))
            order = b.names.fresh("permuted")
            self.types[order] = nbt.Array(self.types[target].dtype, 1, "C")
            self.permutation(order, population)
        place = self.place_for(target, shape, "empty")

        def body(index: tuple[Atom, ...]) -> None:
            if replace:
                k: Atom = b.temp(Call(NUMPY + "randint", (ZERO, n)), "k")
                self.types[k] = nbt.int64  # type: ignore[index]
                b.nonneg.add(k)  # type: ignore[arg-type]
                value: Atom = b.load(population, (k,)) if from_array else k  # type: ignore[arg-type]
            else:
                k = ZERO
                for i, e in zip(index, place.extents):
                    k = b.add(b.mul(k, e), i)
                chosen = self.whole_or_view(order)
                value = b.load(chosen.base, element(b, chosen, (k,)))
            b.emit(Store(place.base, element(b, place, index), value, b.loc))

        b.loop_nest(place.extents, body)

    def choice_arguments(self, call: Call) -> tuple[Atom, Arg | None, bool]:
        names = ("a", "size", "replace")
        given = dict(zip(names, call.args)) | dict(call.kwargs)
        replace = given.get("replace", Const(True))
        if not given.keys() <= set(names) or "a" not in given or not isinstance(replace, Const):
            raise self.no_such(call)
        return atom(given["a"]), given.get("size"), bool(replace.value)
