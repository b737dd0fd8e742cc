"""The tables of the README, made of the results under data/.

python benchmarks/results.py
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DATA = Path("data")
GANS = ("gan_minimax", "gan_non_saturating", "gan_maximum_likelihood", "cgan", "acgan")
CLASSIFIERS = ("sequential", "functional", "inception", "residual", "separable", "judge")
DISENTANGLED = (
    *("category_error", "category_information_nats", "code_information_nats"),
    *("thickness_correlation", "slant_correlation", "leakage", "digit_kept", "label_accuracy"),
    *("feature_error", "z0_recovered", "z1_recovered", "diversity_given_label_and_z1"),
)
# Of each network, what it is measured by and the name in the README.
MARGINS = (
    ("question_answering", "test_accuracy", "accuracy, stories of one fact"),
    ("question_answering", "two_fact_accuracy", "accuracy, stories of two facts"),
    ("passage", "year_mean_absolute_error", "mean absolute error of the year"),
    ("passage", "genre_accuracy", "accuracy of the genre"),
    ("passage", "edition_accuracy", "accuracy of the edition"),
    ("siamese", "auc", "AUC"),
    ("stereo", "auc", "AUC"),
)
WRITING = {
    "distinct_4": "distinct sequences of four words",
    "word_validity": "words that the training text has",
    "repetition": "repetition",
    "longest_copied_substring": "longest copied passage, characters",
    "copied_30gram_share": "copied passages of 30 characters",
}

Metrics = Mapping[str, Any]


def metrics(kind: str, key: str) -> dict[str, Any]:
    """What a stage measured; empty if it has not run."""
    try:
        found: dict[str, Any] = json.loads((DATA / kind / key / "metrics.json").read_text())
    except FileNotFoundError:
        return {}
    return found


def cell(values: Metrics, name: str) -> str:
    """A number of three digits, with its deviation over seeds where there is one."""
    if name not in values:
        return ""
    deviation = values.get(f"{name}_deviation")
    return f"{values[name]:.3g}" + ("" if deviation is None else f" ± {deviation:.2g}")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines), end="\n\n")


def by_metric(columns: Mapping[str, Metrics], names: Iterable[str] | None = None) -> None:
    """A row a metric, a column a set of images."""
    if names is None:
        found = dict.fromkeys(name for values in columns.values() for name in values)
        names = (n for n in found if not n.endswith("_deviation") and n != "extractor")
    rows = ([n.replace("_", " "), *(cell(c, n) for c in columns.values())] for n in names)
    table(["metric", *columns], rows)


def main() -> None:
    names = ("elbo_nats", "nll_importance_nats", "nll_exact_nats")
    models = {key: metrics("metrics", key) for key in ("cvae", "vae")}
    rows = [[f"`{key}`", *(f"{m.get(n, 0):.2f}" for n in names)] for key, m in models.items()]
    table(["model", "ELBO, nats", "-log p(x), nats", "exact, nats"], rows)
    measured = {key: metrics("metrics", key) for key in CLASSIFIERS}
    table(
        ["classifier", "test accuracy", "expected calibration error", "parameters"],
        (
            [
                f"`{key}`",
                f"{100 * m['test_accuracy']:.2f} %",
                f"{m['expected_calibration_error']:.4f}",
                f"{m['parameters']:,}",
            ]
            for key, m in measured.items()
            if m
        ),
    )
    references = metrics("references", "mnist")
    cases = {n.replace("_", " "): v for n, v in references.items() if isinstance(v, dict)}
    quality = {key: metrics("image_quality", key) for key in ("cvae", "vae", *GANS)}
    by_metric({**cases, **{f"`{key}`": quality[key] for key in ("cvae", "vae")}})
    floor = {"floor": references.get("floor", {})}
    by_metric({**floor, **{f"`{key}`": quality[key] for key in GANS}})
    colour: dict[str, Metrics] = {}
    for key, dataset in (("colour_gan", "coloured_digits"), ("dcgan", "pictures")):
        colour[f"`{key}`"] = metrics("image_quality", key)
        colour[f"real {dataset}"] = metrics("references", dataset).get("floor", {})
    by_metric(colour)

    both = ("infogan", "stackedgan")
    images = {f"`{k}`": metrics("image_quality", k) for k in both}
    disentangled = {
        name: {**values, **metrics("disentanglement", key)}
        for key, (name, values) in zip(both, images.items(), strict=True)
    }
    rest = [n for n in images["`stackedgan`"] if not n.endswith("_deviation") and n != "extractor"]
    by_metric(disentangled, dict.fromkeys([*DISENTANGLED, *rest]))

    texts = {f"`{k}`": metrics("metrics", f"char_{k}") for k in ("lstm", "conv", "transformer")}
    names = ("bits_per_character", "next_character_accuracy", "compressed_bits_per_character")
    rows = [[n.replace("_", " "), *(f"{t.get(n, 0):.3f}" for t in texts.values())] for n in names]
    table(["on the test text", *texts], rows)
    written = texts["`lstm`"]
    suffixes = [*(f"temperature_{t}" for t in (0.2, 0.5, 1.0, 1.2)), "held_out"]
    table(
        ["", "0.2", "0.5", "1.0", "1.2", "held-out text"],
        (
            [words, *(f"{written.get(f'{name}_{s}', 0):.3f}" for s in suffixes)]
            for name, words in WRITING.items()
        ),
    )
    rows = []
    for key, name, words in MARGINS:
        own = metrics("metrics", key)
        values = [f"{own.get(n, 0):.4g}" for n in (name, f"{name}_baseline")]
        low, high = (f"{own.get(f'{name}_margin_{end}', 0):.3g}" for end in ("low", "high"))
        rows.append([f"`{key}`", words, *values, f"{low} to {high}"])
    table(["model", "metric", "test", "baseline", "margin"], rows)
    losses = ("style_loss_ratio", "held_out_style_ratio", "lpips_to_content", "evaluations")
    pictures = sorted(folder.parent.name for folder in (DATA / "style").glob("*/metrics.json"))
    rows = [[f"`{p}`", *(f"{metrics('style', p)[n]:.3g}" for n in losses)] for p in pictures]
    table(["picture", *losses], rows)
    print("tune@separable:", metrics("tuning", "separable"))


if __name__ == "__main__":
    main()
