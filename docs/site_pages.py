"""Pages of the site that are written from the code and from files beside docs/: a hook of mkdocs.

The command line comes from argparse, the Python reference from the public names, the models from their cards, and the
tutorial from its notebook, run anew. Links that lead out of docs/ in a checkout lead to these pages in the site.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import policydiff
from policydiff import cli

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "src" / "policydiff" / "models_data"

# Files of the checkout that are pages of the site; a link to the first leads to the second.
PAGES = {
    "benchmarks/README.md": "benchmarks.md",
    "fixtures/gold/GUIDELINES.md": "guidelines.md",
    "CHANGELOG.md": "changelog.md",
}
ASSETS = {"benchmarks/results/quality-hard.svg": "results/quality-hard.svg"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the written pages."""
    pages = {
        "cli.md": command_line(),
        "python.md": python_reference(),
        "models.md": model_cards(),
        "tutorial.md": tutorial(run=bool(config.extra.get("run_tutorial"))),
    }
    pages |= {page: (ROOT / source).read_text(encoding="utf-8") for source, page in PAGES.items()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for source, name in ASSETS.items():
        if (ROOT / source).exists():
            files.append(File.generated(config, name, content=(ROOT / source).read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Lead links out of docs/ to the pages that those files have become."""
    for source, page in PAGES.items():
        markdown = markdown.replace(f"](../{source}", f"]({page}")
    return markdown.replace("](tutorial.ipynb", "](tutorial.md")


def command_line() -> str:
    """Every command with its help, as argparse prints it."""
    parser = cli._parser()
    parts = ["# Command line", _help(parser)]
    for name, command in _commands(parser):
        parts += [f"## policydiff {name}", _help(command)]
        for inner, below in _commands(command):
            parts += [f"### policydiff {name} {inner}", _help(below)]
    return "\n\n".join(parts) + "\n"


def _commands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return [(name, command) for group in groups for name, command in group.choices.items()]


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    return f"```text\n{parser.format_help().strip()}\n```"


# The order in which the reference is read; whatever public name is not here comes last.
GROUPS = {
    "Comparing": ["compare", "Comparer", "ComparedResponse", "Settings", "RequestSettings"],
    "Records": [
        "Comparison",
        "Policy",
        "Provision",
        "Section",
        "Response",
        "Passage",
        "Finding",
        "Evidence",
        "Cue",
        "Tally",
        "Campaign",
        "CopiedPassage",
        "Resubmission",
        "Masking",
        "Failure",
        "Correction",
        "Provenance",
    ],
    "Counting": ["intervals", "Interval", "by_kind", "CrossTable"],
    "Documents": [
        "load_policy",
        "parse_policy",
        "read_document",
        "document_from_text",
        "document_from_bytes",
        "Document",
    ],
    "Results and reviewing": ["load_result", "write_review", "apply_review", "by_hand"],
    "Measuring and fitting": ["evaluate", "Evaluation", "fit", "fit_judge", "AlignmentModel"],
}


def python_reference() -> str:
    """The public names by what they are for."""
    named = {name for group in GROUPS.values() for name in group}
    rest = [n for n in policydiff.__all__ if n not in named and not n.startswith("__") and n != "STANCES"]
    groups = GROUPS | {
        "Errors": [n for n in rest if n.endswith("Error")],
        "Encoders, judges, rerankers": [n for n in rest if not n.endswith("Error")],
    }
    parts = ["# Python", "All of it is imported from `policydiff`; nothing else is promised to stay."]
    for title, names in groups.items():
        parts.append(f"## {title}")
        for name in names:
            thing = getattr(policydiff, name)
            parts.append(f"::: {thing.__module__}.{name}\n    options:\n      heading_level: 3")
    return "\n\n".join(parts) + "\n"


def model_cards() -> str:
    """The card of every file under models_data."""
    cards = {p.parent.name: json.loads(p.read_text(encoding="utf-8")) for p in MODELS.glob("*/card.json")}
    cards |= {p.stem: json.loads(p.read_text(encoding="utf-8"))["card"] for p in MODELS.glob("alignment-*.json")}
    cards |= {p.parent.name: json.loads(p.read_text(encoding="utf-8")) for p in MODELS.glob("*/stance.json")}
    parts = [
        "# Models",
        "What comes with the package, by the cards beside the files. How each was made is in `training/`; "
        "[Benchmarks](benchmarks.md) has the figures that are to be cited, and [Limits](limits.md) what they mean.",
    ]
    for name, card in sorted(cards.items()):
        parts += [f"## {name}", _card(card)]
    return "\n\n".join(parts) + "\n"


def _card(card: dict[str, Any]) -> str:
    rows = ["| | |", "|---|---|"]
    for key, value in card.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        if isinstance(value, dict) and all(isinstance(v, str | int | float) for v in value.values()):
            shown = "<br>".join(f"{k}: {v}" for k, v in value.items())
        elif isinstance(value, dict):
            shown = "<br>".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items())
        elif isinstance(value, list):
            shown = ", ".join(map(str, value))
        rows.append(f"| {key.replace('_', ' ')} | {str(shown).replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def tutorial(*, run: bool) -> str:
    """The notebook as a page, with its results where it is to be ``run``."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import MarkdownExporter

    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    if run:
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "docs")}}).execute()
    text, resources = MarkdownExporter().from_notebook_node(notebook)
    for name, data in resources["outputs"].items():
        text = text.replace(f"]({name})", f"]({_data_url(name, data)})")
    return str(text)


def _data_url(name: str, data: bytes) -> str:
    from base64 import b64encode

    return f"data:image/{Path(name).suffix[1:]};base64,{b64encode(data).decode()}"
