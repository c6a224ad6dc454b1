import { call } from "$shared/api";
import { language } from "$shared/language.svelte";
import type { components } from "$shared/openapi";

import { Loaded } from "../admin/loaded.svelte";
import { filtersOf, questionOf, searchOf, type Filters } from "./filters";

type Bodies = components["schemas"];
export type Ridership = Bodies["RidershipOut"];
export type Totals = Bodies["TotalsOut"];
export type Figure = Bodies["FigureOut"];
export type End = Bodies["EndOut"];

/** The figures of what is chosen in the address, and what each figure means. */
export class Analysis {
  filters = $state.raw(filtersOf(location.search));
  busy = $state(false);
  readonly meanings = new Loaded(() => call<Figure[]>("GET", "/ridership/figures"));
  readonly counted = new Loaded(() => call<Ridership>("GET", `/ridership${questionOf(this.filters)}`));

  /** Follows the address and the language; returns how to stop. */
  follow(): () => void {
    const back = () => this.look(filtersOf(location.search));
    addEventListener("popstate", back);
    void this.counted.load();
    return () => removeEventListener("popstate", back);
  }

  explain(): void {
    void language.now;
    void this.meanings.load();
  }

  /** Looks at something else, which the address says from now on. */
  choose(change: Partial<Filters>): void {
    const next = { ...this.filters, ...change };
    if (searchOf(next) === searchOf(this.filters)) return;
    history.pushState(null, "", `${location.pathname}${searchOf(next)}${location.hash}`);
    this.look(next);
  }

  private look(next: Filters): void {
    if (searchOf(next) === searchOf(this.filters)) return;
    this.filters = next;
    this.busy = true;
    void this.counted.load().finally(() => (this.busy = false));
  }

  meaning(key: string): Figure | undefined {
    return this.meanings.value?.find((one) => one.key === key);
  }
}
