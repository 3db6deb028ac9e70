"""Judges of stance other than the embedded one: NLI cross-encoders, and language models behind an endpoint.

``load_judge`` gives one by name. Nothing here is imported, loaded or sent before a judge is asked for.
"""

from policydiff.errors import SettingsError
from policydiff.findings.stance import StanceJudge

_NAMES = "'embedded', 'nli:MODEL' (a cross-encoder by name or folder) or 'llm:MODEL' with an endpoint"


def load_judge(
    name: str, *, endpoint: str | None = None, language: str | None = None, estimate: bool = False
) -> StanceJudge | None:
    """The judge for a name, as ``compare(..., judge=)`` takes it; None for "embedded", which is the default there.

    "nli:MODEL" is a cross-encoder by name or folder, "llm:MODEL" a model behind ``endpoint``, whose answers are kept
    in the user's cache folder. ``language`` fixes the language of all passages (default: that of each). With
    ``estimate`` the language model is not asked; the judge's ``total`` says what asking it would take.

    Raises:
        SettingsError: there is no judge of this name, or an endpoint or estimate is missing or does not belong.
    """
    kind, _, model = name.partition(":")
    if kind == "llm" and model:
        if not endpoint:
            raise SettingsError(
                f"judge {name!r} needs the endpoint that serves the model, such as http://localhost:11434/v1 "
                "(--endpoint URL on the command line)"
            )
        from policydiff.judges.answer_cache import default_cache
        from policydiff.judges.llm import Estimating, LanguageModelJudge

        judge = LanguageModelJudge(model, endpoint, language=language, cache=default_cache())
        return Estimating(judge) if estimate else judge
    if endpoint or estimate:
        raise SettingsError(f"an endpoint and an estimate belong to a judge 'llm:MODEL', not to {name!r}")
    if kind == "nli" and model:
        from policydiff.judges.nli import NliJudge

        return NliJudge(model, language=language)
    if name != "embedded":
        raise SettingsError(f"no judge {name!r}; name {_NAMES}")
    return None
