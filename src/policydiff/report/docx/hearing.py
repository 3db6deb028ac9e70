"""What the officer knows of the hearing and no response tells: whose it is, when it was, who was heard."""

import tomllib
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from policydiff.errors import UnreadableError
from policydiff.models import Record


class Hearing(Record):
    """The facts of a hearing. What is left out becomes a field that the officer fills in."""

    authority: str | None = None
    case: str | None = None  # the case's number in the authority's own system
    contact: str | None = None
    start: date | None = None
    end: date | None = None
    heard: tuple[str, ...] = ()  # whom the draft was sent to, by the names they answer under


def load_hearing(path: Path) -> Hearing:
    """The hearing that a TOML file describes, with the names of ``Hearing`` as keys (``start = 2023-01-10``).

    Raises:
        UnreadableError: the file cannot be read, is no TOML, or has other keys.
    """
    try:
        return Hearing.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UnreadableError(str(path), f"cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(str(path), f"is no TOML file ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        field, known = ".".join(map(str, first["loc"])), ", ".join(Hearing.model_fields)
        raise UnreadableError(str(path), f"{field}: {first['msg']}; a hearing has {known}") from None
