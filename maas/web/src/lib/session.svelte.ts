import { untrack } from "svelte";

import { call, Refused } from "$shared/api";
import type { Role, Session } from "./types";

/** Who is signed in on this screen. */
export const session = $state<{ now: Session | undefined }>({ now: undefined });

export type StaffPage = "operator" | "monitor" | "driver" | "planner" | "admin";

/** The pages each role may open, first the one of its work; the server decides what they may do. */
export const PAGES_OF: Record<Role, readonly [StaffPage, ...StaffPage[]]> = {
  operator: ["operator"],
  dispatcher: ["monitor", "operator", "driver", "admin"],
  driver: ["driver"],
  planner: ["planner", "admin"],
  admin: ["admin", "operator", "monitor", "driver", "planner"],
};

/** Where somebody goes after signing in: the page asked for, if it is one of ours. */
export function pageAfterLogin(role: Role, next: string | null): string {
  return pageAsked(next) ?? `/${PAGES_OF[role][0]}`;
}

/** The page asked for, if it is one of ours. */
export function pageAsked(next: string | null): string | undefined {
  return next && /^\/[a-z]+$/.test(next) ? next : undefined;
}

/**
 * Reads the session, or goes to the login page and comes back here afterwards.
 * Who is signed in is the same in every language: an effect that asks is not for that run again.
 */
export async function requireSession(): Promise<Session> {
  try {
    session.now = await untrack(() => call<Session>("GET", "/session"));
    return session.now;
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401) {
      // What stands behind the # may be a code: it goes along, but never to the server.
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}${location.hash}`);
    }
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await call<undefined>("DELETE", "/session");
  location.assign("/login");
}
