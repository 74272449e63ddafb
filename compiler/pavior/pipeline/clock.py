"""How long each phase took, for the benchmark; nothing is measured where nobody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter

_UNMEASURED = nullcontext()


@dataclass(slots=True)
class Clock:
    """Seconds by phase. A phase inside another takes its time away from it."""

    running: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def phase(self, name: str) -> AbstractContextManager[None]:
        return self._measured(name) if self.running else _UNMEASURED

    def move(self, one: str, other: str, seconds: float) -> None:
        """What was counted, or will be, for one phase belongs to another that runs inside it."""
        self.seconds[one] = self.seconds.get(one, 0.0) - seconds
        self.seconds[other] = self.seconds.get(other, 0.0) + seconds

    @contextmanager
    def _measured(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start
