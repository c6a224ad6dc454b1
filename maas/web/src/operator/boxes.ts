import type { Booking } from "../lib/types";

/** A box above the page; one at a time. */
export type Box =
  | { kind: "keys" }
  | { kind: "cancel"; booking: Booking }
  | { kind: "waiver"; sentence: string };
