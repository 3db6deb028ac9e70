"""Findings counted over provisions: how many respondents, how many passages, a stance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from policydiff.models import STANCES, Finding, Policy, Tally


def tally(policy: Policy, findings: Iterable[Finding], respondent_of: Mapping[str, str]) -> tuple[Tally, ...]:
    """One Tally a provision, in the draft's order, silent provisions included.

    Only accepted findings count. ``respondent_of`` gives the response id for a passage id; each response
    counts once a stance, however often it says it.
    """
    respondents: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    passages: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in findings:
        if not finding.accepted:
            continue
        for key in (*finding.labels, "any"):
            respondents[finding.provision_id][key].add(respondent_of[finding.passage_id])
            passages[finding.provision_id][key].add(finding.passage_id)
    keys = (*STANCES, "any")
    return tuple(
        Tally(
            provision_id=p.id,
            respondents={k: len(respondents[p.id][k]) for k in keys},
            passages={k: len(passages[p.id][k]) for k in keys},
        )
        for p in policy.provisions
    )
