"""What clients say: any message in any pieces comes whole, and nothing else comes at all."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

from busloc.frame import BINARY, CLOSE, PING, PONG, TEXT
from busloc.frame import Frame as Shared
from busloc.inbound import Fault, Inbound, Said, close_code

LIMIT = 300
DATA = {TEXT: Opcode.TEXT, BINARY: Opcode.BINARY}
CONTROL = {PING: Opcode.PING, PONG: Opcode.PONG, CLOSE: Opcode.CLOSE}


def deflate() -> PerMessageDeflate:
    """Return the compression a browser agrees on, as another library does it."""
    return PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=15,
        local_max_window_bits=15,
    )


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Said], bytes, bool]:
    """Draw messages, and the bytes another library makes of them: split, mixed, compressed."""
    packed = draw(st.booleans())
    said: list[Said] = []
    sent = b""
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            opcode = draw(st.sampled_from(sorted(CONTROL)))
            payload = draw(st.binary(max_size=125))
            said.append(Said(opcode, payload))
            sent += Frame(CONTROL[opcode], payload).serialize(mask=True)
            continue
        opcode = draw(st.sampled_from(sorted(DATA)))
        payload = (
            draw(st.text(max_size=70)).encode()
            if opcode == TEXT
            else draw(st.binary(max_size=LIMIT))
        )
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        extension = deflate()
        for i, piece in enumerate(pieces):
            if i and draw(st.booleans()):
                said.append(Said(PING, b"between"))
                sent += Frame(Opcode.PING, b"between").serialize(mask=True)
            kind = Opcode.CONT if i else DATA[opcode]
            frame = Frame(kind, piece, fin=i == len(pieces) - 1)
            sent += frame.serialize(mask=True, extensions=[extension] if packed else [])
        said.append(Said(opcode, payload))
    return said, sent, packed


@given(conversations(), st.lists(st.integers(1, 40), min_size=1))
@settings(max_examples=300, deadline=None)
def test_every_message_comes_once_and_whole_however_it_is_cut(
    conversation: tuple[list[Said], bytes, bool], sizes: list[int]
) -> None:
    said, sent, packed = conversation
    inbound = Inbound(2 * LIMIT, inflates=packed)
    heard: list[Said | Fault] = []
    step = 0
    while sent:
        size = sizes[step % len(sizes)]
        heard += inbound.feed(sent[:size])
        sent, step = sent[size:], step + 1

    assert heard == said


@given(st.binary(max_size=60))
@example(b"\x81\xfe\x00\x05\0\0\0\0hello")
@settings(max_examples=1000, deadline=None)
def test_bytes_without_sense_make_no_noise(data: bytes) -> None:
    found = Inbound(LIMIT).feed(data)

    assert all(isinstance(one, Said) for one in found[:-1])
    for one in found:
        if isinstance(one, Fault):
            assert one.code in (1002, 1007, 1009)


def masked(first: int, payload: bytes = b"", *, size: bytes | None = None) -> bytes:
    length = bytes((0x80 | len(payload),)) if size is None else size
    return bytes((first,)) + length + b"\0\0\0\0" + payload


BROKEN = {
    "not masked": (b"\x81\x02hi", 1002),
    "reserved bit 2": (masked(0xA1), 1002),
    "reserved bit 3": (masked(0x91), 1002),
    "compressed though not agreed": (masked(0xC1, b"x"), 1002),
    "data opcode 3": (masked(0x83), 1002),
    "control opcode 11": (masked(0x8B), 1002),
    "ping in pieces": (masked(0x09), 1002),
    "compressed ping": (masked(0xC9), 1002),
    "ping too long": (masked(0x89, size=b"\xfe\x00\x7e"), 1002),
    "continues nothing": (masked(0x80), 1002),
    "new message within one": (masked(0x01, b"a") + masked(0x81, b"b"), 1002),
    "16-bit length for 125 bytes": (masked(0x82, size=b"\xfe\x00\x7d"), 1002),
    "64-bit length for 65535 bytes": (masked(0x82, size=b"\xff" + bytes(6) + b"\xff\xff"), 1002),
    "length with the highest bit": (masked(0x82, size=b"\xff\x80" + bytes(7)), 1002),
    "longer than allowed": (masked(0x81, size=b"\xfe\x01\x2d"), 1009),
    "a gigabyte": (masked(0x82, size=b"\xff\0\0\0\0\x40\0\0\0"), 1009),
    "pieces longer than allowed": (
        masked(0x01, b"a" * 100) + 2 * masked(0x00, b"a" * 100) + masked(0x80, b"a"), 1009,
    ),
    "no UTF-8": (masked(0x81, b"\xff\xfe"), 1007),
    "half a character": (masked(0x01, "車".encode()[:2]) + masked(0x80, b"x"), 1007),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_is_the_last_thing_heard(name: str) -> None:
    sent, code = BROKEN[name]

    assert Inbound(LIMIT).feed(masked(0x89, b"hi") + sent + masked(0x89)) == [
        Said(PING, b"hi"), Fault(code),
    ]  # fmt: skip


def test_a_character_may_be_split_between_pieces() -> None:
    first, second = "車".encode()[:1], "車".encode()[1:]

    assert Inbound(LIMIT).feed(masked(0x01, first) + masked(0x80, second)) == [
        Said(TEXT, "車".encode())
    ]


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (zlib.compress(b"x" * 100_000, 9, -15)[:-4], 1009),
        (b"\xff\xff\xff\xff", 1007),
    ],
)
def test_a_bomb_and_rubbish_are_not_unpacked(packed: bytes, code: int) -> None:
    found = Inbound(LIMIT, inflates=True).feed(masked(0xC1, packed[:125]))

    assert found == [Fault(code)]


@given(st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_a_close_frame_is_answered_as_the_protocol_says(payload: bytes) -> None:
    try:
        wanted = Close.parse(payload).code
        wanted = 1000 if wanted == 1005 else wanted
    except ProtocolError:
        wanted = 1002
    except UnicodeDecodeError:
        wanted = 1007

    assert close_code(payload) == wanted


@pytest.mark.parametrize("code", range(990, 1020))
def test_only_known_codes_are_repeated(code: int) -> None:
    try:
        Close(code, "").check()
        wanted = code
    except ProtocolError:
        wanted = 1002

    assert close_code(code.to_bytes(2, "big")) == wanted


@pytest.mark.parametrize("size", [10, 600, 70_000])
def test_a_shared_compressed_frame_is_what_another_library_reads(size: int) -> None:
    payload = (b'{"id":"bus-1","lat":34.8}' * (size // 20))[:size]
    shared = Shared(payload)

    first, rest = shared.deflated[0], shared.deflated
    body = rest[{126: 4, 127: 10}.get(rest[1], 2) :]
    frame = Frame(Opcode.TEXT, body, rsv1=bool(first & 0x40))
    assert bytes(deflate().decode(frame).data) == payload
    assert (len(shared.deflated) < len(shared.plain)) is (size > 512)


def test_what_is_secret_or_does_not_shrink_is_sent_plain() -> None:
    noise = random.Random(0).randbytes(5000)  # noqa: S311
    secret = Shared(b"a" * 5000, secret=True)

    assert secret.deflated is secret.plain
    assert Shared(noise).deflated == Shared(noise).plain


@given(st.text(max_size=400), st.binary(min_size=4, max_size=4))
@example("a" * 125, bytes(4))
@example("a" * 126, bytes(4))
@example("a" * 127, bytes(4))
@settings(max_examples=60)
def test_a_text_that_comes_at_once_is_what_it_is_byte_by_byte(text: str, mask: bytes) -> None:
    size = len(text.encode())
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    sent = b"\x81" + length + mask + _masked(text.encode(), mask)
    whole, slow = Inbound(LIMIT), Inbound(LIMIT)

    assert whole.feed(sent) == [each for k in range(len(sent)) for each in slow.feed(sent[k:][:1])]


def test_a_text_in_the_middle_of_another_message_is_a_fault() -> None:
    inbound = Inbound(LIMIT)
    assert inbound.feed(b"\x01\x82" + bytes(4) + b"on") == []

    assert inbound.feed(b"\x81\x82" + bytes(4) + b"no") == [Fault(1002)]


def _masked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[k % 4] for k, byte in enumerate(payload))
