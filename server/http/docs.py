"""The API's documentation as one page without scripts, made from its OpenAPI description."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any, Final

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;background:#8882;padding:1rem}"
    "h2{font-size:1rem;margin:2rem 0 0}:root{color-scheme:light dark}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'"
"""Content security policy of this page: its own style and nothing else."""


def page(openapi: dict[str, Any]) -> str:
    """HTML of all operations and message schemas."""
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        _details(name, schema) for name, schema in openapi["components"]["schemas"].items()
    )
    title = escape(openapi["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title} API</title>'
        f"<style>{STYLE}</style><h1>{title} API</h1><p>{escape(openapi['info']['description'])}</p>"
        f'<p>For programs: <a href="/openapi.json">openapi.json</a></p>'
        f"{operations}<h1>Messages</h1>{schemas}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content")
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        + (_details("Body", body) if body else "")
        + _details("Answers", operation["responses"])
    )


def _details(title: str, value: object) -> str:
    text = escape(json.dumps(value, indent=2, ensure_ascii=False))
    return f"<details><summary>{escape(title)}</summary><pre>{text}</pre></details>"
