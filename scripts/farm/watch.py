# SPDX-License-Identifier: GPL-2.0-only
"""Nothing on a board is waited for for ever: a limit to how long it shows no progress."""

import signal
import time
from contextlib import contextmanager

from labgrid.step import steps


class Silent(Exception):
    """The board has shown no progress for too long."""


class Watch:
    """Looks at the clock once a second, whatever a driver may wait for just then."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.last = time.monotonic()
        self.shown = b""
        self.console = False
        steps.subscribe(self._step)

    def _step(self, event):
        """What a console shows is progress, while nobody types there; a prompt that comes again is none."""
        shown = event.step.result
        if self.console and event.step.tag == "console" and str(event.step) == "read" and shown and shown != self.shown:
            self.shown = shown
            self.progress()

    def progress(self):
        self.last = time.monotonic()

    @contextmanager
    def over(self, what, console=False):
        """Raises Silent when there is no progress in here. Again and again: a driver may swallow the first."""

        def tick(*_):
            if time.monotonic() - self.last > self.seconds:
                raise Silent(f"{what}, and for {self.seconds} s there was no progress")

        self.progress()
        self.console = console
        before = signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
