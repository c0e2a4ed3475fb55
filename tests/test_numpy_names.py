"""Every function that numba knows by name: what the documentation says becomes of it is so."""
import sys
from pathlib import Path

import numpy as np
import pytest

from s2sad import numeric
from s2sad.array_functions import table
from s2sad.errors import CODES, S2sadError
from tests.execution import copied, execute, generate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))
import numpy_names as inventory  # noqa: E402

STANDINGS = {n: inventory.standing(n) for n in inventory.names()}
REFUSED = """math.nextafter np.broadcast_shapes np.dtype np.finfo np.frombuffer np.iinfo np.isnat np.kaiser
    np.ndenumerate np.nditer np.nextafter np.roots np.random.dirichlet np.random.multinomial""".split()
RUN = [n for n in inventory.SAMPLES if n in STANDINGS and STANDINGS[n].kind != "refused"]


def test_every_name_has_a_standing():
    assert len(STANDINGS) > 400
    assert {s.kind for s in STANDINGS.values()} == set(inventory.KINDS)
    assert [n for n, s in STANDINGS.items() if s.kind == "refused"] == sorted(REFUSED, key=list(STANDINGS).index)
    assert inventory.SAMPLES.keys() <= STANDINGS.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_place(name):
    with pytest.raises(S2sadError) as caught:
        generate(inventory.function(name), (inventory.X, inventory.M), "grad", ("x",))
    e = caught.value
    assert e.code in CODES and e.hint and inventory.SAMPLES[name] in e.loc.text


@pytest.mark.parametrize("name", RUN)
def test_sample(name):
    f, args = inventory.function(name), (inventory.X, inventory.M)
    generated = generate(f, args, "value_and_grad", ("x",))
    value, gradient = execute(generated)[generated.name](*copied(args))
    want = numeric.gradient(f, copied(args), wrt=("x",)).value
    assert value == pytest.approx(f(*copied(args)), rel=1e-14)
    assert np.max(np.abs(gradient - want)) <= 1e-8 * (1.0 + np.max(np.abs(want)))


def test_constant_programs_give_no_derivative():
    """A program is constant only if what it gives are tests, places or counts, or if nothing in it has a derivative."""
    counted = {n for n, s in STANDINGS.items() if s.kind == "constant" and n in table()}
    assert counted == inventory.WITHOUT_DERIVATIVE & table().keys()
