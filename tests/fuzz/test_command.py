"""The command, and counts of several runs added up."""
from __future__ import annotations

from tests.fuzz import run
from tests.fuzz.__main__ import main


def test_counts_of_several_runs_add_up(tmp_path, capsys):
    file = tmp_path / "counts"
    for seed in ("1", "2"):
        assert main(["--programs", "4", "--seed", seed, "--compiled", "0", "--summary", str(file)]) == 0
    assert "4 programs in" in capsys.readouterr().out
    assert main(["--total", str(file)]) == 0
    assert "all: 8 programs; " in capsys.readouterr().out


def test_long_runs_have_several_processes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "CHUNK", 3)
    file = tmp_path / "counts"
    assert main(["--programs", "5", "--seed", "1", "--compiled", "0", "--jobs", "2", "--summary", str(file)]) == 0
    assert "\n5 programs in" in capsys.readouterr().out
    assert len(file.read_text().splitlines()) == 2
