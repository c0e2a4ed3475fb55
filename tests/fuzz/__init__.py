"""Random programs, and the checks every derivative of them must pass.

``python -m tests.fuzz --programs 1000 --seed 1`` runs it on its own. See :mod:`tests.fuzz.generator` for what the
programs contain and :mod:`tests.fuzz.oracles` for what is checked.
"""
