import type { Ladder, LadderRun } from "../lib/types";

/** The chart shows so much of the past and of what is to come. */
export const BACK_S = 30 * 60;
export const AHEAD_S = 60 * 60;
/** A bus counts as on time from a minute early to six minutes late. */
export const EARLY_S = -60;
export const LATE_S = 360;
/** A position older than this says no longer where the bus is. */
export const OLD_S = 180;
/** A run counts as begun without a bus this long after its time. */
export const GHOST_S = 60;

/** How a run is doing: a `ghost` should be on its way, and no vehicle is known to drive it. */
export type Standing =
  | "cancelled" | "done" | "ghost" | "ahead" | "silent" | "early" | "late" | "on_time";

export function standing(run: LadderRun, now_s: number): Standing {
  if (run.state === "cancelled") return "cancelled";
  const begins = run.calls[0]!.depart;
  const ends = run.calls[run.calls.length - 1]!.arrive;
  if (!run.bus) {
    if (now_s < begins + GHOST_S) return "ahead";
    return now_s > ends ? "done" : "ghost";
  }
  if (now_s - run.bus.ts > OLD_S) return now_s > ends ? "done" : "silent";
  if (run.bus.delay_s < EARLY_S) return "early";
  return run.bus.delay_s > LATE_S ? "late" : "on_time";
}

/** Where a run should be at an instant, in metres along the ladder; undefined when not under way. */
export function dueAt(run: LadderRun, now_s: number): number | undefined {
  const { calls } = run;
  for (const [index, call] of calls.entries()) {
    if (call.arrive <= now_s && now_s <= call.depart) return call.at_m;
    const next = calls[index + 1];
    if (next && call.depart <= now_s && now_s <= next.arrive) {
      const share = (now_s - call.depart) / Math.max(1, next.arrive - call.depart);
      return call.at_m + share * (next.at_m - call.at_m);
    }
  }
  return undefined;
}

/** The stop a run should have reached or be leaving, for the table; undefined when not under way. */
export function stopNear(ladder: Ladder, at_m: number): Ladder["rungs"][number] | undefined {
  return ladder.rungs.reduce<Ladder["rungs"][number] | undefined>(
    (best, rung) =>
      !best || Math.abs(rung.at_m - at_m) < Math.abs(best.at_m - at_m) ? rung : best,
    undefined,
  );
}

/** Turns instants and metres into a chart of `width` by `height`. */
export type Scale = { x: (epoch_s: number) => number; y: (at_m: number) => number };

export function scaleOf(ladder: Ladder, now_s: number, width: number, height: number): Scale {
  const length = Math.max(1, ...ladder.rungs.map((rung) => rung.at_m));
  return {
    x: (epoch_s) => ((epoch_s - now_s + BACK_S) / (BACK_S + AHEAD_S)) * width,
    y: (at_m) => (at_m / length) * height,
  };
}

const dot = (x: number, y: number) => `${x.toFixed(1)},${y.toFixed(1)}`;

/** The planned way of a run as the points of a line. */
export function planned(run: LadderRun, scale: Scale): string {
  return run.calls
    .flatMap((call) => [
      dot(scale.x(call.arrive), scale.y(call.at_m)),
      dot(scale.x(call.depart), scale.y(call.at_m)),
    ])
    .join(" ");
}

/** Where a run still counts as on time: the plan a minute early, and back six minutes late. */
export function band(run: LadderRun, scale: Scale): string {
  const early = run.calls.map((call) => dot(scale.x(call.arrive + EARLY_S), scale.y(call.at_m)));
  const late = run.calls.map((call) => dot(scale.x(call.depart + LATE_S), scale.y(call.at_m)));
  return [...early, ...late.reverse()].join(" ");
}

/** The runs worth a look first: ghosts, then the silent, late and early, then the rest by time. */
const RANK: Standing[] = ["ghost", "silent", "late", "early", "on_time", "cancelled", "ahead", "done"];

export function inOrder(runs: LadderRun[], now_s: number): LadderRun[] {
  const rank = (run: LadderRun) => RANK.indexOf(standing(run, now_s));
  return [...runs].sort((a, b) => rank(a) - rank(b) || a.calls[0]!.depart - b.calls[0]!.depart);
}

/** Names of stops that stand too close are left out of the drawing; the table has them all. */
export function named(ladder: Ladder, scale: Scale, least: number): Ladder["rungs"] {
  let last = -Infinity;
  return [...ladder.rungs]
    .sort((a, b) => a.at_m - b.at_m)
    .filter((rung) => {
      const at = scale.y(rung.at_m);
      if (at - last < least) return false;
      last = at;
      return true;
    });
}
