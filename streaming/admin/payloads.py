"""How a payload is shown: as indented JSON, on a page of its own once it was asked for."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from streaming.models import DeadLetter, StoredEvent


def indented(fields: Mapping[str, Any]) -> str:
    """Write fields as people read them."""
    return json.dumps(fields, indent=2, ensure_ascii=False)


def as_block(text: str) -> SafeString:
    """Show text as it is, in a fixed font."""
    return format_html("<pre>{}</pre>", text)


def revealed_page(request: HttpRequest, row: StoredEvent | DeadLetter, *, title: str, payload: str) -> HttpResponse:
    """Show an unmasked payload, once."""
    page = {
        **admin.site.each_context(request),
        "title": title,
        "opts": row._meta,
        "original": row,
        "payload": payload,
    }
    return TemplateResponse(request, "admin/streaming/payload.html", page)
