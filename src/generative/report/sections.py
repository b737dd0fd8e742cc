"""What the report shows of each section of params.yaml, read from the folders of the results."""

from pathlib import Path
from typing import Any

import pandas as pd

from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.core.history import read_params, read_table, read_warnings
from generative.core.params import flatten, section
from generative.report.files import existing, hashes, picture, pictures, sliders
from generative.report.tables import comparison, listing
from generative.results import records
from generative.results.collect import of_checkout
from generative.results.comparison import STATUSES, compare, verdicts

Document = dict[str, Any]
Contents = dict[str, Any]
# The network of `references` whose features compare digits; others compare colour pictures.
JUDGE = "data/judge/"


def model(data: Path, document: Document, key: str) -> Contents:
    """A trained model: `train.<key>`, with the parameters that its training wrote down."""
    trained, history, samples = (existing(data / k / key) for k in ("models", "history", "samples"))
    measured = [existing(data / "metrics" / key)]
    for kind, top in (("image_quality", "generators"), ("disentanglement", "disentanglement")):
        if key in (document.get(top) or {}):
            measured.append(existing(data / kind / key))
    described = read_json(trained / "model.json")
    prepared = existing(data / "prepared" / described["dataset"])
    params = read_params(history)
    metrics: dict[str, Any] = {}
    for folder in measured:
        metrics |= read_json(folder / "metrics.json")
    return {
        "key": key,
        "family": document["train"][key]["family"],
        "data": described["data"],
        "metrics": metrics,
        "pictures": [each for folder in (samples, *measured) for each in pictures(folder)],
        "sliders": [sheet for folder in (samples, *measured) for sheet in sliders(folder)],
        "warnings": read_warnings(history),
        "history": listing(read_table(history)),
        "params": flatten({**params["train"][key], "runtime": params["runtime"]}),
        "hashes": hashes([prepared, trained, history, *measured]),
    }


def judge(data: Path, document: Document, key: str) -> Contents:
    """The judge of digits, beside the classifiers that it is made of."""
    made, measured = existing(data / "judge" / key), existing(data / "metrics" / "judge")
    return {
        "key": "judge",
        "family": "classifiers",
        "data": {},
        "metrics": read_json(measured / "metrics.json"),
        "pictures": pictures(measured),
        "sliders": [],
        "warnings": [],
        "history": listing(pd.DataFrame()),
        "params": flatten(document["judge"][key]),
        "hashes": hashes([made, measured]),
    }


def image_table(
    data: Path, document: Document, models: list[Contents], of_digits: bool
) -> Contents:
    """The image metrics of generators, of digits or else of colour pictures, beside those of real
    images, and the `extractor` of the features that all of them were measured in.

    Digits come after all known cases, colour pictures before the real ones of their data set.
    """
    columns, names, extractors = [], [], {}
    generators = document.get("generators") or {}
    for dataset, reference in (document.get("references") or {}).items():
        keys = {key for key, values in generators.items() if values["dataset"] == dataset}
        own = [each for each in models if each["key"] in keys]
        if reference["network"].startswith(JUDGE) != of_digits or not (own or of_digits):
            continue
        cases = read_json(existing(data / "references" / dataset) / "metrics.json")
        extractors[f"data/references/{dataset}"] = cases.pop("extractor")
        for each in own:
            extractors[f"data/image_quality/{each['key']}"] = each["metrics"]["extractor"]
        if of_digits:
            columns += [{"key": name, "metrics": case} for name, case in cases.items()] + own
        else:
            columns += [*own, {"key": f"real {dataset}", "metrics": cases["floor"]}]
        names = list(cases["floor"])
    return {**comparison(columns, names), "extractor": common_extractor(extractors)}


def common_extractor(extractors: dict[str, str]) -> str:
    """The one value that `extractors` has for all folders; `BadInput` where there are several."""
    for folder, own in extractors.items():
        first, expected = next(iter(extractors.items()))
        if own != expected:
            raise BadInput(
                f"{folder} comes from the extractor {own}, {first} from {expected}: they do not "
                "compare; run dvc repro"
            )
    return next(iter(extractors.values()), "")


def committed(data: Path) -> Contents:
    """A row for each model that is in results/: what is said of it, of how many of its numbers, and
    which are off."""
    columns = ["model", "verdict", *STATUSES, "what is off"]
    known = records.committed(data.parent / records.FOLDER)
    if not known:
        return {"columns": columns, "rows": []}
    found = of_checkout(data.parent)
    both = {record.model for record in known} & {record.model for record in found}
    found, known = ([record for record in own if record.model in both] for own in (found, known))
    findings = list(compare(found, known))
    rows = []
    for key, verdict in verdicts(findings).items():
        own = [one for one in findings if one.model == key]
        counts = [sum(one.status == status for one in own) for status in STATUSES]
        off = ", ".join(one.metric for one in own if one.status == "off")
        rows.append([key, verdict, *counts, off])
    return {"columns": columns, "rows": rows}


def objectives(data: Path, document: Document, key: str) -> Contents:
    """The figure of GANs that differ in the generator's objective."""
    folder = existing(data / "objectives" / key)
    return {"pictures": pictures(folder), "hashes": hashes([folder])}


def repeat(data: Path, document: Document, key: str) -> Contents:
    """One model that was trained with several seeds: `repeat.<key>`."""
    folder = existing(data / "repeats" / key)
    table = pd.read_csv(folder / "seeds.csv", dtype={"seed": str})
    median = {"seed": "median", **read_json(folder / "metrics.json")}
    return {
        "key": key,
        "seeds": listing(pd.concat([table, pd.DataFrame([median])])),
        "params": flatten(document["repeat"][key]),
        "hashes": hashes([folder]),
    }


def search(data: Path, document: Document, key: str) -> Contents:
    """One search for arguments: `tune.<key>`."""
    folder = existing(data / "tuning" / key)
    return {
        "key": key,
        "best": read_json(folder / "best.json"),
        "metrics": read_json(folder / "metrics.json"),
        "pictures": pictures(folder),
        "trials": listing(pd.read_csv(folder / "trials.csv")),
        "params": flatten(document["tune"][key]),
        "hashes": hashes([folder]),
    }


def style_transfer(data: Path, document: Document, key: str) -> Contents:
    """One picture in the style of others: `style.<key>`."""
    folder = existing(data / "style" / key)
    names = ("picture.png", "animation.gif", "comparison.png", "steps.png", "losses.png")
    return {
        "key": key,
        "metrics": read_json(folder / "metrics.json"),
        "pictures": [picture(folder / name) for name in names],
        "history": listing(read_table(folder)),
        "params": flatten(section(f"style.{key}", document)),
        "hashes": hashes([folder]),
    }
