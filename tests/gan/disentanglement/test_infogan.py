"""What an InfoGAN's controls are measured to be, and the pictures and sliders of them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from generative.core import params
from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.datasets.base.dataset import Prepared
from generative.gan.disentanglement import infogan
from generative.gan.infogan import InfoGAN
from generative.image_quality.extractors import DigitFeatures
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import RealFeatures, References
from tests.support.gan import INFOGAN
from tests.support.judge import write_judge

SECTION: dict[str, Any] = {
    "network": "gan/infogan",
    "seed": 1,
    "samples": 200,
    "least_correlation": 0.5,
    "places": 5,
    "code_range": 1.0,
    "rows": 2,
    "slider_places": 3,
    "resamples": 20,
}
OPTIONS = infogan.Disentanglement(**SECTION)
LABELS = np.arange(40, dtype=np.uint8) % 10


class Known:
    """Category c draws a bar of height 5 + c; the second code is its lean, the first its ink."""

    code_names = ("code1", "code2")

    def latents(self, count: int, seed: int, **_: Any) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        one_hot = np.eye(10)[np.arange(count) % 10]
        codes = generator.uniform(-1, 1, (count, 2))
        return np.concatenate([one_hot, codes], axis=1), np.zeros(count, np.int32)

    def categories(self, latents: np.ndarray) -> np.ndarray:
        return latents[:, :10].argmax(axis=1)

    def images(self, latents: np.ndarray, _: np.ndarray) -> np.ndarray:
        images = np.zeros((len(latents), 28, 28, 1), np.float32)
        for image, category, (ink, lean) in zip(
            images, self.categories(latents), latents[:, 10:], strict=True
        ):
            for row in range(5, 15 + category):
                left = 12 + round(-5 * lean * (row - 10) / 10)
                image[row, left : left + 3] = 0.75 + ink / 4
        return images

    def generate(
        self, count: int, seed: int, labels: np.ndarray, code1: float, code2: float
    ) -> np.ndarray:
        latents = np.concatenate([np.eye(10)[labels], np.tile([code1, code2], (count, 1))], axis=1)
        return self.images(latents, labels)

    def predict_codes(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return {"category": np.eye(10)[height(images)]}

    def information(self, latents: np.ndarray, images: np.ndarray) -> dict[str, float]:
        return {"category_information_nats": 2.0}


def height(images: np.ndarray) -> np.ndarray:
    return (images.max(axis=(2, 3)) > 0).sum(axis=1) - 10


class Judge:
    """The digits are the categories, backwards."""

    identity = "backwards"

    def features(self, images: np.ndarray) -> np.ndarray:
        return images.mean(axis=(2, 3))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.eye(10)[9 - height(images)]


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, float], dict[str, Any]]:
    model = Known()
    real = model.images(*model.latents(40, 3))
    # The truth of one test digit is another.
    truth = 9 - LABELS
    test = real, np.roll(truth, 1)
    return infogan.measure_controls(model, (real, truth), test, Judge(), OPTIONS)


def test_what_each_control_changes(measured: tuple[dict[str, float], dict[str, Any]]) -> None:
    metrics, controls = measured
    assert controls["digits"] == {str(digit): 9 - digit for digit in range(10)}
    assert controls["thickness"] is None  # ink is no width
    assert controls["slant"]["code"] == "code2"
    assert controls["slant"]["sign"] == 1
    assert metrics["slant_correlation"] > 0.9
    assert metrics["thickness_correlation"] < 0.5
    assert metrics["leakage"] == controls["slant"]["leakage"]


def test_metrics(measured: tuple[dict[str, float], dict[str, Any]]) -> None:
    metrics, _ = measured
    assert metrics["category_error"] == 1.0
    assert metrics["label_accuracy"] == 1.0
    assert metrics["digit_kept"] == 1.0
    assert metrics["category_information_nats"] == 2.0


def test_a_sweep() -> None:
    swept = infogan.sweep(Known(), "code2", OPTIONS)
    assert swept.shape == (20, 5, 28, 28, 1)
    assert (height(swept[:, 0]) == np.repeat(np.arange(10), 2)).all()
    assert not np.array_equal(swept[0, 0], swept[0, 4])
    still = Known().generate(1, 1, np.array([0]), 0.0, 0.0)
    np.testing.assert_array_equal(swept[0, 2], still[0])


@pytest.fixture
def model() -> InfoGAN:
    keras.utils.set_random_seed(1)
    return InfoGAN(**INFOGAN)


@pytest.mark.parametrize("sign", [1, -1])
def test_sliders(model: InfoGAN, sign: int) -> None:
    digits = {str(digit): (digit + 1) % 10 for digit in range(10)}
    controls = {"digits": digits, "thickness": None, "slant": {"code": "code2", "sign": sign}}
    axes, images = infogan.sliders(model, controls, OPTIONS)
    assert [axis["name"] for axis in axes] == ["digit", "code 1", "slant"]
    assert axes[2]["values"] == [-2.0, 0.0, 2.0]
    latents, labels = model.latents(1, 1, labels=5, code1=0.0, code2=2.0 * sign)
    # Codes but not noise differ from place to place.
    latents[:, : model.noise_size] = model.latents(90, 1)[0][0, : model.noise_size]
    expected = model.images(latents, labels)[0]
    found = images.reshape(10, 3, 3, 28, 28, 1)[4, 1, 2]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_is_measured_and_shown(
    model: InfoGAN, prepared_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Prepared("mnist", {"binarization": "none", "binarization_seed": 1}, prepared_mnist)
    write_judge(tmp_path / "judge")
    judge = DigitFeatures(tmp_path / "judge")
    real = RealFeatures.measure(judge, data.load("train")[0], data.load("test"), 1.0, 100)
    compared = References(
        split="test",
        network="judge",
        samples=60,
        seeds=[1],
        neighbours=3,
        kernel_subsets=2,
        kernel_subset_size=20,
    )
    metrics = ImageMetrics(judge, real, compared)
    options = OPTIONS.model_copy(update={"least_correlation": 1.0})
    found = infogan.measure(model, data, metrics, options, tmp_path)
    assert [name for name in found if not name.endswith("_standard_error")] == [
        "category_error",
        "category_mutual_information",
        "category_rand_index",
        "category_information_nats",
        "code_information_nats",
        "label_accuracy",
        "thickness_correlation",
        "slant_correlation",
        "digit_kept",
    ]
    assert {file.name for file in tmp_path.iterdir()} == {
        "code1_from_-1_to_1.png",
        "code2_from_-1_to_1.png",
        "codes.json",
        "digits.png",
        "judge",
        "sliders.json",
        "sliders.png",
    }
    controls = read_json(tmp_path / "codes.json")
    assert sorted(controls["digits"].values()) == list(range(10))
    assert controls["slant"] is None
    assert "warning: no code is free to control slant" in capsys.readouterr().out
    axes = read_json(tmp_path / "sliders.json")
    with Image.open(tmp_path / "sliders.png") as picture:
        assert picture.size == (28 * 3, 28 * 10 * 3)
    assert [len(axis["values"]) for axis in axes] == [10, 3, 3]


def test_an_even_number_of_places_is_refused() -> None:
    document = {
        "train": {"infogan": {"network": SECTION["network"]}},
        "disentanglement": {"infogan": {**SECTION, "places": 4}},
    }
    with pytest.raises(BadInput, match=r"disentanglement.infogan.places: received 4, must be odd"):
        params.read_section(
            "disentanglement.infogan", infogan.Disentanglement, document, params.PATH
        )
