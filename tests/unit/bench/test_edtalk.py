"""The bench of EDTalk's networks counts and compares what it says."""

from __future__ import annotations

import pytest
import torch

from bench.edtalk import KEPT, LAID, Way, bench, costs, gflop, table
from export.edtalk.graphs import Graphs
from export.edtalk.openvino_graph import OpenVinoGraph
from export.edtalk.seeded import seeded_generator
from export.edtalk.sessions import run, session
from tests.support.edtalk import SMALL


def test_every_way_is_measured_and_the_rewrite_works_less() -> None:
    threads = torch.get_num_threads()
    found = bench(seeded_generator(SMALL), rounds=1)
    torch.set_num_threads(threads)
    names = [it.name for it in found]
    by = {it.where.split(",")[0] for it in found}
    assert {"torch", "onnxruntime"} <= by <= {"torch", "onnxruntime", "OpenVINO"}
    assert names.count(LAID) == names.count(KEPT) == 2 * len(by) - 1
    assert found[0].less == 1.0
    by_name = {it.name: it.gflop for it in found}
    assert by_name[KEPT] < by_name[LAID] < 0.5 * found[0].gflop
    assert table(found).row_count == len(found)


def test_operations_are_counted() -> None:
    layer = torch.nn.Conv2d(3, 5, 3, bias=False)
    assert gflop(lambda: layer(torch.zeros(1, 3, 12, 12))) == pytest.approx(2 * 135 * 100 / 1e9)


def test_the_quickest_round_counts() -> None:
    ways = [
        Way("a", "here", int, 2.0, [3.0, 2.0], [8.0, 6.0]),
        Way("b", "here", int, 1.0, [1.0], [2.0]),
    ]
    first, second = costs(ways)
    assert (first.ms, first.cpu_ms, first.less) == (2.0, 6.0, 1.0)
    assert second.less == 3.0


def test_openvino_makes_the_same_of_a_graph() -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    graphs = Graphs.of(seeded_generator(SMALL))
    given = {name: torch.rand(it.shape) for name, it in graphs.picture.items()}
    model = graphs.portrait()
    found, wanted = OpenVinoGraph(model, 1)(given), run(session(model), given)
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, atol=1e-3, rtol=1e-3)
