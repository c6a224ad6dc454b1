import type { Link } from "../lib/link.svelte";
import { words } from "../words/words";
import { nextOf } from "./calls";
import type { Calls } from "./calls.svelte";
import type { DayList } from "./daylist.svelte";
import type { Desk, Stage } from "./desk.svelte";
import type { Drafts } from "./drafts.svelte";

/** What the command keys act on. */
export type Console = {
  desk: Desk;
  calls: Calls;
  list: DayList;
  drafts: Drafts;
  link: Link;
  focus: (id: string) => void;
};

/** What each command key does; digits and letters belong to the places that have the keyboard. */
export function commandsOf({ desk, calls, list, drafts, link, focus }: Console): Record<string, () => void> {
  /** What F7 and F8 speak about. */
  const subject = () => desk.done ?? list.chosen ?? desk.rider?.next_booking ?? undefined;

  return {
    F1: () => (desk.box = desk.box ? undefined : { kind: "keys" }),
    F2: () => {
      const call = nextOf(calls.list(), desk.call?.id);
      if (call) void desk.take(call);
      else desk.nextCaller();
    },
    "Shift+F2": () => focus("tasks"),
    F3: () => focus("caller"),
    F4: () => void desk.back(),
    "Shift+F4": () => {
      if (link.open && !drafts.away && drafts.all.length > 0) focus("drafts");
      else desk.box = { kind: "draft" };
    },
    F6: () => void desk.lastWeek(),
    "Shift+F6": () => {
      const { rider } = desk;
      if (rider) desk.box = { kind: "weekly", rider, booking: subject() };
      else desk.say(words().operator.riderMissing);
    },
    F7: () => {
      const booking = subject();
      if (booking) desk.again(booking);
      else desk.say(words().operator.nothingToChange);
    },
    F8: () => {
      const booking = subject();
      if (booking) desk.box = { kind: "cancel", booking };
      else desk.say(words().operator.nothingToCancel);
    },
    F9: () => (desk.map = !desk.map),
    F10: () => void desk.holdSeat(),
    Escape: () => stepBack(desk),
  };
}

function stepBack(desk: Desk): void {
  if (desk.box) desk.box = undefined;
  else if (desk.registering.card) desk.registering.card = undefined;
  else if (desk.stage === "offers") desk.reopen();
  else if (desk.stage === "done") desk.again();
  else desk.nextCaller();
}

/** The one place where typing goes at a stage of a call. */
export function placeOfStage(desk: Desk): string {
  if (desk.registering.card) return "new-place";
  const places: Partial<Record<Stage, string>> = { offers: "offers", done: "result" };
  if (desk.stage === "caller") {
    return desk.call && desk.call.members.length > 1 ? "household" : "caller";
  }
  const { origin, destination } = desk.trip;
  return places[desk.stage] ?? (!origin ? "from" : destination ? "time" : "to");
}
