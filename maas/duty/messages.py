"""What drivers and the office are told about duties, late steps and paper, in both languages."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from maas.town.messages import Text

MESSAGES: Final = MappingProxyType(
    {
        # a roll call or another record that cannot be kept
        "called_oneself": Text(
            "点呼は、運転者本人ではない人が行ってください。",
            "A roll call is made by somebody else than the driver.",
        ),
        "how_missing": Text(
            "対面でない点呼は、どのように行ったかを書いてください。",
            "Please say in what way a roll call was made that was not face to face.",
        ),
        "reading_missing": Text(
            "アルコール検知器の数値を入れてください。",
            "Please enter what the alcohol detector showed.",
        ),
        "alcohol": Text(
            "アルコールが検知された人を乗務させることはできません。",
            "Nobody with any sign of alcohol may drive.",
        ),
        "instructions_missing": Text(
            "体調や車両に心配があるときは、指示事項を書いてください。",
            "With a doubt about health or vehicle, please write down the instructions given.",
        ),
        "check_empty": Text(
            "日常点検の項目を入れてください。", "Please enter what was checked on the vehicle."
        ),
        "fault_unnamed": Text(
            "良くなかった点検項目は、内容を書いてください。",
            "Please say what was wrong with what did not pass the check.",
        ),
        "meter_back": Text(
            "メーターが前回の{last}kmより小さくなっています。",
            "The meter shows less than the {last} km of the last time.",
        ),
        "out_already": Text("もう出庫しています。", "The vehicle has left the garage already."),
        "not_out": Text("まだ出庫していません。", "The vehicle has not left the garage."),
        "resting_already": Text("もう休憩に入っています。", "The break has begun already."),
        "not_resting": Text("休憩に入っていません。", "There is no break to end."),
        "no_driver": Text("運転者の名前を入れてください。", "Please say who the driver is."),
        "nothing_to_correct": Text(
            "直そうとした記録が見つからないか、もう直されています。",
            "There is no such record to correct, or it has been corrected already.",
        ),
        # before departure
        "not_called": Text(
            "乗務前の点呼がまだ記録されていません。点呼を受けてから出発してください。",
            "No roll call is on record. Please have one before you depart.",
        ),
        "not_fit": Text(
            "乗務前の点呼で乗務できないとされています。営業所に連絡してください。",
            "The roll call says that you may not drive. Please call the office.",
        ),
        "wait_until": Text("{until}までお待ちください。", "Please wait until {until}."),
        # what became of a late step
        "late.in_vain": Text(
            "受付{reference}は、着く前に取り消されていました。",
            "Reference {reference} had been cancelled before you arrived.",
        ),
        "late.another_comes": Text(
            "受付{reference}は、別の車両が迎えに行きます。",
            "Another vehicle picks up reference {reference}.",
        ),
        "late.rode_elsewhere": Text(
            "受付{reference}は、別の車両に乗りました。",
            "Reference {reference} rode in another vehicle.",
        ),
        "late.cancelled_before": Text(
            "受付{reference}は、取り消されていました。",
            "Reference {reference} had been cancelled.",
        ),
        "late.another_vehicle": Text(
            "受付{reference}は別の車両に変わっていましたが、{vehicle}に乗りました。",
            "Reference {reference} had been given to another vehicle, but rode in {vehicle}.",
        ),
        "late.boarding_missing": Text(
            "受付{reference}の乗車が記録されていません。乗車時刻は推定です。",
            "No boarding was reported for reference {reference}; its time is estimated.",
        ),
        "late.cancelled_but_rode": Text(
            "受付{reference}は取り消されていましたが、{vehicle}に乗りました。予約を戻しました。",
            "Reference {reference} had been cancelled, but rode in {vehicle}. It is back again.",
        ),
        "late.no_show_but_rode": Text(
            "受付{reference}は不在とされていましたが、{vehicle}に乗りました。",
            "Reference {reference} had been a no-show, but rode in {vehicle}.",
        ),
        "late.clock": Text(
            "{vehicle}の端末の時計がずれています。時刻を直して記録しました。",
            "The clock of the device in {vehicle} is wrong; times were put right.",
        ),
        "late.left_early": Text(
            "受付{reference}を、決まりの待ち時間より早く不在としました。",
            "Reference {reference} was made a no-show before the waiting time was over.",
        ),
        "late.no_roll_call": Text(
            "{vehicle}は、乗務前の点呼の記録なしで出発しました。",
            "{vehicle} departed without a roll call on record.",
        ),
        "late.not_there": Text(
            "受付{reference}は乗り場にいませんでした。別の車両が迎えに行く予定です。",
            "Reference {reference} was not at the stop; another vehicle is to come for them.",
        ),
        "late.out_of_service": Text(
            "故障などで止まっている{vehicle}に、受付{reference}の方が乗っています。"
            "迎えの手配が要るか、確かめてください。",
            "Reference {reference} sits in {vehicle}, which is out of service: see whether "
            "they have to be fetched.",
        ),
        "late.over_full": Text(
            "{vehicle}に定員より多く乗っています。", "More ride in {vehicle} than it has seats."
        ),
        "late.rides_already": Text(
            "受付{reference}は、乗車とも不在とも報告されています。",
            "Reference {reference} is reported both as on board and as a no-show.",
        ),
        "late.two_vehicles": Text(
            "受付{reference}は、2台の車両から乗車の報告があります。",
            "Two vehicles report reference {reference} as on board.",
        ),
        "late.unknown_booking": Text(
            "{vehicle}から、知らない予約の報告がありました。",
            "{vehicle} reported a booking that nobody knows.",
        ),
        "late.voucher_refused": Text(
            "受付{reference}の券は使えませんでした。運賃が未収です。",
            "The voucher for reference {reference} was not good; the fare is still open.",
        ),
        "late.event_reused": Text(
            "同じ報告番号が別の内容で使われています。",
            "The same event was used with other contents.",
        ),
        # lines entered from paper
        "paper.unknown_place": Text(
            "場所が登録されていないか、道路につながっていません。",
            "A place is not registered, or no road leads there.",
        ),
        "paper.unknown_vehicle": Text(
            "車両{about}は登録されていません。", "There is no vehicle {about} that takes bookings."
        ),
        "paper.unknown_rider": Text("その会員は登録されていません。", "There is no such member."),
        "paper.no_rules": Text(
            "{about}の運行の決まりがありません。", "No rules have been decided for {about}."
        ),
        "paper.times_turned": Text(
            "降車の時刻が乗車より前です。", "The drop-off is before the boarding."
        ),
        "paper.in_future": Text(
            "乗車か降車の時刻がまだ来ていません。", "A time at which it was driven is yet to come."
        ),
        "paper.not_driven": Text(
            "約束の時刻は過ぎています。乗った時刻か、来なかったことを入れてください。",
            "The promised time has passed. Please enter when they rode, or that nobody came.",
        ),
        "paper.over_full": Text(
            "同じ時刻に、車両{about}の定員より多く乗っています。",
            "At one moment more rode in {about} than it has seats.",
        ),
        "paper.same_rider": Text(
            "同じ方の予約(受付{reference})が{at}にあります。同じご乗車ではありませんか。",
            "The same person has reference {reference} {at}. Is it the same ride?",
        ),
        "paper.shared_since": Text(
            "受付{reference}と相乗りでした。受付{reference}の運賃は一人分でいただいています。",
            "It shared the vehicle with reference {reference}, who paid for a ride alone.",
        ),
        "paper.cannot_keep": Text(
            "約束の時刻に行ける車両がありません。",
            "No vehicle can keep the time that was promised.",
        ),
        "paper.another_vehicle": Text(
            "車両{about}では行けません。別の車両が行きます。",
            "{about} cannot go; another vehicle will.",
        ),
        "paper.id_reused": Text(
            "番号{id}は、別の内容で入力されています。",
            "Line {id} has been entered with other contents.",
        ),
        "event.paper": Text(
            "紙の記録を入力 受付{reference}", "Entered from paper: reference {reference}"
        ),
    }
)


def tell(message: str, **values: object) -> Text:
    """Return a sentence with its blanks filled in; a name in both languages is a ``Text``.

    >>> tell("wait_until", until="10:05").ja
    '10:05までお待ちください。'
    """
    text = MESSAGES[message]
    ja = {blank: value.ja if isinstance(value, Text) else value for blank, value in values.items()}
    en = {blank: value.en if isinstance(value, Text) else value for blank, value in values.items()}
    return Text(text.ja.format(**ja), text.en.format(**en))
