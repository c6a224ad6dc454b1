"""The log on standard error: lines for people, or one JSON object a line for machines.

Nobody's data is in it: of an error a JSON line tells the kind and where it was, never its text,
which may quote what somebody typed; and a database error never quotes values (`hide_parameters`).
"""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Final, Literal

Form = Literal["text", "json"]
TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
FRAMES: Final = 20


class TextLines(logging.Formatter):
    """A line for people, with the time in UTC, so that logs of several machines fit together."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"

    def __init__(self) -> None:
        super().__init__(TEXT)


class JsonLines(logging.Formatter):
    """One JSON object a record: when, how bad, who says it, what, and the error if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            told["error"] = f"{kind.__module__}.{kind.__qualname__}"
            told["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in extract_tb(trace)[-FRAMES:]
            ]
        return json.dumps(told, ensure_ascii=False, default=str)


def begin(form: Form) -> None:
    """Write the log of this process from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
