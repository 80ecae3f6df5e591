"""Reading MakeHuman's files, placing units on landmarks, and the assets that ship."""

from __future__ import annotations

import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import mouth as painter
from engine.arkit import EXPRESSION, MOUTH
from engine.facemesh import LIP_LOWER_INNER, LIP_UPPER_INNER
from engine.types import Floats
from train.people.canonical import Canonical, eye_distance
from train.people.makehuman import Mesh, parse_obj, parse_proxy, parse_target, read_target
from train.people.scene import Camera, Surface
from train.people.units import (
    NAMES,
    Adjustment,
    adjusted,
    other_side,
    smooth,
    symmetric,
    with_whole_brows,
)

BUILTIN = Path(painter.__file__).parent / "builtin"
SQUARE = """# two quads' worth of corners, the second a triangle
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g left
f 1/1 2/2 3/3 4/4
g right
f 1/1 2/2 3/3
"""

WORN = """obj_file hat.obj
x_scale 0 1 1.0
verts 0
2
0 1 2 0.5 0.5 0 0.1 0 0
delete_verts
5 - 9
"""


@pytest.fixture(scope="module")
def shipped() -> dict[str, Floats]:
    with np.load(BUILTIN / "mesh.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def canonical(shipped: dict[str, Floats]) -> Canonical:
    corners = shipped["triangles"].astype(np.int64)
    quads = np.c_[corners, corners[:, :1]]
    vertices = shipped["canonical"]
    return Canonical.of(Mesh(vertices, np.zeros((1, 2), np.float32), quads, quads * 0, ()))


def unit(shipped: dict[str, Floats], name: str) -> Floats:
    moved: Floats = shipped["units"][NAMES.index(name)]
    return moved


def test_obj_has_quads_triangles_and_groups() -> None:
    mesh = parse_obj(SQUARE.splitlines())
    assert mesh.vertices.shape == (4, 3)
    assert mesh.faces.tolist() == [[0, 1, 2, 3], [0, 1, 2, 0]]
    assert mesh.uv_faces.tolist() == mesh.faces.tolist()
    assert mesh.faces_of("right").tolist() == [False, True]


def test_surface_drops_the_empty_half_of_a_triangle_and_turns_v_down() -> None:
    surface = Surface.of(parse_obj(SQUARE.splitlines()))
    assert len(surface.triangles) == 3
    corner = surface.source.tolist().index(0)
    assert surface.uvs[corner].tolist() == [0, 1]
    square = parse_obj(SQUARE.splitlines()).vertices
    assert np.allclose(surface.normals(square), [0, 0, 1])


def test_target_moves_its_vertices_by_weight(tmp_path: Path) -> None:
    text = "# comment\n1 0 .5 0\n3 -1 0 2\n"
    vertices = np.zeros((4, 3), np.float32)
    parse_target(text.splitlines()).add_to(vertices, 2.0)
    assert vertices.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0], [-2, 0, 4]]
    packed = tmp_path / "small.target.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_target(packed).indices.tolist() == [1, 3]


def test_proxy_rides_on_the_body_and_grows_with_it() -> None:
    proxy = parse_proxy(WORN.splitlines())
    assert proxy.mesh == "hat.obj"
    body = np.array([[0, 0, 0], [2, 0, 0], [1, 1, 0]], np.float32)
    assert np.allclose(proxy.fit(body, body), [[1.0, 1.0, 0.0], [1.2, 0.0, 0.0]])
    lifted = body + np.array([0, 3, 0], np.float32)
    assert np.allclose(proxy.fit(lifted, body)[:, 1], [4, 3])


def test_camera_puts_the_middle_in_the_middle_and_y_down() -> None:
    camera = Camera(np.array([1, 2, 10], np.float32), 10.0, 4.0)
    points = np.array([[1, 2, 0], [3, 2, 0], [1, 4, 0]], np.float32)
    assert np.allclose(camera.project(points)[:, :2], [[0.5, 0.5], [1, 0.5], [0.5, 0]], atol=1e-6)


def test_other_side_of_every_unit_is_a_unit() -> None:
    assert all(other_side(name) in NAMES for name in NAMES)
    assert other_side("jawLeft") == "jawRight"
    assert other_side("jawOpen") == "jawOpen"


def test_symmetric_mirrors_what_only_one_side_knows(canonical: Canonical) -> None:
    units = np.zeros((52, 468, 3), np.float32)
    units[NAMES.index("mouthSmileLeft"), 291] = [0.2, -0.1, 0]
    result = symmetric(units, canonical)
    assert np.allclose(result[NAMES.index("mouthSmileLeft"), 291], [0.1, -0.05, 0])
    assert np.allclose(result[NAMES.index("mouthSmileRight"), 61], [-0.1, -0.05, 0])


def test_smoothing_never_pulls_one_lip_along_with_the_other(canonical: Canonical) -> None:
    units = np.zeros((1, 468, 3), np.float32)
    units[0, list(LIP_LOWER_INNER[1:-1])] = [0, 1, 0]
    smoothed = smooth(units, canonical)
    assert not smoothed[0, list(LIP_UPPER_INNER)].any()
    assert smoothed[0, 14, 1] == 1
    below = np.flatnonzero(smoothed[0, :, 1])
    assert len(below) > len(LIP_LOWER_INNER)


def test_adjustment_touches_only_its_own_units(canonical: Canonical) -> None:
    units = np.ones((52, 468, 3), np.float32)
    result = adjusted(units, canonical, [Adjustment("browOuterUp", 3.0, "a test")])
    changed = {name for name, new in zip(NAMES, result, strict=True) if not (new == 1).all()}
    assert changed == {"browOuterUpLeft", "browOuterUpRight"}
    assert np.allclose(result[NAMES.index("browOuterUpLeft")], 3)


def test_brows_move_as_one() -> None:
    units = np.zeros((52, 468, 3), np.float32)
    units[NAMES.index("browInnerUp"), 107] = [0, -0.1, 0]
    units[NAMES.index("jawOpen"), 107] = [0, -0.1, 0]
    result = with_whole_brows(units)
    assert np.allclose(result[NAMES.index("browInnerUp"), [107, 55], 1], -0.05)
    assert np.allclose(result[NAMES.index("jawOpen"), [107, 55], 1], [-0.1, 0])


def test_shipped_brows_rise_and_sink(shipped: dict[str, Floats]) -> None:
    assert unit(shipped, "browInnerUp")[[107, 336], 1].max() < -0.05
    assert unit(shipped, "browOuterUpLeft")[293, 1] < -0.04
    assert unit(shipped, "browDownLeft")[334, 1] > 0.03


def test_shipped_mesh_has_its_names_and_shapes(shipped: dict[str, Floats]) -> None:
    assert tuple(shipped["names"].tolist()) == MOUTH + EXPRESSION
    assert shipped["units"].shape == (52, 468, 3)
    assert shipped["units"].dtype == np.float32
    assert np.isfinite(shipped["units"]).all()
    assert shipped["canonical"].shape == (468, 3)
    assert shipped["triangles"].shape == (898, 3)
    assert shipped["triangles"].max() == 467
    assert eye_distance(shipped["canonical"]) > 0


def test_shipped_jaw_takes_the_lower_lip_down_and_leaves_the_upper(
    shipped: dict[str, Floats],
) -> None:
    jaw = unit(shipped, "jawOpen")
    assert jaw[14, 1] > 0.3
    assert jaw[152, 1] > 0.15
    assert abs(jaw[13, 1]) < 0.03


def test_shipped_rounded_lips_open_in_the_middle_only(shipped: dict[str, Floats]) -> None:
    funnel = unit(shipped, "mouthFunnel")
    gap = (funnel[list(LIP_LOWER_INNER)] - funnel[list(LIP_UPPER_INNER)])[:, 1]
    assert gap[5] > 0.15
    assert gap[[1, 2, 8, 9]].max() < 0.1 * gap[5]


def test_shipped_pucker_leaves_room_for_the_skin_below_the_lip(
    shipped: dict[str, Floats],
) -> None:
    pucker, face = (
        unit(shipped, "mouthPucker"),
        shipped["canonical"] / eye_distance(shipped["canonical"]),
    )
    for lip, skin in ((17, 18), (84, 83), (314, 313)):
        room = abs(face[skin, 1] - face[lip, 1])
        assert pucker[skin, 1] - pucker[lip, 1] > -0.4 * room


def test_shipped_left_is_the_subjects_left(shipped: dict[str, Floats]) -> None:
    smile = np.linalg.norm(unit(shipped, "mouthSmileLeft"), axis=1)
    assert smile[291] > 10 * smile[61]
    blink = np.linalg.norm(unit(shipped, "eyeBlinkLeft"), axis=1)
    assert blink[386] > 10 * blink[159]
    assert unit(shipped, "jawLeft")[152, 0] > 0.02


def test_shipped_units_are_symmetric(shipped: dict[str, Floats], canonical: Canonical) -> None:
    assert np.allclose(symmetric(shipped["units"], canonical), shipped["units"], atol=1e-5)


def test_shipped_mouth_closes_over_an_open_jaw(shipped: dict[str, Floats]) -> None:
    jaw, close = unit(shipped, "jawOpen"), unit(shipped, "mouthClose")
    opened = jaw[14, 1] - jaw[13, 1]
    closed = (jaw + close)[14, 1] - (jaw + close)[13, 1]
    assert abs(closed) < 0.1 * opened


def test_shipped_atlas_fits_its_description(shipped: dict[str, Floats]) -> None:
    picture = cv2.imread(str(BUILTIN / "mouth.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    height, width, channels = picture.shape
    levels = len(shipped["mouth_jaw"])
    assert (width, channels) == (levels * height, 4)
    assert float(shipped["mouth_span"]) == pytest.approx(painter.SPAN)
    assert float(shipped["mouth_centre"]) == pytest.approx(painter.CENTRE)
    assert np.allclose(shipped["mouth_jaw"], np.linspace(0, 1, levels))
    assert (np.diff(shipped["mouth_lower"]) > 0).all()


def test_shipped_teeth_are_light_where_the_mapping_says(shipped: dict[str, Floats]) -> None:
    picture = cv2.imread(str(BUILTIN / "mouth.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    size = picture.shape[0]
    last = picture[:, -size:].astype(np.float32)

    def at(x: float, y: float) -> Floats:
        span, centre = float(shipped["mouth_span"]), float(shipped["mouth_centre"])
        row, column = ((y - centre) / span + 0.5) * size, (x / span + 0.5) * size
        pixel: Floats = last[int(row), int(column)]
        return pixel

    upper, gap, lower = (
        at(0.07, -0.06),
        at(0.07, 0.08),
        at(0.05, float(shipped["mouth_lower"][-1]) + 0.06),
    )
    assert upper[:3].min() > 150
    assert upper[2] > upper[0]  # BGR: warm
    assert gap[:3].mean() < 60
    assert gap[3] < 128 < upper[3]
    assert lower[:3].min() > 120
