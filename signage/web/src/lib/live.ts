/** One WebSocket for all topics of a page; it comes back by itself and asks for what it missed. */
export type Frame = {
  t: string;
  e: string;
  s: number;
  k: "snap" | "delta";
  u: unknown[];
  n?: number;
  recovered?: boolean;
  retry?: number;
};

type Place = { epoch: string; seq: number };
type Verdict = "take" | "known" | "gap";

/** Where a topic's stream stands, and whether a frame follows on. */
export class Cursor {
  place: Place | undefined;
  /** A snapshot has been asked for: what comes before it is of no use, and no reason to ask again. */
  private waiting = false;

  judge(frame: Frame): Verdict {
    const verdict = this.verdict(frame);
    if (verdict === "take") {
      this.place = { epoch: frame.e, seq: frame.s };
      this.waiting = false;
    }
    if (verdict !== "gap") return verdict;
    this.place = undefined;
    const asked = this.waiting;
    this.waiting = true;
    return asked ? "known" : "gap";
  }

  private verdict(frame: Frame): Verdict {
    if (frame.k === "snap") return "take";
    if (!this.place || frame.e !== this.place.epoch) return "gap";
    if (frame.s <= this.place.seq) return "known";
    return frame.s === this.place.seq + 1 ? "take" : "gap";
  }
}

/**
 * Full jitter: a random wait in milliseconds. The server says over how many seconds all its listeners
 * must spread so as not to come back in one rush; after five tries that doubles, up to a most.
 */
export function retryDelay(
  tries: number,
  spread_s = 1,
  random: () => number = Math.random,
  most_s = MOST_S,
): number {
  return 1000 * random() * Math.min(most_s, spread_s * 2 ** Math.max(0, tries - 4));
}

const MOST_S = 30;

export type LiveEvents = {
  /** The link opened or closed. */
  link?: (open: boolean) => void;
  /** The server's clock, epoch seconds, as told with a frame. */
  time?: (now_s: number) => void;
  /** The longest wait before the server is tried again, in seconds. */
  most_s?: number;
};

type Listener = (frame: Frame) => void;
type Topic = { cursor: Cursor; listeners: Set<Listener> };
type Opener = (url: string) => WebSocket;

export class Live {
  private readonly topics = new Map<string, Topic>();
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private spread_s = 1;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly events: LiveEvents = {},
    private readonly open: Opener = (address) => new WebSocket(address),
  ) {
    this.connect();
  }

  /** Follows a topic: a snapshot first, or what was missed. Returns the way to stop. */
  subscribe(topic: string, listener: Listener): () => void {
    const known = this.topics.get(topic);
    if (known) {
      known.listeners.add(listener);
      // The newcomer needs the whole picture, so nothing is named as already held.
      known.cursor.place = undefined;
    } else {
      this.topics.set(topic, { cursor: new Cursor(), listeners: new Set([listener]) });
    }
    this.ask([topic]);
    return () => this.leave(topic, listener);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private leave(name: string, listener: Listener): void {
    const topic = this.topics.get(name);
    if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
    this.topics.delete(name);
    this.send({ unsub: [name] });
  }

  private connect(): void {
    const socket = this.open(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.tries = 0;
      this.events.link?.(true);
      this.ask([...this.topics.keys()]);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = (event: CloseEvent) => {
      this.spread_s = Number(/^retry (\d+)$/.exec(event.reason)?.[1] ?? this.spread_s);
      this.events.link?.(false);
      if (this.closed) return;
      this.timer = setTimeout(() => this.connect(), retryDelay(this.tries++, this.spread_s, Math.random, this.events.most_s));
    };
  }

  private ask(names: string[]): void {
    if (names.length === 0) return;
    const since: Record<string, [string, number]> = {};
    for (const name of names) {
      const place = this.topics.get(name)?.cursor.place;
      if (place) since[name] = [place.epoch, place.seq];
    }
    this.send({ sub: names, since });
  }

  private send(message: unknown): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  private receive(text: string): void {
    const frame = JSON.parse(text) as Partial<Frame>;
    if (typeof frame.retry === "number") this.spread_s = frame.retry;
    if (typeof frame.n === "number") this.events.time?.(frame.n);
    const topic = frame.t === undefined ? undefined : this.topics.get(frame.t);
    if (!topic) return;
    const verdict = topic.cursor.judge(frame as Frame);
    if (verdict === "gap") this.ask([frame.t!]);
    if (verdict === "take") for (const listener of topic.listeners) listener(frame as Frame);
  }
}

/** The address of the live stream on the server this page came from. */
export function liveUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`;
}
