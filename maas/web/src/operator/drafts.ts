import type { Offer, Quote } from "../lib/types";
import type { Back, Line } from "./line";

/** A place as it was known without the server: chosen from the kept list, or only written down. */
export type Written = { id: number | null; name: string };

/** What somebody asked for while the server was away, kept on this computer until it is dealt with. */
export type Draft = {
  /** Also the Idempotency-Key of its booking: sent again, it is the same booking. */
  id: string;
  /** Epoch seconds at which it was written down. */
  made: number;
  name: string;
  phone: string;
  rider_id: number | null;
  origin: Written;
  destination: Written;
  date: string;
  time: string | null;
  anchor: Line["anchor"];
  riders: number;
  wheelchairs: number;
  back: Back | null;
  note: string;
  state: "waiting" | "booked" | "conflict";
  /** The offers that are being taken: an answer that was lost is asked for again with the same ones. */
  offers: string[] | null;
  /** What to tell the caller when booked, or why it could not be booked as written. */
  told: string;
  references: string[];
};

/** Whether every trip can be had exactly as it was written down: then nobody need be asked again. */
export function asWritten(quotes: Quote[]): Offer[] | undefined {
  const first = quotes.map((quote) => quote.offers.find((offer) => offer.kind === "asked"));
  return quotes.length > 0 && first.every((offer) => offer !== undefined) ? first : undefined;
}

/** Why quotes are not what was written down, to be read to the caller. */
export function whyNot(quotes: Quote[]): string | undefined {
  return quotes.find((quote) => quote.refusal)?.refusal?.sentence;
}

/** Those that wait to be sent, in the order in which they were written down. */
export function inTurn(drafts: Draft[]): Draft[] {
  return drafts.filter((draft) => draft.state === "waiting").sort((a, b) => a.made - b.made);
}

/** What needs a person first: conflicts, then what was booked and is not told yet, then the rest. */
export function byNeed(drafts: Draft[]): Draft[] {
  const rank = { conflict: 0, booked: 1, waiting: 2 };
  return [...drafts].sort((a, b) => rank[a.state] - rank[b.state] || a.made - b.made);
}

const plain = (text: string): string => text.normalize("NFKC").trim().toLowerCase();

/** The place whose name is what was written, when there is exactly one such. */
export function named<P extends { name: string; name_en: string; kana: string }>(
  written: string,
  found: P[],
): P | undefined {
  const wanted = plain(written);
  const same = found.filter((place) =>
    [place.name, place.name_en, place.kana].some((name) => plain(name) === wanted),
  );
  return same.length === 1 ? same[0] : undefined;
}

/** The kept places that a few typed letters may mean, those that begin so first. */
export function among<P extends { name: string; name_en: string; kana: string }>(
  query: string,
  places: P[],
  most = 8,
): P[] {
  const wanted = plain(query);
  const rank = (place: P): number => {
    const names = [place.name, place.kana, place.name_en].map(plain);
    if (names.some((name) => name.startsWith(wanted))) return 0;
    return names.some((name) => name.includes(wanted)) ? 1 : 2;
  };
  return places.filter((place) => rank(place) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, most);
}
