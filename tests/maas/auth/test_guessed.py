"""Nobody may have a password that is among the first to be tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from maas.auth.accounts import PASSWORD_MIN
from maas.auth.guessed import WORDS, is_guessed

SECURITY = Path(__file__).parents[3] / "docs" / "security.md"


def test_what_was_stolen_elsewhere_most_often_is_refused() -> None:
    stolen = FREQUENCY_LISTS["passwords"]
    assert len(stolen) == 30_000
    assert [each for each in stolen if not is_guessed(each)] == []


def test_three_thousand_common_passwords_that_are_long_enough_are_refused() -> None:
    words = [each for each in FREQUENCY_LISTS["passwords"] if each.isalpha()]
    filled = [f"{each.title()}{'2026!12345'[: PASSWORD_MIN - len(each)]}" for each in words]
    fitting = {each for each in filled if len(each) >= PASSWORD_MIN}
    assert len(fitting) > 3_000
    assert [each for each in fitting if not is_guessed(each)] == []


@pytest.mark.parametrize(
    "password", ["kibichuo2026", "KIBI-bus-2026", "吉備中央町バス123", "ＭＡＡＳ！ｔａｘｉ１２３"]
)
def test_words_of_the_town_and_of_the_service_are_no_passwords(password: str) -> None:
    assert is_guessed(password)


def test_ones_own_name_is_no_password() -> None:
    assert is_guessed("hanako-1990", "hanako", "金糸雀花子")
    assert is_guessed("金糸雀花子1990", "hanako", "金糸雀花子")
    assert not is_guessed("金糸雀花子1990", "taro", "t")


@pytest.mark.parametrize(
    "password",
    ["seven owls on a gate", "71 04 55 92 18 36", "kibi seven owls", "柿の木に七羽のふくろう"],
)
def test_everything_else_is_free(password: str) -> None:
    assert not is_guessed(password, "hanako", "花子")


def test_the_words_that_no_password_may_be_are_documented() -> None:
    said = SECURITY.read_text("utf-8")
    assert [word for word in WORDS if word not in said] == []
