"""Text messages and voice through an HTTP gateway, and LINE through its Messaging API.

The addresses called come from the settings alone; no answer of a far side leads anywhere else.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import httpx

from maas.notify.channels import TIMEOUT_S, Later, Letter, Outcome, Refused, Sent

FULL_MAX: Final = 5000
"""Letters one LINE message may have."""
_KEYS: Final = uuid.UUID("8a1f27c4-6a52-4a0c-9d0e-6a3b1a9f5c11")
_PASSING: Final = frozenset({408, 425, 429})
"""Refusals that may be over in a while."""


def new_client() -> httpx.AsyncClient:
    """Return a client that follows nothing and asks no proxy of the environment."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)


@dataclass(frozen=True, slots=True)
class Gateway:
    """Posts `{key, channel, to, language, text}`; a 409 says that the key is known already."""

    url: str
    token: str
    channel: Literal["sms", "voice"]
    client: httpx.AsyncClient

    async def send(self, letter: Letter) -> Outcome:
        """See ``maas.notify.channels.Sender``."""
        spoken = self.channel == "voice"
        body = {
            "key": letter.key,
            "channel": self.channel,
            "to": letter.address,
            "language": letter.language,
            "text": letter.message.spoken if spoken else with_link(letter.message.short, letter),
        }
        headers = {"idempotency-key": letter.key}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return await _post(self.client, self.url, body, headers)


@dataclass(frozen=True, slots=True)
class Line:
    """Pushes to a LINE user; the retry key makes a repeat the same message there."""

    url: str
    token: str
    client: httpx.AsyncClient

    async def send(self, letter: Letter) -> Outcome:
        """See ``maas.notify.channels.Sender``."""
        message = letter.message
        text = f"{with_link(message.full, letter)}\n{message.signed}"[:FULL_MAX]
        body = {"to": letter.address, "messages": [{"type": "text", "text": text}]}
        headers = {
            "authorization": f"Bearer {self.token}",
            "x-line-retry-key": str(uuid.uuid5(_KEYS, letter.key)),
        }
        return await _post(self.client, f"{self.url}/v2/bot/message/push", body, headers)


def with_link(text: str, letter: Letter) -> str:
    """Return a text with the link to the ride below it, where telephones make one of it."""
    return f"{text}\n{letter.message.link}" if letter.message.link else text


async def _post(
    client: httpx.AsyncClient, url: str, body: object, headers: Mapping[str, str]
) -> Outcome:
    """Post and read the status alone: what else a far side says is not ours to keep."""
    request = client.build_request("POST", url, json=body, headers=dict(headers))
    try:
        answer = await client.send(request, stream=True)
        await answer.aclose()
    except httpx.HTTPError as error:
        return Later(f"gateway: {type(error).__name__}")
    return outcome(answer)


def outcome(answer: httpx.Response) -> Outcome:
    """Return what a status means for a message."""
    status = answer.status_code
    if answer.is_success or status == httpx.codes.CONFLICT:
        return Sent()
    why = f"gateway: {status}"
    return Refused(why) if answer.is_client_error and status not in _PASSING else Later(why)
