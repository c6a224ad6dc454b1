"""What riders are told on each occasion, as a letter, aloud and as a text message."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from maas.api.identity import The
from maas.api.permissions import needs
from maas.auth.roles import Permission
from maas.notify.samples import Sample, samples

router = APIRouter(prefix="/message-templates", tags=["notifications"])


class MessageTemplateOut(BaseModel):
    """A message about a sample ride; `short_max` is how many letters one text message carries."""

    occasion: str
    subject: str
    full: str
    spoken: str
    short: str
    signed: str
    short_length: int
    short_max: int

    @classmethod
    def of(cls, sample: Sample) -> MessageTemplateOut:
        """Return a sample as it is shown."""
        message = sample.message
        return cls(
            occasion=sample.occasion.value,
            subject=message.subject,
            full=message.full,
            spoken=message.spoken,
            short=message.short,
            signed=message.signed,
            short_length=len(message.short.encode("utf-16-le")) // 2,
            short_max=sample.short_max,
        )


@router.get("", operation_id="listMessageTemplates", **needs(Permission.READ_BOOKINGS))
async def list_templates(
    service: The, language: Annotated[Literal["ja", "en"], Query()] = "ja"
) -> list[MessageTemplateOut]:
    """Return each message as it would be sent about a sample ride today."""
    found = samples(service.town, service.today(), language)
    return [MessageTemplateOut.of(sample) for sample in found]
