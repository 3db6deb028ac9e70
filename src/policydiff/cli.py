"""The command line: ``policydiff compare | provisions | show | evaluate | models | annotate``.

Exit status: 0 all went well; 1 the result is there, but some responses are in its errors; 2 no result, since the
command, the draft or a file named on the command line cannot be used.
"""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from policydiff import __version__, annotate
from policydiff.errors import PolicydiffError, SettingsError, UnreadableError
from policydiff.evidence.model_files import DEFAULT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="policydiff",
        description="Compare public-consultation responses with the draft policy they answer.",
        epilog="Exit status: 0 all compared; 1 compared, but some responses could not be read; 2 no result.",
    )
    parser.add_argument("--version", action="version", version=f"policydiff {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    compare = commands.add_parser(
        "compare",
        help="find what each response says about each provision",
        description="Find what each response says about each provision of the draft. Without an output file, a "
        "table is printed: a row a provision, a column a stance, counts of respondents, then the strongest quotations.",
        epilog="example: policydiff compare draft.docx responses/ --json result.json",
    )
    compare.add_argument(
        "draft", metavar="DRAFT", type=Path, help=".pdf .docx .odt .rtf .html .md .txt, or a policy .json"
    )
    compare.add_argument(
        "responses",
        metavar="RESPONSE",
        type=Path,
        nargs="+",
        help="the same and .eml; .csv .xlsx .jsonl with a row a response; folders and .zip of these",
    )
    compare.add_argument("--json", metavar="FILE", type=Path, help="write the whole result here, - for standard output")
    compare.add_argument(
        "--encoder",
        metavar="NAME",
        default=DEFAULT,
        help="'small' (default) or 'static' (quicker, for very many responses), both embedded; or a "
        "sentence-transformers model by name or folder",
    )
    compare.add_argument("--threads", metavar="N", type=int, help="of the embedded encoder (default: all cores)")
    compare.add_argument("--language", metavar="CODE", help="of draft and responses: da or en (default: recognised)")
    compare.add_argument("--template", metavar="FILE", help="the blank response template: its headings are looked for")
    compare.add_argument(
        "--respondents",
        metavar="TABLE",
        help="who sent which file: columns file, respondent, kind, weight (default: respondents.csv in the folders)",
    )
    compare.add_argument("--mask", action="store_true", help="overwrite contact data before anything else sees it")
    compare.add_argument("--accept", metavar="P", type=float, help="confidence from which a pair counts as a finding")

    provisions = commands.add_parser(
        "provisions",
        help="show the provisions found in a draft",
        description="Show the provisions found in a draft. Write them with --json, correct the file by hand "
        "(labels, titles, texts, whole entries; offsets may be left out), and give it to compare as the DRAFT.",
    )
    provisions.add_argument("draft", metavar="DRAFT", type=Path)
    provisions.add_argument("--json", metavar="FILE", type=Path, help="write them here, - for standard output")
    provisions.add_argument("--language", metavar="CODE", help="da or en (default: recognised)")

    show = commands.add_parser(
        "show", help="show what a result says of a provision", description="Show the findings of a result."
    )
    show.add_argument("result", metavar="RESULT.json", type=Path)
    show.add_argument("--provision", metavar="ID", help="its id or label, e.g. princip-e or E (default: all)")
    show.add_argument("--all", action="store_true", help="also the candidates below the acceptance threshold")

    evaluate = commands.add_parser(
        "evaluate",
        help="measure on labelled consultations",
        description="Measure on gold folders (docs/gold-format.md), or folders of them: alignment, stance, both "
        "together, calibration, a phenomenon at a time, with 95 %% bootstrap intervals over responses.",
    )
    evaluate.add_argument("gold", metavar="GOLD_DIR", type=Path, nargs="+")
    evaluate.add_argument("--json", metavar="FILE", type=Path, help="write all measures and cases, - for stdout")
    evaluate.add_argument("--pipeline", action="store_true", help="from the files, not with the gold passages given")
    evaluate.add_argument("--cases", metavar="N", type=int, default=0, help="show the first N missed or wrong cases")
    evaluate.add_argument("--encoder", metavar="NAME", default=DEFAULT, help="as for compare")
    commands.add_parser(
        "models",
        help="list the embedded encoders",
        description="The embedded encoders, with size, licence and figures.",
    )
    annotate.configure(commands.add_parser("annotate", help="label responses by hand in a spreadsheet"))
    return parser


def _write(text: str, target: Path) -> None:
    if str(target) == "-":
        sys.stdout.write(text + "\n")
        return
    try:
        target.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UnreadableError(str(target), f"cannot be written ({error.strerror}); choose another place") from error


def _compare(options: argparse.Namespace) -> int:
    from policydiff.comparing import Comparer
    from policydiff.evidence.embeddings import load_encoder
    from policydiff.report import terminal
    from policydiff.settings import Settings

    if options.accept is not None and not 0 <= options.accept <= 1:
        raise SettingsError(f"--accept {options.accept}: a confidence lies between 0 and 1")
    if options.threads is not None and options.threads < 1:
        raise SettingsError(f"--threads {options.threads}: at least one thread is needed")
    settings = Settings.model_validate(
        {
            "documents": {
                "language": options.language,
                "template": options.template,
                "respondents": options.respondents,
                "mask": options.mask,
            },
            "evidence": {"threads": options.threads},
            "findings": {"accept": options.accept},
        }
    )
    encoder = load_encoder(options.encoder, threads=options.threads)
    comparer = Comparer(options.draft, settings=settings, encoder=encoder)
    if not comparer.calibrated:
        print(
            f"policydiff: note: confidences were fitted with {comparer.alignment.encoder}, not with this encoder; "
            "fit them again with policydiff.fit",
            file=sys.stderr,
        )
    sources = options.responses
    err = terminal.console(stderr=True)
    if err.is_terminal:
        from rich.progress import Progress

        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("comparing", total=None)
            result = comparer.compare(
                sources, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
    else:
        result = comparer.compare(sources)
    if options.json is not None:
        _write(result.model_dump_json(indent=1), options.json)
    elif result.responses:
        out = terminal.console()
        out.print(terminal.summary(result, width=out.width))
    if options.mask:
        kinds = Counter(m.kind for r in result.responses for m in r.masked)
        counts = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "nothing"
        print(f"policydiff: masked {counts}; where, is in `masked` of each response (--json)", file=sys.stderr)
    for failure in result.errors:
        print(f"policydiff: {failure.source}: {failure.message}", file=sys.stderr)
    if not result.responses:
        print("policydiff: no response could be compared", file=sys.stderr)
        return 2
    return 1 if result.errors else 0


def _provisions(options: argparse.Namespace) -> int:
    from policydiff.documents import load_policy
    from policydiff.report import terminal

    policy = load_policy(options.draft, language=options.language)
    if options.json is not None:
        _write(policy.model_dump_json(indent=1), options.json)
    else:
        terminal.console().print(terminal.provisions_table(policy))
    return 0


def _show(options: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from policydiff.models import Comparison
    from policydiff.report import terminal

    source = str(options.result)
    try:
        result = Comparison.model_validate_json(options.result.read_bytes())
    except OSError as error:
        raise UnreadableError(source, f"cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise UnreadableError(
            source, f"is no result of `policydiff compare --json` ({field}: {first['msg']})"
        ) from None
    wanted = {p.id for p in result.policy.provisions}
    if options.provision is not None:
        key = options.provision.casefold()
        wanted = {p.id for p in result.policy.provisions if key in (p.id.casefold(), p.label.casefold())}
        if not wanted:
            ids = ", ".join(p.id for p in result.policy.provisions)
            raise UnreadableError(source, f"has no provision {options.provision!r}; it has {ids}")
    found = [f for f in result.findings if f.provision_id in wanted and (f.accepted or options.all)]
    found.sort(key=lambda f: -f.confidence)
    out = terminal.console()
    for line in terminal.finding_lines(result, found):
        out.print(line)
    out.print(f"{len(found)} findings")
    return 0


def _models(_options: argparse.Namespace) -> int:
    from policydiff.evidence.model_files import cards
    from policydiff.report import terminal

    terminal.console().print(terminal.models_table(cards()))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from policydiff.comparing import Comparer
    from policydiff.evaluation import evaluate
    from policydiff.evidence.embeddings import load_encoder
    from policydiff.report import measures, terminal
    from policydiff.settings import Settings

    encoder = load_encoder(options.encoder)
    settings = Settings.model_validate({"findings": {"floor": 0.0}})
    result = evaluate(
        options.gold,
        make=lambda policy: Comparer(policy, settings=settings, encoder=encoder),
        mode="pipeline" if options.pipeline else "passages",
    )
    if options.json is not None:
        _write(result.model_dump_json(indent=1), options.json)
    else:
        terminal.console().print(measures.evaluation_tables(result, cases=options.cases))
    return 0


_COMMANDS = {
    "compare": _compare,
    "provisions": _provisions,
    "show": _show,
    "evaluate": _evaluate,
    "models": _models,
    "annotate": annotate.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (see the module)."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows ? in its place
    try:
        return _COMMANDS[options.command](options)
    except PolicydiffError as error:
        print(f"policydiff: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `policydiff … | head`
        sys.stderr.close()
        return 0
