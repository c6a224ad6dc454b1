/** A number as one reads it aloud: the exchange, and messages, have nothing but its digits. */
export function spaced(number: string): string {
  const parts = /^\d+$/.test(number) && GROUPS[number.length];
  return parts ? number.replace(parts, (_, ...groups: string[]) => groups.slice(0, 3).join(" ")) : number;
}

const GROUPS: Record<number, RegExp> = { 10: /^(\d{3})(\d{3})(\d{4})$/, 11: /^(\d{3})(\d{4})(\d{4})$/ };
