"""Prints the path of a Chromium for the browser tests, installing Debian's where that is allowed.

Prints nothing, and the reason on standard error, when there is none and none may be installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without a Japanese font every picture of a screen shows boxes.
PACKAGES = ("chromium", "fonts-noto-cjk", "fonts-morisawa-bizud-gothic")


def main() -> None:
    """Find Chromium, or install it as root on Debian."""
    path = found()
    if path is None and may_install():
        install()
        path = found()
    if path is None:
        sys.stderr.write(
            "No Chromium here and no right to install it: browser tests are skipped.\n"
        )
    else:
        print(path)


def found() -> str | None:
    """Return the path of the first Chromium there is."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def may_install() -> bool:
    """Say whether this user may install packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Install Chromium and Japanese fonts; a failure is told and leaves things as they are."""
    sys.stderr.write("Installing Chromium and Japanese fonts for the browser tests.\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        ran = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment,
            stdout=sys.stderr,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if ran.returncode:
            return


if __name__ == "__main__":
    main()
