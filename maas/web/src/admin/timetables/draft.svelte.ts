import { call } from "$shared/api";
import { say } from "$shared/language.svelte";

import { Loaded } from "../loaded.svelte";
import type { EditionDraft, Route, TimetableStop, Trip, Week } from "../types";

type Rows<T> = { total: number; rows: T[] };

/** A draft of the timetable with what its editor needs: routes, stops, weeks, one route's trips. */
export class Draft {
  route = $state("");
  readonly edition: Loaded<EditionDraft>;
  readonly parts: Loaded<{ routes: Route[]; stops: TimetableStop[]; weeks: Week[] }>;
  readonly trips: Loaded<Trip[]>;

  constructor(private readonly id: number) {
    const rows = async <T>(what: string) => (await call<Rows<T>>("GET", `/timetables/${id}/${what}?limit=500`)).rows;
    this.edition = new Loaded(() => call<EditionDraft>("GET", `/timetables/${id}`));
    this.parts = new Loaded(async () => {
      const [routes, stops, weeks] = await Promise.all([rows<Route>("routes"), rows<TimetableStop>("stops"), rows<Week>("calendars")]);
      this.route ||= routes[0]?.id ?? "";
      return { routes, stops, weeks };
    });
    this.trips = new Loaded(async () => {
      const path = `/timetables/${id}/trips?limit=500&route=${encodeURIComponent(this.route)}`;
      return (await call<Rows<Trip>>("GET", path)).rows;
    });
  }

  nameOf(stop: string): string {
    const found = this.parts.value?.stops.find((one) => one.id === stop);
    return found ? say(found.name.ja, found.name.en) : stop;
  }

  /** Makes an edit on the version that was seen, and reads what there is then. */
  async edit(change: unknown): Promise<number> {
    try {
      const body = { version: this.edition.value?.version ?? 0, edits: [change] };
      const after = await call<EditionDraft>("POST", `/timetables/${this.id}/edits`, { body });
      return after.findings.length;
    } finally {
      await Promise.all([this.edition.load(), this.parts.load(), this.trips.load()]);
    }
  }
}
