"""What the desk's list says of a call; it names nobody, since it hangs on the wall."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from maas.town.messages import Text

CALLING: Final = MappingProxyType(
    {
        "ringing": Text("電話が鳴っています。", "The telephone is ringing."),
        "answered": Text("電話に出ました。", "The call has been answered."),
    }
)
