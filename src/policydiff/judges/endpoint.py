"""One endpoint that speaks the chat-completions dialect of OpenAI: local (Ollama, llama.cpp, vLLM) or hosted."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import BoundedSemaphore, Lock
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from policydiff.errors import SettingsError, brief
from policydiff.judges.gate import Gate
from policydiff.judges.requests import RequestSettings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FOR_NOW = (408, 425, 429)  # and all from 500: refused for now, worth another attempt
_DENIED = (401, 403, 404, 405)  # the key, the model or the address is wrong
_REFUSED = (400, 422)  # often an option that the server does not know
# Asked for from the first on, and left out one by one where a server refuses them.
_OPTIONS = ("json_schema", "temperature", "seed")


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote, and the tokens that the server counted, None where it did not."""

    text: str
    tokens_in: int | None
    tokens_out: int | None


class EndpointError(Exception):
    """A request that came to nothing. ``reason`` is short; ``wrong``: address, model or key seem to be wrong.

    It never leaves the judge.
    """

    def __init__(self, reason: str, *, wrong: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wrong = wrong


class _ShutError(EndpointError):
    """Not even tried: the gate is shut."""


class _BusyError(EndpointError):
    """Refused for now; ``after`` is the seconds that the server asks for, None where it does not say."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _RefusedError(EndpointError):
    """Refused for what it asks; ``message`` is the server's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason)
        self.message = message


class _Message(BaseModel):
    content: str | None = None  # None of a model that thought, or declined, and said nothing


class _Choice(BaseModel):
    message: _Message


class _Reply(BaseModel):
    choices: list[_Choice]
    usage: Any = None


class Endpoint:
    """A chat model at a base URL such as ``http://localhost:11434/v1``. Thread-safe and picklable.

    The key is read from the environment variable ``key_variable`` when a request is made and kept nowhere; redirects
    are not followed, so it goes to no other host. ``requests`` counts what was sent.

    Raises:
        SettingsError: the URL is none, or an extra is not installed.
    """

    def __init__(self, url: str, model: str, *, key_variable: str, settings: RequestSettings) -> None:
        try:
            import httpx2  # noqa: F401
            import stamina  # noqa: F401
        except ImportError as error:
            raise SettingsError(f'a language model needs {error.name}: pip install "policydiff[llm]"') from error
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"endpoint {url!r} is no http(s) address; give one like http://localhost:11434/v1")
        if parts.username or parts.password or parts.query:
            raise SettingsError(
                f"no user, password or query in the endpoint at {parts.hostname}; the key goes into {key_variable}"
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        self.url = f"{parts.scheme}://{parts.netloc}{path}"
        self.host = parts.netloc
        self.model = model
        self.key_variable = key_variable
        self.settings = settings
        self.requests = 0
        self.ever_answered = False
        self._local = parts.hostname in _LOOPBACK
        self._options: tuple[str, ...] = _OPTIONS
        self._open()

    def _open(self) -> None:
        import httpx2

        s = self.settings
        # A proxy of the environment is for the world outside this machine. Certificates take half a second to read.
        self._client = httpx2.Client(timeout=s.timeout, trust_env=not self._local, verify=self.url.startswith("https:"))
        self._gate = Gate(per_minute=s.per_minute, longest_wait=s.longest_wait, failures=s.failures, rest=s.rest)
        self._places = BoundedSemaphore(s.parallel)
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_client", "_gate", "_places", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> Completion:
        """The model's answer to messages, by ``schema`` where the server takes one.

        Raises:
            EndpointError: there is no answer, after as many attempts as the settings allow.
        """
        options: tuple[str, ...] | None = self._options
        refused: _RefusedError | None = None
        with self._places:
            while options is not None:
                try:
                    done = self._attempts({"model": self.model, "messages": messages, **_rendered(options, schema)})
                except _RefusedError as error:
                    refused, options = error, _fewer(options, error.message)
                except _ShutError:
                    raise
                except EndpointError:
                    self._gate.failed()
                    raise
                else:
                    self._options, self.ever_answered = options, True
                    self._gate.answered()
                    return done
        raise EndpointError(refused.reason if refused else "refused")

    def _attempts(self, body: Mapping[str, Any]) -> Completion:
        import stamina

        def again(error: Exception) -> bool | float:
            if not isinstance(error, _BusyError):
                return False
            if error.after is None:
                return True
            return error.after if error.after <= self.settings.longest_wait else False

        for attempt in stamina.retry_context(
            on=again,
            attempts=self.settings.attempts,
            timeout=None,
            wait_initial=self.settings.wait,
            wait_max=self.settings.longest_wait,
            wait_jitter=self.settings.wait / 2,
        ):
            with attempt:
                return self._once(body)
        raise AssertionError("an attempt returns or raises")

    def _once(self, body: Mapping[str, Any]) -> Completion:
        shut = self._gate.wait()
        if shut is not None:
            raise _ShutError(shut)
        with self._lock:
            self.requests += 1
        status, headers, data = self._send(body)
        if status == 200:
            return _completion(data)
        reason = f"HTTP {status}"
        if status in _FOR_NOW or status >= 500:
            after = _retry_after(headers.get("retry-after"))
            if after is not None:
                self._gate.hold(after)
            raise _BusyError(reason, after)
        message = _error_message(data)
        if status in _REFUSED:
            raise _RefusedError(f"{reason}: {message[:80]}", message)
        if 300 <= status < 400:
            raise EndpointError(f"{reason}: redirected; give the address it moved to", wrong=True)
        raise EndpointError(f"{reason}: {message[:80]}", wrong=status in _DENIED)

    def _send(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        import httpx2

        headers = {"accept-encoding": "identity"}  # so that the limit is of what was sent
        key = os.environ.get(self.key_variable, "").strip()
        if key:
            headers["authorization"] = f"Bearer {key}"
        until = time.monotonic() + self.settings.timeout
        data = bytearray()
        try:
            with self._client.stream("POST", f"{self.url}/chat/completions", json=body, headers=headers) as reply:
                for chunk in reply.iter_bytes():
                    data += chunk
                    if len(data) > self.settings.answer_bytes:
                        raise EndpointError("the answer is too long")
                    if time.monotonic() > until:  # one that comes in drops, each in time
                        raise EndpointError("no answer in time")
                return reply.status_code, reply.headers, bytes(data)
        except httpx2.ConnectError as error:
            # One that was there before may come back; one that never was is an address to correct.
            if self.ever_answered:
                raise _BusyError("no connection") from error
            raise EndpointError("no connection", wrong=True) from error
        except httpx2.TimeoutException as error:  # not again: it would be as slow, and is likely still at work
            raise EndpointError("no answer in time") from error
        except httpx2.TransportError as error:
            raise _BusyError("the connection broke") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise EndpointError(brief(error)) from error


def _rendered(options: Sequence[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = {
        "json_schema": {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answers", "strict": True, "schema": schema},
            }
        },
        "json_object": {"response_format": {"type": "json_object"}},
        "temperature": {"temperature": 0},
        "seed": {"seed": 0},
    }
    return {key: value for option in options for key, value in known[option].items()}


def _fewer(options: tuple[str, ...], message: str) -> tuple[str, ...] | None:
    """The options without those that a server's message names; a weaker format, then none, where it names none."""
    if not options:
        return None
    text = message.lower()
    named = [o for o in options if o in text or (o.startswith("json") and "response_format" in text)]
    if not named and options[0] != "json_schema":
        return ()
    gone = named or ["json_schema"]
    kept = ("json_object" if o == "json_schema" and o in gone else o for o in options)
    return tuple(o for o in kept if o not in gone)


def _completion(data: bytes) -> Completion:
    try:
        reply = _Reply.model_validate_json(data)
    except ValidationError as error:
        raise EndpointError("the answer is no chat completion") from error
    if not reply.choices:
        raise EndpointError("the answer is no chat completion")
    usage = reply.usage if isinstance(reply.usage, dict) else {}
    tokens = [usage.get(key) for key in ("prompt_tokens", "completion_tokens")]
    counted = [n if isinstance(n, int) and n >= 0 else None for n in tokens]
    return Completion(reply.choices[0].message.content or "", counted[0], counted[1])


def _error_message(data: bytes) -> str:
    """What a server says is wrong, on one line that a terminal can show."""
    text = data.decode("utf-8", errors="replace")
    try:
        found = json.loads(text)
        error = found.get("error", found)
        text = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError, RecursionError):
        pass
    return "".join(c for c in " ".join(text.split())[:500] if c.isprintable())


def _retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, which gives seconds or a date; None where it gives neither."""
    if value is None:
        return None
    try:
        return max(float(value), 0.0) if value.strip().replace(".", "", 1).isdigit() else _until(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(date: str) -> float:
    when = parsedate_to_datetime(date)
    return max(((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds(), 0.0)
