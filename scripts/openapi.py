"""Prints the API's OpenAPI document without its prose: what the screens' types are made from."""

from __future__ import annotations

import json
from typing import Any, Final

from maas.app import create_app
from maas.settings import Settings

PROSE: Final = frozenset({"description", "title", "summary", "example", "examples"})
"""Better words are no change of the API."""


def shape(node: Any, *, named: bool = False) -> Any:  # noqa: ANN401 -- JSON
    """Return a part of the document without prose; the keys of a `named` part are names of ours."""
    if isinstance(node, list):
        return [shape(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: shape(value, named=not named and key in {"properties", "schemas"})
        for key, value in node.items()
        if named or key not in PROSE
    }


if __name__ == "__main__":
    document = shape(create_app(Settings()).openapi())
    document["info"]["title"] = "Rural MaaS"
    print(json.dumps(document, ensure_ascii=False, indent=1))
