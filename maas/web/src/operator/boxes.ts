import type { Booking, Rider } from "../lib/types";

/** A box above the page; one at a time. */
export type Box =
  | { kind: "keys" }
  | { kind: "cancel"; booking: Booking; waits?: string }
  | { kind: "draft" }
  | { kind: "weekly"; rider: Rider; booking: Booking | undefined }
  | { kind: "waiver"; sentence: string };
