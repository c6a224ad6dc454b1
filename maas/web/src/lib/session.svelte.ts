import { call, Refused } from "$shared/api";
import type { Role, Session } from "./types";

/** Who is signed in on this screen. */
export const session = $state<{ now: Session | undefined }>({ now: undefined });

const FIRST_PAGE: Record<Role, string> = {
  operator: "/operator",
  dispatcher: "/monitor",
  driver: "/driver",
  planner: "/",
  admin: "/admin",
};

/** Where somebody goes after signing in: the page asked for, if it is one of ours. */
export function pageAfterLogin(role: Role, next: string | null): string {
  return next && /^\/[a-z]+$/.test(next) ? next : FIRST_PAGE[role];
}

/** Reads the session, or goes to the login page and comes back here afterwards. */
export async function requireSession(): Promise<Session> {
  try {
    session.now = await call<Session>("GET", "/session");
    return session.now;
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    }
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await call<undefined>("DELETE", "/session");
  location.assign("/login");
}
