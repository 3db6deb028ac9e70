"""The language of a pair, for judges that one comparison uses for responses in all languages."""

from policydiff.documents.language import detect_language, language_scores
from policydiff.findings.stance_features import StancePair


def pair_language(pair: StancePair) -> str:
    """The language of the passage; of what stands around it, then of the provision, where it is too short to tell."""
    for text in (pair.passage, f"{pair.section} {pair.previous}"):
        scores = sorted(language_scores(text).values())
        if scores[-1] > scores[-2]:
            return detect_language(text)
    return detect_language(f"{pair.provision_title} {pair.provision_text}")
