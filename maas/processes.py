"""Several server processes behind one address, replaced one after the other without a pause.

The address is bound once, here, and every process accepts on the same socket: a call that no
process has taken yet waits for the next, so none is lost while one ends.  SIGHUP replaces each by a
new one, of the program as it is then on disk, and ends the old one only when the new one is ready.
A process that dies is replaced; the others go on meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from maas.parts import Part
from maas.settings import Settings

INHERITED: Final = "MAAS_INHERITED"
"""What a process of several is told: the socket to accept on, where to say that it is ready."""
LOOK_S: Final = 0.1
ENDS_WITHIN_S: Final = 20.0
log = logging.getLogger(__name__)


@dataclass
class Child:
    """One server process; it says that it is ready by a byte on a pipe."""

    process: subprocess.Popen[bytes]
    pipe: int
    ready: bool = False

    def look(self) -> bool:
        """Return whether it is ready."""
        if not self.ready:
            with contextlib.suppress(BlockingIOError):
                self.ready = os.read(self.pipe, 1) == b"1"
        return self.ready

    def gone(self) -> bool:
        """Return whether it has ended."""
        return self.process.poll() is not None


@dataclass
class Processes:
    """Keeps `count` processes on one listening socket until it is told to stop."""

    settings: Settings
    part: Part
    listening: socket.socket
    count: int
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    _to_replace: list[Child] = field(default_factory=list)
    _newcomer: Child | None = None
    _roll: bool = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._again)
        self.children = [self._start()]
        try:
            while not self.stopping:
                if not self._keep():
                    return 1
                time.sleep(LOOK_S)
        finally:
            self._end()
        return 0

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _again(self, *_: object) -> None:
        self._roll = True

    def _start(self) -> Child:
        pipe, theirs = os.pipe()
        os.set_blocking(pipe, False)
        sock = self.listening.fileno()
        given = {
            INHERITED: f"{sock},{theirs}",
            "MAAS_HOST": self.settings.host,
            "MAAS_PORT": str(self.settings.port),
        }
        process = subprocess.Popen(  # noqa: S603 -- a word of ours
            [sys.executable, "-m", "maas", "serve", "--role", self.part],
            env=os.environ | given,
            pass_fds=(sock, theirs),
        )
        os.close(theirs)
        log.info("process %d started", process.pid)
        return Child(process, pipe)

    def _keep(self) -> bool:
        """Do what is due; False when a process cannot even start."""
        for number, child in enumerate(self.children):
            child.look()
            if child.gone():
                log.error("process %d ended: %d", child.process.pid, child.process.returncode)
                os.close(child.pipe)
                if not child.ready:
                    self.children.remove(child)
                    return False
                self.children[number] = self._start()
        if len(self.children) < self.count and self.children[-1].ready:
            # Not all at once: the first brings the database up to date and makes the keys.
            self.children.append(self._start())
        if self._roll:
            self._roll, self._to_replace = False, list(self.children)
        self._replace()
        return True

    def _replace(self) -> None:
        """Go on replacing: the next process begins, or an old one ends for one that is ready."""
        self._to_replace = [child for child in self._to_replace if child in self.children]
        if self._newcomer is None:
            if self._to_replace:
                self._newcomer = self._start()
            return
        if self._newcomer.gone():
            log.error("the new process does not start: the old ones stay")
            os.close(self._newcomer.pipe)
            self._newcomer, self._to_replace = None, []
        elif self._newcomer.look():
            self.children.append(self._newcomer)
            self._newcomer = None
            if self._to_replace:
                old = self._to_replace.pop(0)
                self.children.remove(old)
                old.process.terminate()
                _wait(old)
                log.info("process %d ended for a new one", old.process.pid)

    def _end(self) -> None:
        every = [*self.children, *([self._newcomer] if self._newcomer else [])]
        for child in every:
            if not child.gone():
                child.process.terminate()
        for child in every:
            _wait(child)


def _wait(child: Child) -> None:
    try:
        child.process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("process %d does not end: killed", child.process.pid)
        child.process.kill()
        child.process.wait()
    os.close(child.pipe)
