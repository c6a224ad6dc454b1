import type { Role } from "../lib/types";

/** The sections of the admin screen, in the order of their keys, and who sees them. */
export const SECTIONS = {
  rules: ["admin", "planner", "dispatcher"],
  fares: ["admin", "planner", "dispatcher"],
  members: ["admin", "dispatcher"],
  timetables: ["admin", "planner", "dispatcher"],
  devices: ["admin"],
  messages: ["admin", "dispatcher"],
} as const satisfies Record<string, readonly Role[]>;

export type Section = keyof typeof SECTIONS;
/** Where somebody is: a section and what is open in it, as in `#rules/changes/3`. */
export type Spot = { section: Section; rest: string[] };

/** The sections that somebody in a role is shown; the server decides what they may do. */
export function sectionsOf(role: Role): Section[] {
  const names = Object.keys(SECTIONS) as Section[];
  return names.filter((name) => (SECTIONS[name] as readonly Role[]).includes(role));
}

/** Reads an address after its `#`; one that leads nowhere leads to the first section. */
export function spotOf(hash: string, role: Role): Spot | undefined {
  const open = sectionsOf(role);
  const [name = "", ...rest] = hash.replace(/^#/, "").split("/");
  const section = open.find((one) => one === name);
  if (section) return { section, rest: rest.map(decodeURIComponent) };
  return open[0] && { section: open[0], rest: [] };
}

/** Who may change what; only to hide what the server would refuse. */
const CHANGES: Partial<Record<Section, readonly Role[]>> = {
  rules: ["admin", "planner"],
  timetables: ["admin", "planner"],
};

export function mayChange(section: Section, role: Role | undefined): boolean {
  if (!role) return false;
  return (CHANGES[section] ?? (SECTIONS[section] as readonly Role[])).includes(role);
}
