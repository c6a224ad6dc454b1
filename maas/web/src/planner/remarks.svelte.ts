import { call } from "$shared/api";
import type { components } from "$shared/openapi";

import { Loaded } from "../admin/loaded.svelte";
import type { Ridership } from "./analysis.svelte";
import { marksIn, remarksIn, targetAt } from "./remarks";

type Bodies = components["schemas"];
export type Remark = Bodies["RemarkOut"];
export type Target = Bodies["TargetOut"];

/** What planners wrote beside the figures: events and targets. */
export class Remarks {
  readonly events = new Loaded(() => call<Remark[]>("GET", "/ridership/remarks"));
  readonly targets = new Loaded(() => call<Target[]>("GET", "/ridership/targets"));

  async load(): Promise<void> {
    await Promise.all([this.events.load(), this.targets.load()]);
  }

  within(data: Ridership): Remark[] {
    return remarksIn(this.events.value ?? [], data.first, data.last);
  }

  numberOf(remark: Remark, data: Ridership): number {
    return this.within(data).indexOf(remark) + 1;
  }

  marksOf(data: Ridership): Map<string, string> {
    return marksIn(this.within(data), data.trend.map((point) => point.first), data.by_day);
  }

  targetOf(figure: string, last: string): number | null | undefined {
    return targetAt(this.targets.value ?? [], figure, last);
  }
}
