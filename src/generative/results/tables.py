"""Tables of the committed results, in Markdown: medians over training seeds, with their range."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from generative.results.records import Record

PROFILE, PRECISION = "default", "float32"
VAES = ("cvae", "vae")
GANS = ("gan_minimax", "gan_non_saturating", "gan_maximum_likelihood", "cgan", "acgan")
CLASSIFIERS = ("sequential", "functional", "inception", "residual", "separable")
TEXTS = ("char_lstm", "char_conv", "char_transformer")
CASES = (
    *("floor", "thresholded", "blurred_0.5", "blurred_1", "blurred_2", "noisy"),
    *("missing_digit", "memorised", "half_noise", "pure_noise"),
)
IMAGES = (
    *("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage"),
    *("sharpness", "nearest_train_ratio"),
)
DIGITS = (*IMAGES, "digits_covered", "digit_total_variation")
OF_LABELS = ("label_accuracy", "gan_train_accuracy", "intra_class_distance")
DISENTANGLED = (
    *("category_error", "category_mutual_information", "category_rand_index"),
    *("category_information_nats", "code_information_nats", "thickness_correlation"),
    *("slant_correlation", "leakage", "digit_kept", "label_accuracy"),
    *("feature_error", "z0_recovered", "z1_recovered", "diversity_given_label_and_z1"),
)
# Of a network, what it is measured by and how that is called.
MARGINS = (
    ("question_answering", "accuracy", "accuracy, stories of one fact"),
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
TEMPERATURES = ("0.2", "0.5", "1.0", "1.2")
STYLE = ("style_loss_ratio", "held_out_style_ratio", "lpips_to_content", "evaluations")

PRECISIONS = ("float32", "bfloat16")
FIRST = {
    "test/elbo_nats": VAES,
    "samples/frechet_distance": (*GANS, "colour_gan", "dcgan", "infogan", "stackedgan"),
    "samples/category_error": ("infogan",),
    "test/bits_per_character": TEXTS,
    "test/accuracy": (*CLASSIFIERS, "residual_sharp", "question_answering"),
    "test/year_mean_absolute_error": ("passage",),
    "test/auc": ("siamese", "stereo"),
}

Values = Mapping[str, Mapping[str, Sequence[float]]]


def values_of(
    records: Iterable[Record], precision: str = PRECISION
) -> dict[str, dict[str, list[float]]]:
    """The numbers of each metric of each model, seed by seed: of the default profile."""
    found: dict[str, dict[str, list[float]]] = {}
    for record in records:
        if (record.profile, record.precision) == (PROFILE, precision):
            for name, value in record.metrics.items():
                found.setdefault(record.model, {}).setdefault(name, []).append(value)
    return found


def cell(values: Sequence[float] | None, form: str = ".3g") -> str:
    """The median and, of several, the range; nothing of nothing."""
    if not values:
        return ""
    median = format(float(np.median(values)), form)
    low, high = (format(float(end), form) for end in (min(values), max(values)))
    return median if low == high else f"{median} ({low} to {high})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; rows without a number are left out."""
    head = list(head)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines if any(line[1:]))


def words(name: str) -> str:
    return name.replace("_", " ")


def quality(found: Values, columns: Mapping[str, str], names: Sequence[str]) -> str:
    """A row a metric, a column a set of images: its title, and `<model>:<prefix>` in `found`."""

    def at(place: str, name: str) -> Sequence[float] | None:
        model, _, prefix = place.partition(":")
        return found.get(model, {}).get(f"{prefix}{name}")

    rows = ([words(n), *(cell(at(place, n)) for place in columns.values())] for n in names)
    return table(["metric", *columns], rows)


def of_models(*models: str) -> dict[str, str]:
    return {f"`{model}`": f"{model}:samples/" for model in models}


def bounds(found: Values) -> str:
    names = ("elbo_nats", "nll_importance_nats", "nll_exact_nats")
    rows = (
        [f"`{m}`", *(cell(found.get(m, {}).get(f"test/{n}"), ".2f") for n in names)] for m in VAES
    )
    return table(["model", "ELBO, nats", "-log p(x), nats", "exact, nats"], rows)


def classifiers(found: Values) -> str:
    forms = {"accuracy": ".2%", "expected_calibration_error": ".4f", "parameters": ",.0f"}
    rows = (
        [f"`{m}`", *(cell(found.get(m, {}).get(f"test/{n}"), form) for n, form in forms.items())]
        for m in (*CLASSIFIERS, "judge")
    )
    return table(["classifier", *map(words, forms)], rows)


def known_cases(found: Values) -> str:
    return quality(found, {words(c): f"references_mnist:{c}." for c in CASES}, DIGITS)


def digits(found: Values) -> str:
    floor = {"floor": "references_mnist:floor."}
    return quality(found, floor | of_models(*VAES, *GANS), (*DIGITS, *OF_LABELS))


def colours(found: Values) -> str:
    columns = {
        "`colour_gan`": "colour_gan:samples/",
        "real digits": "references_coloured_digits:floor.",
        "`dcgan`": "dcgan:samples/",
        "real crops": "references_pictures:floor.",
    }
    return quality(found, columns, IMAGES)


def disentangled(found: Values) -> str:
    return quality(
        found,
        of_models("infogan", "stackedgan"),
        tuple(dict.fromkeys((*DISENTANGLED, *DIGITS, *OF_LABELS))),
    )


def texts(found: Values) -> str:
    names = ("bits_per_character", "next_character_accuracy", "compressed_bits_per_character")
    rows = (
        [words(n), *(cell(found.get(m, {}).get(f"test/{n}"), ".3f") for m in TEXTS)] for n in names
    )
    return table(["on the test text", *(f"`{m}`" for m in TEXTS)], rows)


def writing(found: Values) -> str:
    suffixes = [*(f"temperature_{t}" for t in TEMPERATURES), "held_out"]
    own = found.get("char_lstm", {})
    rows = (
        [title, *(cell(own.get(f"test/{name}_{s}"), ".3f") for s in suffixes)]
        for name, title in WRITING.items()
    )
    return table(["`char_lstm`", *TEMPERATURES, "held-out text"], rows)


def margins(found: Values) -> str:
    def row(model: str, name: str, title: str) -> Iterator[str]:
        own = found.get(model, {})
        yield from (f"`{model}`", title)
        yield from (cell(own.get(f"test/{name}{kind}"), ".4g") for kind in ("", "_baseline"))
        low, high = (own.get(f"test/{name}_margin_{end}") for end in ("low", "high"))
        yield f"{np.median(low):.3g} to {np.median(high):.3g}" if low and high else ""

    rows = ((*line,) for line in (row(*each) for each in MARGINS))
    shown = (line for line in rows if any(line[2:]))
    return table(["model", "metric", "test", "baseline", "margin"], shown)


def style(found: Values) -> str:
    keys = [model for model in found if model.startswith("style_")]
    rows = (
        [f"`{k.removeprefix('style_')}`", *(cell(found[k].get(n)) for n in STYLE)] for k in keys
    )
    return table(["picture", *map(words, STYLE)], rows)


def precisions(records: Sequence[Record]) -> str:
    """What each model is first of all measured by, in both precisions."""
    both = [values_of(records, precision) for precision in PRECISIONS]
    rows = (
        [
            f"`{m}`",
            words(name.partition("/")[2]),
            *(cell(own.get(m, {}).get(name), ".4g") for own in both),
        ]
        for name, models in FIRST.items()
        for m in models
    )
    return table(["model", "metric", *PRECISIONS], (row for row in rows if any(row[2:])))


def of_values(make: Callable[[Values], str]) -> Callable[[Sequence[Record]], str]:
    return lambda records: make(values_of(records))


# Each table by the name in its marker.
TABLES: dict[str, Callable[[Sequence[Record]], str]] = {
    make.__name__: of_values(make)
    for make in (
        *(bounds, classifiers, known_cases, digits, colours, disentangled),
        *(texts, writing, margins, style),
    )
} | {"precisions": precisions}
