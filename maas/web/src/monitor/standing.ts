/** Longer than this without a word, and the page says so in a bar. */
export const LOST_S = 5;
/** A device clock further than this from the server's is worth a word. */
export const SKEW_S = 120;

/** By how many seconds the device runs ahead of the server; 0 while it is close enough. */
export function skew(server_s: number, device_s: number): number {
  const ahead = Math.round(device_s - server_s);
  return Math.abs(ahead) >= SKEW_S ? ahead : 0;
}

/** "35" seconds as "35秒", 95 as "1分35秒": an age to read at a glance. */
export function parts(age_s: number): { minutes: number; seconds: number } {
  return { minutes: Math.floor(age_s / 60), seconds: Math.floor(age_s % 60) };
}
