/** Against burnt-in pictures: where the whole board stands, for ten minutes each. */
export const shiftAt = (now_s: number): string => SHIFTS[Math.floor(now_s / 600) % SHIFTS.length]!;

const SHIFTS = ["-8px -8px", "8px -8px", "8px 8px", "-8px 8px"];

export const JITTER_S = 900;
const DAY_S = 86_400;
/** From half past three in Japan to the next: the signs' days, in epoch seconds. Japan has no summer time. */
const NIGHT_S = (3.5 - 9) * 3600;
const nightOf = (now_s: number): number => Math.floor((now_s - NIGHT_S) / DAY_S);

/** When the night's care is due next: 3:30 and some minutes, not all signs at once. */
export function nextCare(now_s: number, jitter_s: number): number {
  const due = nightOf(now_s) * DAY_S + NIGHT_S + jitter_s;
  return due > now_s ? due : due + DAY_S;
}

/** Head and foot change their places every night. */
export const swapped = (now_s: number): boolean => nightOf(now_s) % 2 === 1;

/**
 * Starts the page anew, with the newest version when the server gives it out: the worker, which
 * starts from what it keeps, fetches that first. With neither a worker nor a server it goes on as it
 * is: the browser would show its own error page, all night.
 */
export async function startAnew(): Promise<void> {
  const worker = navigator.serviceWorker?.controller;
  if (!worker && !(await answers())) return;
  if (worker) {
    const { port1, port2 } = new MessageChannel();
    const kept = new Promise((done) => (port1.onmessage = done));
    worker.postMessage("keep", [port2]);
    await Promise.race([kept, new Promise((done) => setTimeout(done, WAIT_MS))]);
  }
  location.reload();
}

const answers = (): Promise<boolean> =>
  fetch(location.href, { cache: "no-store" }).then(
    (answer) => answer.ok,
    () => false,
  );

const WAIT_MS = 20_000;
