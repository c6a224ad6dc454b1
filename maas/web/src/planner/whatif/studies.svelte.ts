import { call } from "$shared/api";
import { deviceNow } from "$shared/clock.svelte";

import { Loaded } from "../../admin/loaded.svelte";
import type { Study, StudyOut } from "./study";

const EVERY_MS = 2_000;
/** How far back the speed of a study is looked at. */
const SEEN = 60;

export const going = (state: StudyOut["state"] | undefined): boolean => state === "waiting" || state === "running";

/** All studies of the area, read again while one of them is under way. */
export class Studies {
  readonly loaded = new Loaded(() => call<StudyOut[]>("GET", "/studies"));

  live(): () => void {
    void this.loaded.load();
    const timer = setInterval(() => {
      if (!document.hidden && this.loaded.value?.some((one) => going(one.state))) void this.loaded.load();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }
}

/** One study, read again while it is under way. */
export class Watched {
  readonly loaded: Loaded<Study>;
  seen = $state.raw<{ at: number; done: number }[]>([]);

  constructor(readonly id: string) {
    this.loaded = new Loaded(() => call<Study>("GET", `/studies/${encodeURIComponent(id)}`));
  }

  live(): () => void {
    void this.read();
    const timer = setInterval(() => {
      if (!document.hidden && (this.loaded.error || going(this.loaded.value?.state))) void this.read();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }

  async read(): Promise<void> {
    await this.loaded.load();
    const now = this.loaded.value;
    if (!now || !going(now.state)) this.seen = [];
    else this.seen = [...this.seen.filter((one) => one.done <= now.done), { at: deviceNow(), done: now.done }].slice(-SEEN);
  }
}
