"""How a language model is asked: sizes, pace and patience, and what was asked so far."""

from pydantic import BaseModel, ConfigDict, Field

from policydiff.models import Record


class RequestSettings(BaseModel):
    """Limits of the requests to an endpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pairs: int = Field(default=8, ge=1)  # in one request, at most
    characters: int = Field(default=12_000, ge=1)  # of the pairs in one request; a longer pair goes alone, whole
    parallel: int = Field(default=4, ge=1)  # requests at a time
    per_minute: float | None = Field(default=None, gt=0)  # requests; None: as many as go
    timeout: float = Field(default=300, gt=0)  # seconds for one answer; a large model on a CPU takes minutes
    attempts: int = Field(default=4, ge=1)  # of a request that the server refuses for now
    wait: float = Field(default=1.0, gt=0)  # seconds before the second attempt; doubled for each after it
    longest_wait: float = Field(default=60, gt=0)  # seconds that a server may ask for with Retry-After
    answer_bytes: int = Field(default=1_000_000, ge=1)  # of one answer; what is longer is not read to its end
    failures: int = Field(default=3, ge=1)  # requests in a row that fail before the endpoint is left alone ...
    rest: float = Field(default=60, gt=0)  # ... for this many seconds


class Estimate(Record):
    """What judging would take; tokens by the number of characters, so give or take a third.

    ``asked`` are the pairs that are not in the cache, each different one once. ``cost`` is in the currency of the
    judge's ``prices``, None without them.
    """

    pairs: int = 0
    asked: int = 0
    cached: int = 0
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None


class Usage(Record):
    """What judging took so far.

    ``pairs`` were judged: ``answered`` by the model now, ``cached`` by its answers from before, ``fell_back`` by the
    embedded judge, for the ``reasons`` given. ``asked`` pairs were sent, each different one once; ``requests`` counts
    every one that was tried. Tokens are as the server counts them; ``counted`` is false where it did not, and they
    are estimated.
    """

    pairs: int = 0
    answered: int = 0
    cached: int = 0
    fell_back: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    asked: int = 0
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    counted: bool = True
    cost: float | None = None


def estimate_line(estimate: Estimate) -> str:
    """An estimate in one line, for a terminal."""
    return (
        f"{estimate.pairs} pairs: {estimate.asked} to ask in {estimate.requests} requests, {estimate.cached} cached; "
        f"about {estimate.tokens_in} tokens in, {estimate.tokens_out} out{_money(estimate.cost)}"
    )


def usage_line(usage: Usage) -> str:
    """What was used in one line, for a terminal, with the reasons for falling back."""
    about = "" if usage.counted else "about "
    line = (
        f"{usage.pairs} pairs: {usage.answered} answered in {usage.requests} requests, {usage.cached} cached, "
        f"{usage.fell_back} fell back to the embedded judge; "
        f"{about}{usage.tokens_in} tokens in, {usage.tokens_out} out{_money(usage.cost)}"
    )
    reasons = ", ".join(f"{reason} ({n})" for reason, n in usage.reasons.items())
    return f"{line}; why: {reasons}" if reasons else line


def _money(cost: float | None) -> str:
    return "" if cost is None else f", cost {cost:.2f}"
