import { deviceNow, hearTime } from "$shared/clock.svelte";
import { Live, liveUrl, type Frame } from "$shared/live";

/** The office has a few screens, which make no rush: all are back within 5 s of their server. */
const MOST_S = 4;

/** A staff screen's live link, and how long ago the server last said anything. */
export class Link {
  open = $state(false);
  age = $state(0);

  private heard = deviceNow();
  private readonly live: Live;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor() {
    this.live = new Live(liveUrl(), {
      most_s: MOST_S,
      link: (open) => (this.open = open),
      time: (now) => {
        hearTime(now);
        this.heard = deviceNow();
      },
    });
    this.timer = setInterval(() => (this.age = Math.floor(deviceNow() - this.heard)), 1000);
  }

  /** Follows a topic whose updates are whole values, keyed by `id`; `gone` takes one away. */
  follow<T extends { id: string }>(
    topic: string,
    take: (changed: T[], gone: string[], fresh: boolean) => void,
  ): () => void {
    return this.live.subscribe(topic, (frame: Frame) => {
      const items = frame.u as (T & { gone?: boolean })[];
      const gone = items.filter((item) => item.gone).map((item) => item.id);
      take(items.filter((item) => !item.gone), gone, frame.k === "snap");
    });
  }

  close(): void {
    clearInterval(this.timer);
    this.live.close();
  }
}
