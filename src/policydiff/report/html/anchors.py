"""Names for places in the page, each given once, the same for the same comparison."""

import re

_NOT_IN_A_LINK = re.compile(r"[^\w.-]+")
# The places the template names itself; the heading of each place has its name with "-h" after it.
_FIXED = (
    "content",
    "overview",
    "provisions",
    "outside",
    "review",
    "responses",
    "errors",
    "method",
    "filter",
    "no-match",
)


class Anchors:
    """Gives out values for the attribute ``id``."""

    def __init__(self) -> None:
        self._given = {name + end for name in _FIXED for end in ("", "-h")}

    def new(self, wanted: str) -> str:
        """``wanted`` with what a link cannot hold as hyphens, and a number after it where that is already given."""
        name = _NOT_IN_A_LINK.sub("-", wanted).strip("-") or "x"
        unique, number = name, 1
        while self._given & {unique, f"{unique}-h"}:
            number += 1
            unique = f"{name}-{number}"
        self._given |= {unique, f"{unique}-h"}
        return unique
