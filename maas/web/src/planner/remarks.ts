type Event = { id: string; first: string; last: string; taken_back_by: string | null };
type Target = { figure: string; value: number | null; valid_from: string };

/** The events that touch a period and stand. */
export const remarksIn = <E extends Event>(events: E[], first: string, last: string): E[] =>
  events.filter((one) => one.taken_back_by === null && one.first <= last && one.last >= first);

/** The numbers of events by the month or day whose column they touch. */
export function marksIn(events: Event[], points: string[], byDay: boolean): Map<string, string> {
  const ofPoint = (day: string) => (byDay ? day : `${day.slice(0, 7)}-01`);
  const found = points.map((point): [string, string] => {
    const here = events.flatMap((one, at) => (ofPoint(one.first) <= point && point <= ofPoint(one.last) ? [String(at + 1)] : []));
    return [point, here.map((number) => `(${number})`).join("")];
  });
  return new Map(found.filter(([, numbers]) => numbers));
}

/** The target of a figure for a period that ends on a day; targets come the one that begins last first. */
export const targetAt = (targets: Target[], figure: string, last: string): number | null | undefined =>
  targets.find((one) => one.figure === figure && one.valid_from <= last)?.value;
