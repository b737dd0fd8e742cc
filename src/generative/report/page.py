"""The page: one HTML file that needs nothing else, made of `contents.collect`."""

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


def build(contents: Contents) -> str:
    """The page in both languages; the same contents give the same bytes."""
    words = yaml.safe_load(text("words.yaml"))
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(number=number, short=short)
    environment.globals.update(
        say=partial(say, words),
        names=partial(called, words),
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
    """The English and the Chinese of `sentence`."""
    return Markup("").join(
        Markup('<span class="{0}" lang="{0}">{1}</span>').format(
            language, sentence[language].format(**values)
        )
        for language in LANGUAGES
    )


def called(words: Contents, group: str, name: str) -> Markup:
    """What a picture or a metric is called; its own name where there is no other."""
    own = name.partition("/")[2] or name
    known = words[group].get(own)
    return both(known) if known else Markup("<span>{}</span>").format(own.replace("_", " "))


def short(md5: str) -> str:
    return md5[:8]


def number(value: Any) -> str:
    """Whole numbers whole, others with four significant digits; text as it is, nothing for none."""
    if value is None:
        return ""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def headline(family: Contents) -> Contents | None:
    """The picture that stands for a family on the cover, as it is shown below."""
    wanted = ("samples", "picture", "mistakes", "latent_plane")
    shown = [
        p for name in wanted for m in family["models"] for p in m["pictures"] if p["name"] == name
    ]
    return next((p for p in shown if "frames" not in p), None)
