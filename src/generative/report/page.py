"""The page: one HTML file that needs nothing else, made of `contents.collect`."""

import re
from functools import partial
from importlib.resources import files
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

Contents = dict[str, Any]
HERE = files("generative.report")
# Of scripts and styles, in the order that they need each other.
SCRIPTS = ("vendor/uPlot.js", "network.js", "page.js")
STYLES = ("vendor/uPlot.css", "page.css")
LANGUAGES = ("en", "zh")
# Metrics of texts: written at a temperature, or held out.
OF_TEXTS = re.compile(r"(?P<metric>.+?)_(temperature_(?P<at>.+)|held_out)")
MOST_WHOLE = 1e15  # larger numbers have more digits than are known of them


def build(contents: Contents) -> str:
    """The page in both languages; the same contents give the same bytes."""
    words = read_words()
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(number=number, short=short)
    environment.globals.update(
        say=partial(say, words),
        names=partial(called, words),
        spelled=partial(spelled, words),
        labels=partial(labels, words),
        axes=partial(axes, words),
        of_family=partial(of_family, words),
        both=both,
        words=words,
        headline=headline,
    )
    return environment.from_string(text("page.html.jinja")).render(
        **{"against": None, **contents},
        scripts=[text(name) for name in SCRIPTS],
        styles=[text(name) for name in STYLES],
    )


def read_words() -> Contents:
    """What the page says, in both languages."""
    found: Contents = yaml.safe_load(text("words.yaml"))
    return found


def text(name: str) -> str:
    """A file beside this one."""
    return HERE.joinpath(name).read_text(encoding="utf-8")


def say(words: Contents, group: str, key: str, **values: Any) -> Markup:
    """A sentence of `words.yaml` in both languages, of which the page shows one."""
    return both(words[group][key], **values)


def of_family(words: Contents, family: str, part: str, **values: Any) -> Markup:
    """The title, question or answer of a family; of one that has none, its name."""
    own = words["families"].get(family, {}).get(part)
    return both(own, **values) if own else Markup("<span>{}</span>").format(family)


def both(sentence: Contents, **values: Any) -> Markup:
    """The English and the Chinese of `sentence`, of which a value may be one in both, too."""
    return Markup("").join(
        Markup('<span class="{0}" lang="{0}">{1}</span>').format(
            language, filled(sentence[language], language, values)
        )
        for language in LANGUAGES
    )


def filled(sentence: str, language: str, values: Contents) -> str:
    """`sentence` with its values; without any it is a name, whose braces are its own."""
    own = {n: v[language] if isinstance(v, dict) else v for n, v in values.items()}
    return sentence.format(**own) if own else sentence


def called(words: Contents, group: str, name: str) -> Markup:
    """What a picture or a metric is called, as in `spelled`."""
    return both(spelled(words, group, name))


def spelled(words: Contents, group: str, name: str) -> Contents:
    """The English and the Chinese name of a picture or a metric; its own where there is no other.
    A metric of texts says of which."""
    name = name.partition("/")[2] or name
    if name in words[group]:
        return dict(words[group][name])
    of_texts = OF_TEXTS.fullmatch(name)
    if not of_texts or of_texts["metric"] not in words[group]:
        return dict.fromkeys(LANGUAGES, name.replace("_", " "))
    metric = words[group][of_texts["metric"]]
    which = words["of_texts"]["temperature" if of_texts["at"] else "held_out"]
    return {
        language: f"{metric[language]} · {which[language].format(at=of_texts['at'])}"
        for language in LANGUAGES
    }


def labels(words: Contents, curves: Contents) -> Contents:
    """The names of what a training is drawn by, in both languages."""
    drawn = [curves["time"], *(panel["name"] for panel in curves["panels"])]
    return {name: spelled(words, "metrics", name) for name in drawn}


def axes(words: Contents, charts: list[Contents]) -> Contents:
    """The names of the axes of charts and of what is drawn there, in both languages."""
    drawn = {line["name"] for chart in charts for line in chart["series"]}
    drawn |= {chart[axis] for chart in charts for axis in ("across", "up")}
    return {name: spelled(words, "axes", name) for name in sorted(drawn)}


def short(md5: str) -> str:
    return md5[:8]


def number(value: Any) -> str:
    """Whole numbers whole, others with four significant digits; text as it is, nothing for none."""
    if value is None:
        return ""
    if isinstance(value, float) and not (value.is_integer() and abs(value) < MOST_WHOLE):
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def headline(family: Contents) -> Contents | None:
    """The picture that stands for a family on the cover, as it is shown below."""
    wanted = ("samples", "picture", "hardest", "latent_plane")
    shown = [
        p for name in wanted for m in family["models"] for p in m["pictures"] if p["name"] == name
    ]
    return next((p for p in shown if "frames" not in p), None)
