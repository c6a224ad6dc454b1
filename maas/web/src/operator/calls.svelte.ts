import { call as ask } from "$shared/api";

import type { Link } from "../lib/link.svelte";
import { session } from "../lib/session.svelte";
import type { Call, Waits } from "../lib/types";
import { inOrder, type CallEvent } from "./calls";

const WAITS_MS = 60_000;

/** The telephone: who rings, who is being spoken to, how long they have waited. */
export class Calls {
  going = $state<Record<string, Call>>({});
  /** Whether the stream has told once what is going on. */
  known = $state(false);

  /** How long people waited today, read once a minute; undefined before the first answer. */
  waits = $state<Waits>();

  /** What the stream has told since the calls were last asked for: it is newer than the answer. */
  private newer: Record<string, Call | null> = {};

  constructor(private readonly link: Link) {}

  start(): () => void {
    const read = () => {
      ask<Waits>("GET", "/calls/waits").then(
        (told) => (this.waits = told),
        () => undefined,
      );
    };
    read();
    const timer = setInterval(read, WAITS_MS);
    this.follow();
    return () => clearInterval(timer);
  }

  private follow(): void {
    const area = session.now?.area;
    this.link.follow<CallEvent>(area ? `calls:${area}` : "calls", (changed, gone, fresh) => {
      if (fresh) {
        this.newer = {};
        void this.load();
      }
      for (const { id, call } of changed) if (call) this.going[id] = this.newer[id] = call;
      for (const id of gone) {
        delete this.going[id];
        this.newer[id] = null;
      }
      this.known ||= !fresh;
    });
  }

  /** The stream remembers less than the database: after a restart the calls are read anew. */
  private async load(): Promise<void> {
    const calls = await ask<Call[]>("GET", "/calls");
    const read: Record<string, Call | null> = Object.fromEntries(
      calls.map((call) => [`call-${call.id}`, call]),
    );
    const now = Object.entries({ ...read, ...this.newer });
    this.going = Object.fromEntries(now.filter((each): each is [string, Call] => each[1] !== null));
    this.known = true;
  }

  list(): Call[] {
    return inOrder(Object.values(this.going));
  }

  find(id: string | undefined): Call | undefined {
    return id === undefined ? undefined : this.going[`call-${id}`];
  }

  waiting(): Call[] {
    return this.list().filter((call) => call.state === "ringing");
  }
}
