"""When the next request may go to an endpoint."""

import time
from threading import Lock


class Gate:
    """Spaces requests, holds them while a server asks for time, and shuts after failures in a row. Thread-safe."""

    def __init__(self, *, per_minute: float | None, longest_wait: float, failures: int, rest: float) -> None:
        self._interval = 60 / per_minute if per_minute else 0.0
        self._longest_wait, self._failures, self._rest = longest_wait, failures, rest
        self._lock = Lock()
        self._slot = self._held = self._shut = 0.0  # in the time of time.monotonic
        self._failed = 0

    def wait(self) -> str | None:
        """Wait for one's turn: None when it has come; at once the reason, where it will not come soon."""
        with self._lock:
            now = time.monotonic()
            if now < self._shut:
                return "the endpoint failed repeatedly and is left alone"
            if self._held - now > self._longest_wait:
                return "the server asks for a longer wait"
            at = max(now, self._slot, self._held)
            self._slot = at + self._interval
        time.sleep(at - now)
        return None

    def hold(self, seconds: float) -> None:
        """Nothing goes for so many seconds."""
        with self._lock:
            self._held = max(self._held, time.monotonic() + seconds)

    def answered(self) -> None:
        """A request was answered."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """A request failed for good."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._failures:
                self._failed = 0
                self._shut = time.monotonic() + self._rest
