import type { Role } from "../lib/types";

/** The sections of the admin screen, in the order of their keys, and who sees them. */
export const SECTIONS = {
  rules: ["admin", "planner", "dispatcher"],
  areas: ["admin", "planner", "dispatcher"],
  calendar: ["admin", "planner", "dispatcher"],
  fares: ["admin", "planner", "dispatcher"],
  places: ["admin", "dispatcher"],
  members: ["admin", "dispatcher"],
  vehicles: ["admin", "dispatcher"],
  timetables: ["admin", "planner", "dispatcher"],
  devices: ["admin"],
  signs: ["admin", "dispatcher"],
  messages: ["admin", "dispatcher"],
  staff: ["admin"],
  services: ["admin"],
  audit: ["admin"],
} as const satisfies Record<string, readonly Role[]>;

export type Section = keyof typeof SECTIONS;

/** The sections that somebody in a role is shown; the server decides what they may do. */
export function sectionsOf(role: Role): Section[] {
  const names = Object.keys(SECTIONS) as Section[];
  return names.filter((name) => (SECTIONS[name] as readonly Role[]).includes(role));
}

/** Who may change what; only to hide what the server would refuse. */
const CHANGES: Partial<Record<Section, readonly Role[]>> = {
  rules: ["admin", "planner"],
  areas: ["admin", "planner"],
  timetables: ["admin", "planner"],
  vehicles: ["admin"],
  signs: ["admin"],
};

export function mayChange(section: Section, role: Role | undefined): boolean {
  if (!role) return false;
  return (CHANGES[section] ?? (SECTIONS[section] as readonly Role[])).includes(role);
}
