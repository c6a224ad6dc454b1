import type { Booking } from "../lib/types";

const OVER = new Set<Booking["state"]>(["done", "cancelled", "no_show", "lapsed"]);
const SHOWN = 8;

/** The bookings still ahead whose number begins so, or whose rider's name or kana holds it. */
export function matching(bookings: Booking[], query: string): Booking[] {
  const asked = query.normalize("NFKC").trim();
  if (asked === "") return [];
  return bookings
    .filter((one) => !OVER.has(one.state) && fits(one, asked))
    .sort((a, b) => a.pickup_planned.localeCompare(b.pickup_planned))
    .slice(0, SHOWN);
}

function fits(booking: Booking, asked: string): boolean {
  const names = [booking.rider?.name, booking.rider?.kana, booking.contact_name];
  return booking.reference.startsWith(asked) || names.some((name) => name?.includes(asked));
}
