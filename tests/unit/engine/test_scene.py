"""Whole pictures and backgrounds: what is seen of a photograph and of presenters."""

from __future__ import annotations

import io
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.background import AsItIs, Background, Blurred, Coloured, Pictured
from engine.bundle import Bundle
from engine.errors import BackgroundUnusable, FaceUnsuitable, PersonUnclear, PictureUnreadable
from engine.paste import Pasted
from engine.portrait import decode_picture, decode_upload
from engine.render import MeshRenderer
from engine.renderers import mesh_renderer
from engine.rim import Rim
from engine.scene import Framing, Scene, fitted, shoot, stage
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import Floats, Motion, Picture
from tests.support.motions import motion

NAVY = (32, 48, 64)
MOVED = {
    "at rest": motion(),
    "mouth": motion(jawOpen=0.7),
    "right": motion(yaw=15.0),
    "left": motion(yaw=-15.0),
    "down": motion(pitch=12.0),
    "up": motion(pitch=-12.0),
    "over": motion(roll=12.0, x=0.05, scale=0.1),
}
ALL = pytest.mark.parametrize("how", MOVED.values(), ids=MOVED)


def encoded(picture: Picture, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def whole(studio: Studio, content: bytes, background: Background | None = None) -> Pasted:
    made = studio.portrait(content, 512, Scene(Framing.WHOLE, background or AsItIs()))
    assert isinstance(made, Pasted)
    return made


@pytest.fixture(scope="module")
def level(studio: Studio, astronaut: bytes) -> bytes:
    """The photograph enlarged and turned by a degree, so that the head need not be levelled."""
    picture = decode_picture(astronaut)[:300]
    matrix = cv2.getRotationMatrix2D((225, 90), 1.5, 3.0)
    matrix[:, 2] += (100, 180)
    big = cv2.warpAffine(
        picture, matrix, (1000, 800), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return encoded(np.asarray(big, np.uint8))


@pytest.fixture(scope="module")
def tight(level: bytes) -> bytes:
    """The same, cut so closely that hair and neck reach the square's rim."""
    return encoded(decode_picture(level)[:, 85:565].copy())


@pytest.fixture(scope="module")
def mesh(bundle: Bundle) -> MeshRenderer:
    """Without a network, which would change a little everywhere."""
    return mesh_renderer(bundle.asset("mesh"), bundle.asset("mouth"))


@pytest.fixture(scope="module")
def tracker(bundle: Bundle) -> Iterator[FaceTracker]:
    finder = FaceTracker(bundle.asset("tracker"))
    yield finder
    finder.close()


@pytest.fixture(scope="module", params=["levelled", "level", "tight"])
def still(
    studio: Studio, astronaut: bytes, level: bytes, tight: bytes, request: pytest.FixtureRequest
) -> tuple[Pasted, Picture]:
    content = {"levelled": astronaut, "level": level, "tight": tight}[request.param]
    made = whole(studio, content)
    assert made.place.turned == (request.param == "levelled")
    return made, decode_picture(content)


@ALL
def test_everything_outside_the_square_stays_to_the_bit(
    still: tuple[Pasted, Picture], how: Motion
) -> None:
    made, picture = still
    drawn = made.draw(how)
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8
    outside = np.ones(picture.shape[:2], bool)
    outside[made.place.box] = False
    assert outside.mean() > 0.3
    np.testing.assert_array_equal(drawn[outside], picture[outside])
    assert (drawn != picture).any()


@ALL
def test_no_seam_is_seen(still: tuple[Pasted, Picture], how: Motion) -> None:
    """Across the rim the picture changes no more than the photograph does there."""
    made, picture = still
    near = rim_of(made)
    steps = [np.abs(np.diff(it.astype(float), axis=axis)).max(axis=2)
             for it in (made.draw(how), picture) for axis in (0, 1)]  # fmt: skip
    for ours, theirs, mask in ((steps[0], steps[2], near[1:]), (steps[1], steps[3], near[:, 1:])):
        assert (ours - theirs)[mask].max() < 24
        assert ours[mask].mean() < 1.1 * theirs[mask].mean() + 0.5
    moved = np.abs(made.draw(how).astype(int) - picture).max(axis=2)
    assert moved[near].mean() < 2.0


def rim_of(made: Pasted, most: int = 255) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """The pixels over which the square gives way to the picture, less than `most` of 255."""
    feather = np.asarray(255 * Rim.of(made.place).feather(made.place.size), np.uint8)
    shown = made.place.put(feather)
    near = np.zeros(made.place.room, bool)
    near[made.place.box] = (shown < most) & (shown > 0)
    assert near.sum() > 500
    return near


@pytest.mark.parametrize("name", ["level", "tight"])
def test_the_rim_of_a_level_square_is_the_photograph(
    name: str, mesh: MeshRenderer, tracker: FaceTracker, request: pytest.FixtureRequest
) -> None:
    """Before any network speaks: nothing has moved there, and nothing was resampled."""
    content: bytes = request.getfixturevalue(name)
    shot = shoot(decode_upload(content), tracker, Framing.WHOLE, 512)
    made = stage(shot, AsItIs(), mesh, nobody)
    assert isinstance(made, Pasted)
    near = rim_of(made, 190)  # within a cell of what moves, its motion is seen already
    for how in MOVED.values():
        apart = np.abs(made.draw(how).astype(int) - shot.still).max(axis=2)[near]
        assert apart.max() <= 1, "what blending rounds"


def nobody(picture: Picture) -> Floats:
    raise AssertionError("nobody needs to be told from the background")


def test_the_head_moves_and_the_mouth_opens(still: tuple[Pasted, Picture]) -> None:
    made, _ = still
    rest = made.draw(motion()).astype(int)
    for how in list(MOVED.values())[1:]:
        assert (np.abs(made.draw(how) - rest).max(axis=2) > 30).sum() > 300


def test_a_head_turns_as_far_as_its_square_can_carry(
    studio: Studio, level: bytes, tight: bytes, tracker: FaceTracker
) -> None:
    """Where it has room a turn is what it is in the face alone; else it is less, and clean."""

    def turned(made: Pasted, yaw: float) -> float:
        (face,) = tracker(made.draw(motion(yaw=yaw)))
        return float(face.turn[0])

    free, close = whole(studio, level), whole(studio, tight)
    apart = turned(free, 14.0) - turned(free, -14.0), turned(close, 14.0) - turned(close, -14.0)
    assert apart[0] > 14
    assert 1 < apart[1] < 0.8 * apart[0]
    assert turned(close, 18.0) == pytest.approx(turned(close, 14.0), abs=1.0)


def test_a_presenter_is_whole_already(studio: Studio) -> None:
    made = studio.presenter("nora", 256, Scene(Framing.WHOLE))
    assert (made.width, made.height) == (512, 512)
    np.testing.assert_array_equal(
        made.draw(motion(jawOpen=0.3)), studio.presenter("nora", 512).draw(motion(jawOpen=0.3))
    )
    assert studio.presenter("nora", 256, Scene(Framing.WHOLE)) is made


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1080, 1920), (1080, 1920)),
        ((1920, 1080), (1920, 1080)),
        ((1081, 1920), (1080, 1918)),
        ((2048, 2048), (1080, 1080)),
        ((1922, 900), (1920, 898)),
        ((333, 201), (332, 200)),
        ((300, 2048), (280, 1920)),
        ((2, 2), (2, 2)),
    ],
)
def test_pictures_are_reduced_to_full_hd_and_never_enlarged(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert fitted(np.zeros((*size, 3), np.uint8)).shape[:2] == shown
    assert fitted(np.zeros(size, np.uint8)).shape == shown


def test_a_face_too_small_is_refused_in_whole_pictures_too(
    studio: Studio, astronaut: bytes
) -> None:
    small = cv2.resize(decode_picture(astronaut), (340, 340), interpolation=cv2.INTER_AREA)
    with pytest.raises(FaceUnsuitable, match="72 pixels"):
        whole(studio, encoded(np.asarray(small, np.uint8)))


@pytest.mark.parametrize("framing", list(Framing))
@ALL
def test_a_colour_is_exact_where_nobody_is(
    studio: Studio, astronaut: bytes, framing: Framing, how: Motion
) -> None:
    made = studio.portrait(astronaut, 256, Scene(framing, Coloured(NAVY)))
    drawn = made.draw(how)
    corners = drawn[:12, :12], drawn[:12, -12:]
    assert all((corner == NAVY).all() for corner in corners)
    assert 0.2 < (drawn == NAVY).all(axis=2).mean() < 0.7


def silhouette(picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.abs(picture.astype(int) - (0, 255, 0)).max(axis=2) > 60)


def test_the_matte_goes_with_the_head(studio: Studio) -> None:
    made = studio.presenter("samuel", 512, Scene(background=Coloured((0, 255, 0))))
    crown = slice(60, 220)

    def middle(how: Motion) -> float:
        return float(np.nonzero(silhouette(made.draw(how))[crown])[1].mean())

    rest = middle(motion())
    assert middle(motion(yaw=15.0)) > rest + 5
    assert middle(motion(yaw=-15.0)) < rest - 5
    raised = silhouette(made.draw(motion(y=-0.05))).any(axis=1).argmax()
    assert raised < silhouette(made.draw(motion())).any(axis=1).argmax() - 10


@ALL
def test_no_rim_of_the_old_background_is_seen(studio: Studio, how: Motion) -> None:
    """Before green every edge is hair or skin mixed with green; the old wall is light grey."""
    old = decode_picture(studio.presenter_picture("samuel"))[:40, :40].reshape(-1, 3).mean(axis=0)
    drawn = studio.presenter("samuel", 512, Scene(background=Coloured((0, 255, 0)))).draw(how)
    person = silhouette(drawn).astype(np.uint8)
    edge = cv2.morphologyEx(person, cv2.MORPH_GRADIENT, np.ones((13, 13), np.uint8)) > 0
    assert edge.sum() > 5_000
    greyish = np.abs(drawn.astype(float) - old).max(axis=2) < 30
    assert (greyish & edge)[:300].sum() < 5


def test_a_blur_keeps_the_person_and_softens_the_rest(studio: Studio, astronaut: bytes) -> None:
    picture, drawn = decode_picture(astronaut), whole(studio, astronaut, Blurred()).draw(motion())
    flag, suit = (slice(0, 120), slice(0, 60)), (slice(330, 420), slice(120, 220))

    def detail(it: Picture) -> float:
        return float(cv2.Laplacian(it, cv2.CV_32F).std())

    assert detail(drawn[flag]) < 0.3 * detail(picture[flag])
    np.testing.assert_allclose(
        drawn[flag].mean(axis=(0, 1)), picture[flag].mean(axis=(0, 1)), atol=12
    )
    np.testing.assert_array_equal(drawn[suit], picture[suit])


def test_a_picture_covers_what_is_behind(studio: Studio, astronaut: bytes) -> None:
    """A wide picture is cut at both sides: its red and blue ends are not seen, its halves are."""
    wide = np.zeros((128, 512, 3), np.uint8)
    wide[:, :150], wide[:, 150:256], wide[:, 256:362], wide[:, 362:] = (
        (255, 0, 0), (0, 200, 0), (200, 200, 0), (0, 0, 255),
    )  # fmt: skip
    drawn = whole(studio, astronaut, Pictured(encoded(wide))).draw(motion())
    np.testing.assert_allclose(drawn[10, 10], (0, 200, 0), atol=2)
    np.testing.assert_allclose(drawn[10, -10], (200, 200, 0), atol=2)
    assert not (
        (drawn == (255, 0, 0)).all(axis=2).any() or (drawn == (0, 0, 255)).all(axis=2).any()
    )


def cut_out(studio: Studio, alpha: Picture) -> bytes:
    picture = decode_picture(studio.presenter_picture("samuel"))
    return encoded(np.dstack([picture, alpha]))


def test_the_alpha_that_came_with_a_portrait_is_believed(
    studio: Studio, mesh: MeshRenderer, tracker: FaceTracker
) -> None:
    alpha = np.zeros((512, 512), np.uint8)
    cv2.ellipse(alpha, (256, 300), (170, 260), 0, 0, 360, 255, -1, cv2.LINE_AA)
    upload = decode_upload(cut_out(studio, alpha))
    shot = shoot(upload, tracker, Framing.WHOLE, 512)
    drawn = stage(shot, Coloured(NAVY), mesh, nobody).draw(motion(jawOpen=0.2))
    here = cv2.erode(alpha, np.ones((5, 5), np.uint8)) == 255
    there = cv2.dilate(alpha, np.ones((5, 5), np.uint8)) == 0
    assert (drawn[there] == NAVY).all()
    assert ((drawn == NAVY).all(axis=2) & here).sum() < 20


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("background", [AsItIs(), Blurred()])
def test_a_portrait_that_is_all_transparent_is_refused(
    studio: Studio, framing: Framing, background: Background
) -> None:
    scene = Scene(framing, background)
    with pytest.raises(PersonUnclear, match="transparent"):
        studio.portrait(cut_out(studio, np.zeros((512, 512), np.uint8)), 256, scene)


def test_a_portrait_whose_face_is_transparent_is_refused(studio: Studio) -> None:
    alpha = np.full((512, 512), 255, np.uint8)
    alpha[270:400, 180:330] = 120
    with pytest.raises(PersonUnclear, match="told from the background"):
        studio.portrait(cut_out(studio, alpha), 256, Scene(background=Coloured(NAVY)))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "can be read"),
        (b"no picture", "can be read"),
        (encoded(np.zeros((63, 500, 3), np.uint8)), "too small"),
        (encoded(np.zeros((64, 64, 3), np.uint8))[:-40], "can be read"),
        (encoded(np.zeros((4097, 4096), np.uint8)), "4096"),
    ],
)
def test_a_background_that_is_no_use_is_said(studio: Studio, content: bytes, why: str) -> None:
    with pytest.raises(BackgroundUnusable, match=why) as refused:
        studio.presenter("ada", 256, Scene(background=Pictured(content)))
    assert "background" in refused.value.message


def test_the_smallest_background_is_taken(studio: Studio) -> None:
    content = encoded(np.full((64, 64, 3), 90, np.uint8))
    drawn = studio.presenter("ada", 256, Scene(background=Pictured(content))).draw(motion())
    assert (drawn[:8, :8] == 90).all()


def test_a_damaged_portrait_is_said_before_anything_else(studio: Studio) -> None:
    with pytest.raises(PictureUnreadable):
        studio.portrait(b"no picture", 512, Scene(Framing.WHOLE, Pictured(b"nor this")))


def test_half_the_size_is_drawn_with_half_the_pixels(studio: Studio, level: bytes) -> None:
    sizes = [studio.portrait(level, size, Scene(Framing.WHOLE)) for size in (256, 512)]
    assert all(isinstance(it, Pasted) for it in sizes)
    small, full = (it.place.size for it in sizes if isinstance(it, Pasted))
    assert small == 540 and full > 600
    assert len({(it.width, it.height) for it in sizes}) == 1
