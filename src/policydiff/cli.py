"""The command line: ``policydiff compare | report | review | apply | provisions | show | evaluate | schema | …``.

Exit status: 0 all went well; 1 the result is there, but some responses are in its errors; 2 no result, since the
command, the draft or a file named on the command line cannot be used.
"""

import argparse
import io
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from policydiff import __version__, annotate, review
from policydiff.errors import PolicydiffError, SettingsError, UnreadableError
from policydiff.evidence.model_files import DEFAULT
from policydiff.report import outputs

if TYPE_CHECKING:
    from policydiff.comparing import Comparer, Progress
    from policydiff.findings.explaining import Reasons
    from policydiff.models import Comparison, Finding, Policy
    from policydiff.scale import ResultFolder


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
    compare.add_argument(
        "--reranker",
        metavar="NAME",
        help="a sentence-transformers CrossEncoder by name or folder that orders the best provisions of a passage",
    )
    compare.add_argument(
        "--judge",
        metavar="NAME",
        default="embedded",
        help="of stances: 'embedded' (default), 'nli:MODEL' (a cross-encoder by name or folder) or 'llm:MODEL' with "
        "--endpoint (docs/judges.md)",
    )
    compare.add_argument("--endpoint", metavar="URL", help="of the language model, e.g. http://localhost:11434/v1")
    compare.add_argument(
        "--estimate", action="store_true", help="only count what the language model would be asked; nothing is sent"
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
    outputs.add_arguments(compare)
    many = compare.add_argument_group("very many responses (docs/scale.md)")
    many.add_argument("--out", metavar="FOLDER", type=Path, help="write Parquet files here; goes on where it was ended")
    many.add_argument("--workers", metavar="N", type=int, help="processes that compare (default: 1)")
    many.add_argument("--scheduler", metavar="URL", help="of a Dask cluster that compares, e.g. tcp://host:8786")
    many.add_argument("--shard-size", metavar="K", type=int, help="responses in one Parquet file (default: 200)")
    many.add_argument(
        "--cache", metavar="FOLDER", type=Path, help="keep findings here; what was seen before costs little"
    )

    report = commands.add_parser(
        "report",
        help="write files of a result",
        description="Write a web page, a Word document, a spreadsheet and other files of a result of compare --json.",
        epilog="example: policydiff report result.json --html report.html --docx memo.docx --xlsx findings.xlsx",
    )
    report.add_argument("result", metavar="RESULT.json", type=Path, help="or the folder of compare --out")
    outputs.add_arguments(report)

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
        "show",
        help="show what a result says of a provision",
        description="Show the findings of a result, the most confident first. Of a folder of compare --out, the table "
        "and the strongest quotations are shown; give --provision or --all for the findings.",
    )
    show.add_argument("result", metavar="RESULT.json", type=Path, help="or the folder of compare --out")
    show.add_argument("--provision", metavar="ID", help="its id or label, e.g. princip-e or E (default: all)")
    show.add_argument("--why", action="store_true", help="the strongest reasons for and against each stance")
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
    schema = commands.add_parser(
        "schema",
        help="print the JSON schema of a result",
        description="The JSON schema of what compare --json writes, with its version.",
    )
    schema.add_argument("--out", metavar="FILE", type=Path, default=Path("-"), help="write it here (default: print)")
    review.configure(commands)
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
    from policydiff.findings.kept import KeptFindings
    from policydiff.findings.reranking import CrossEncoderReranker
    from policydiff.judges import load_judge
    from policydiff.judges.requests import estimate_line, usage_line
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
    files = outputs.asked(options)
    _check_many(options)
    encoder = load_encoder(
        options.encoder, threads=options.threads or (_share(options.workers) if options.out else None)
    )
    reranker = None if options.reranker is None else CrossEncoderReranker(options.reranker)
    judge = load_judge(options.judge, endpoint=options.endpoint, language=options.language, estimate=options.estimate)
    kept = None if options.cache is None else KeptFindings(options.cache)
    comparer = Comparer(options.draft, settings=settings, encoder=encoder, judge=judge, reranker=reranker, kept=kept)
    if options.endpoint and not options.estimate:
        logging.getLogger("stamina").addHandler(logging.NullHandler())  # attempts are counted at the end
        print(
            f"policydiff: passages go to {options.endpoint}, contact data masked; --estimate only counts them",
            file=sys.stderr,
        )
    if not comparer.calibrated:
        print(
            f"policydiff: note: confidences were fitted with {comparer.alignment.encoder}, not with this encoder; "
            "fit them again with policydiff.fit",
            file=sys.stderr,
        )
    if options.out is not None:
        return _compare_into(options, comparer, files)
    with _progress() as progress:
        result = comparer.compare(options.responses, progress=progress)
    total, usage = getattr(judge, "total", None), getattr(judge, "usage", None)
    if total is not None:
        print(f"policydiff: {options.judge}: {estimate_line(total)}; nothing was sent", file=sys.stderr)
    if usage is not None:
        print(f"policydiff: {options.judge}: {usage_line(usage)}", file=sys.stderr)
    if options.json is not None and total is None:
        _write(result.model_dump_json(indent=1), options.json)
    if total is None and not files.write(result) and options.json is None and result.responses:
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


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Something to call with the number done and the total, where somebody looks on."""
    from policydiff.report import terminal

    err = terminal.console(stderr=True)
    if not err.is_terminal:
        yield None
        return
    from rich.progress import Progress as Bar

    with Bar(console=err, transient=True) as bar:
        task = bar.add_task("comparing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _check_many(options: argparse.Namespace) -> None:
    for name in ("workers", "scheduler", "shard_size"):
        if getattr(options, name) is not None and options.out is None:
            raise SettingsError(f"--{name.replace('_', '-')} is for results in a folder; give --out FOLDER as well")
    if options.workers is not None and options.scheduler is not None:
        raise SettingsError("--workers is of this machine and --scheduler of a cluster; give one of them")
    if (options.out is not None or options.cache is not None) and (options.endpoint or options.estimate):
        raise SettingsError(
            "--out and --cache keep what always comes out the same; the answers of a language model are kept anyway "
            "(docs/judges.md)"
        )


def _share(workers: int | None) -> int:
    """The threads of each of the processes on this machine."""
    return max(1, (os.cpu_count() or 1) // (workers or 1))


def _compare_into(options: argparse.Namespace, comparer: "Comparer", files: outputs.Outputs) -> int:
    from policydiff import scale

    engine: scale.Engine = scale.in_process
    if options.scheduler is not None:
        engine = scale.DaskCluster(options.scheduler)
    elif options.workers is not None:
        engine = scale.ProcessPool(options.workers)
    size = scale.SHARD_SIZE if options.shard_size is None else options.shard_size
    with _progress() as progress:
        run = scale.compare_into(
            comparer, options.responses, options.out, engine=engine, shard_size=size, progress=progress
        )
    result = scale.ResultFolder(options.out)
    counts = result.manifest.counts
    computed = f"{len(run.computed)} shards compared ({run.reasons()})" if run.computed else "nothing left to compare"
    before = f", {run.kept} were there" if run.kept else ""
    print(f"policydiff: {options.out}: {computed}{before}", file=sys.stderr)
    print(", ".join(f"{count} {table}" for table, count in counts.items()), file=sys.stderr)
    if options.json is not None or files.targets:
        whole = result.gather()
        files.write(whole)
        if options.json is not None:
            _write(whole.model_dump_json(indent=1), options.json)
    elif counts["responses"]:
        _print_summary(result)
    for failure in result.records("errors"):
        print(f"policydiff: {failure.source}: {failure.message}", file=sys.stderr)
    if not counts["responses"]:
        print("policydiff: no response could be compared", file=sys.stderr)
        return 2
    return 1 if counts["errors"] else 0


def _print_summary(result: "ResultFolder") -> None:
    """The table and the strongest quotations of a result in a folder; it is not held in memory."""
    from policydiff.report import terminal
    from policydiff.scale import overview

    out = terminal.console()
    ledger = overview.ledger_in(result)
    part = overview.strongest_of(result, terminal.QUOTATIONS)
    out.print(terminal.summary(part, width=out.width, ledger=ledger))


def _provisions(options: argparse.Namespace) -> int:
    from policydiff.documents import load_policy
    from policydiff.report import terminal

    policy = load_policy(options.draft, language=options.language)
    if options.json is not None:
        _write(policy.model_dump_json(indent=1), options.json)
    else:
        terminal.console().print(terminal.provisions_table(policy))
    return 0


def _result(path: Path) -> "Comparison":
    """The result in a file of compare --json or in a folder of compare --out."""
    if path.is_dir():
        from policydiff.scale import gather

        return gather(path)
    from policydiff.results import load_result

    return load_result(path)


def _report(options: argparse.Namespace) -> int:

    if not outputs.asked(options).write(_result(options.result)):
        raise SettingsError("report writes nothing without --html, --docx, --xlsx, --csv or --parquet")
    return 0


def _show(options: argparse.Namespace) -> int:
    from policydiff.report import terminal

    if options.result.is_dir() and not options.why:  # --why asks what stands around a passage
        from policydiff.scale import ResultFolder, overview

        folder = ResultFolder(options.result)
        if options.provision is None and not options.all:
            _print_summary(folder)
            return 0
        wanted = _wanted(options, folder.manifest.policy)
        result = overview.findings_on(folder, wanted, candidates=options.all)
    else:
        result = _result(options.result)
        wanted = _wanted(options, result.policy)
    found = [f for f in result.findings if f.provision_id in wanted and (f.accepted or options.all)]
    found.sort(key=lambda f: -f.confidence)
    out = terminal.console()
    reasons = _reasons(result, found) if options.why else {}
    for line in terminal.finding_lines(result, found, reasons):
        out.print(line)
    out.print(f"{len(found)} findings")
    return 0


def _wanted(options: argparse.Namespace, policy: "Policy") -> set[str]:
    """The ids of the provisions to show."""
    if options.provision is None:
        return {p.id for p in policy.provisions}
    key = options.provision.casefold()
    wanted = {p.id for p in policy.provisions if key in (p.id.casefold(), p.label.casefold())}
    if not wanted:
        ids = ", ".join(p.id for p in policy.provisions)
        raise UnreadableError(str(options.result), f"has no provision {options.provision!r}; it has {ids}")
    return wanted


def _reasons(result: "Comparison", findings: Sequence["Finding"]) -> "Reasons":
    """Why each finding has its stances, by passage and provision, as the judge that gave them sees it."""
    from policydiff.findings.explaining import explain_stances, pair_of
    from policydiff.findings.stance import EmbeddedJudge

    spoken = {r.id: r.language for r in result.responses}
    language = {p.id: spoken[p.response_id] for p in result.passages}
    judges = {
        judge.name: {code: EmbeddedJudge(code, tagged=tagged) for code in EmbeddedJudge.languages}
        for tagged in (True, False)
        for judge in (EmbeddedJudge(tagged=tagged),)
    }
    name = result.provenance.models.get("judge")
    if name not in judges:
        raise SettingsError(f"the stances come from {name}, which is none of {', '.join(judges)}; --why explains those")
    return {
        (f.passage_id, f.provision_id): explain_stances(judges[name][language[f.passage_id]], pair_of(result, f))
        for f in findings
    }


def _models(_options: argparse.Namespace) -> int:
    from policydiff.evidence.model_files import cards
    from policydiff.report import terminal

    terminal.console().print(terminal.models_table(cards()))
    return 0


def _schema(options: argparse.Namespace) -> int:
    from policydiff.results import result_schema

    _write(json.dumps(result_schema(), ensure_ascii=False, indent=1), options.out)
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
    "report": _report,
    "provisions": _provisions,
    "show": _show,
    "evaluate": _evaluate,
    "models": _models,
    "schema": _schema,
    "review": review.run_review,
    "apply": review.run_apply,
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
