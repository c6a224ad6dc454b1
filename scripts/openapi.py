"""Prints the API's OpenAPI document, from which the screens' types are made (npm run api)."""

from __future__ import annotations

import json

from maas.app import create_app
from maas.settings import Settings

if __name__ == "__main__":
    print(json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1))
