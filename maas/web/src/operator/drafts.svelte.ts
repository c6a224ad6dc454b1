import { call, newKey, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { keep, recall } from "$shared/keep";

import type { Place, Rider } from "../lib/types";
import { words } from "../words/words";
import { book, quote } from "./commands";
import { asWritten, byNeed, type Draft, inTurn, named, whyNot, type Written } from "./drafts";
import type { Asked } from "./trip.svelte";

const KEPT = "operator-drafts";
const PLACES = "operator-places";
/** How often the server is tried while drafts wait, and for how long a removal can be undone. */
const AGAIN_MS = 5_000;
const UNDO_MS = 10_000;

type Kept = Pick<Place, "id" | "name" | "name_en" | "kana" | "address">;
export type NewDraft = Omit<
  Draft, "id" | "made" | "state" | "offers" | "told" | "references"
>;

/** What was asked for while the server was away: kept here, sent in order, never twice. */
export class Drafts {
  all = $state<Draft[]>(recall<Draft[]>(KEPT) ?? []);
  at = $state(0);
  removed = $state<Draft>();
  /** The last question got no answer at all. */
  away = $state(false);
  /** The public places as they were when the server last answered; members are never kept. */
  places: Kept[] = recall<Kept[]>(PLACES) ?? [];
  private sending = false;

  start(): () => void {
    const timer = setInterval(() => void this.send(), AGAIN_MS);
    const reread = (event: StorageEvent) => {
      if (event.key === KEPT) this.all = recall<Draft[]>(KEPT) ?? [];
    };
    addEventListener("storage", reread);
    this.readPlaces().catch(() => (this.away = true));
    void this.send();
    return () => {
      clearInterval(timer);
      removeEventListener("storage", reread);
    };
  }

  /** Asked as anybody, so that nobody's home is kept on this computer. */
  private async readPlaces(): Promise<void> {
    const answer = await fetch("/api/v1/places?limit=200", { credentials: "omit" });
    if (answer.status >= 500) throw new Error(answer.statusText);
    if (!answer.ok) return;
    const found = (await answer.json()) as Place[];
    this.places = found.map(({ id, name, name_en, kana, address }) => ({
      id, name, name_en, kana, address,
    }));
    keep(PLACES, this.places);
  }

  sorted(): Draft[] {
    return byNeed(this.all);
  }

  get waiting(): number {
    return inTurn(this.all).length;
  }

  move(step: number): void {
    this.at = Math.min(Math.max(this.at + step, 0), Math.max(0, this.all.length - 1));
  }

  write(draft: NewDraft): void {
    const empty = { offers: null, told: "", references: [] };
    this.all.push({ ...draft, ...empty, id: newKey(), made: clock.now, state: "waiting" });
    this.save();
    void this.send();
  }

  /** Takes one off the list; a booking that came of it stays. */
  remove(draft: Draft): void {
    this.all = this.all.filter((one) => one.id !== draft.id);
    this.removed = draft;
    this.move(0);
    this.save();
    setTimeout(() => {
      if (this.removed?.id === draft.id) this.removed = undefined;
    }, UNDO_MS);
  }

  undo(): void {
    if (!this.removed) return;
    this.all.push(this.removed);
    this.removed = undefined;
    this.save();
  }

  private save(): void {
    keep(KEPT, $state.snapshot(this.all));
  }

  private change(draft: Draft, values: Partial<Draft>): void {
    const found = this.all.find((one) => one.id === draft.id);
    if (found) Object.assign(found, values);
    this.save();
  }

  /**
   * Sends what waits, in order; the first that gets no answer ends it until the next try. Where
   * nothing waits, a server that was away is asked whether it is back.
   */
  async send(): Promise<void> {
    if (this.sending || (this.waiting === 0 && !this.away)) return;
    this.sending = true;
    try {
      await alone(async () => {
        this.all = recall<Draft[]>(KEPT) ?? this.all;
        if (this.waiting === 0) await this.readPlaces();
        for (const draft of inTurn(this.all)) await this.sendOne(draft);
        this.away = false;
      });
    } catch {
      // No answer: what waits goes on waiting.
      this.away = true;
    } finally {
      this.sending = false;
    }
  }

  private async sendOne(draft: Draft): Promise<void> {
    try {
      await this.book(draft);
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status >= 500) throw error;
      if (error.problem.status === 401) throw error;
      this.conflict(draft, error.message);
    }
  }

  private async book(draft: Draft): Promise<void> {
    const said = words().operator.drafts;
    // As soon as possible was meant then, not now.
    if (draft.time === null && !draft.offers) return this.conflict(draft, said.wasNow);
    const trip = await asked(draft);
    if (typeof trip === "string") return this.conflict(draft, said.placeUnknown(trip));
    if (!draft.offers) {
      const quotes = await quote(trip, draft.back ?? undefined);
      const offers = asWritten(quotes);
      if (!offers) return this.conflict(draft, whyNot(quotes) ?? said.otherTimes);
      this.change(draft, { offers: offers.map((offer) => offer.token), rider_id: trip.rider_id });
    }
    const now = this.all.find((one) => one.id === draft.id) ?? draft;
    const contact = { name: draft.name, phone: draft.phone };
    const who = now.rider_id === null ? { rider_id: null, contact } : { rider_id: now.rider_id };
    const taking = { who, key: draft.id, open_return: draft.back === "open", call_id: null };
    const made = await book((now.offers ?? []).map((token) => ({ token })), taking);
    const both = [made.done, made.doneBack].filter((one) => one !== undefined);
    const told = [...both.map((one) => one.read_back), made.openReturn?.sentence];
    const references = both.map((one) => one.reference);
    this.change(draft, { state: "booked", told: told.filter(Boolean).join(" "), references });
  }

  /** An answer that it cannot be: nothing was booked, and somebody has to call back. */
  private conflict(draft: Draft, told: string): void {
    this.change(draft, { state: "conflict", offers: null, told });
  }
}

/** What a draft asks the server, or the name of the place that it does not know. */
async function asked(draft: Draft): Promise<Asked | string> {
  const [origin, destination] = [await idOf(draft.origin), await idOf(draft.destination)];
  if (origin === undefined) return draft.origin.name;
  if (destination === undefined) return draft.destination.name;
  const { date, time, anchor, riders, wheelchairs } = draft;
  const rider_id = draft.rider_id ?? (await memberOf(draft.phone));
  return { date, time, anchor, riders, wheelchairs, origin, destination, rider_id, instead_of: null };
}

async function idOf(written: Written): Promise<number | undefined> {
  if (written.id !== null) return written.id;
  const path = `/places?q=${encodeURIComponent(written.name)}&limit=8`;
  return named(written.name, await call<Place[]>("GET", path))?.id;
}

/** The only member with a telephone; a household of several is nobody. */
async function memberOf(phone: string): Promise<number | null> {
  const digits = phone.normalize("NFKC").replace(/\D/g, "");
  if (digits.length < 9) return null;
  const found = await call<Rider[]>("GET", `/riders?q=${digits}&limit=3`);
  const same = found.filter((rider) => rider.phone.replace(/\D/g, "") === digits);
  return same.length === 1 ? same[0]!.id : null;
}

/** Only one page of this computer sends at a time, where the browser can tell. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  await navigator.locks.request(KEPT, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}
