import { call, Refused } from "../lib/api";
import { wallNow } from "../lib/clock.svelte";
import { keep, recall } from "../lib/keep";
import type { components } from "../lib/openapi";
import { startAnew } from "./care";
import { pictureHash } from "./picture";

type Bodies = components["schemas"];
export type Config = Bodies["SignConfigOut"];
/** What the board knows of itself. */
export type Condition = Pick<Bodies["HeartbeatIn"], "state" | "age_s">;

const WAIT_MS = 5000;
const BEAT_MS = 60_000;
const KEY = "sign";

type Kept = { token: string; code: string; config?: Config | undefined };

/** The version of this page: the hash in the name of its script, empty while it is developed. */
const VERSION =
  /sign-([\w-]+)\.js/.exec(document.querySelector<HTMLScriptElement>('script[src*="/sign-"]')?.src ?? "")?.[1] ?? "";
const LOADED_S = wallNow();

/**
 * This screen as one of the town's signs: it shows a code until the office has said where it
 * stands, then learns what to show and says once a minute how it is.
 */
export class Device {
  config = $state.raw<Config>();
  code = $state.raw("");

  private kept = recall<Kept>(KEY);

  constructor(private readonly condition: () => Condition) {
    this.config = this.kept?.config;
    this.code = this.kept?.code ?? "";
  }

  start(): () => void {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    const go = async (): Promise<void> => {
      await this.say();
      if (!stopped) timer = setTimeout(go, this.config?.stop ? BEAT_MS : WAIT_MS);
    };
    void go();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  /** Says how it is, or asks what has become of its code; without an answer all stays as it is. */
  async say(): Promise<void> {
    try {
      if (!this.kept) await this.askForCode();
      this.take(await this.report());
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) this.forget();
    }
  }

  private report(): Promise<Config> {
    const token = this.kept!.token;
    if (!this.config?.stop) return call<Config>("GET", "/signs/me", { token });
    const memory = (performance as { memory?: { usedJSHeapSize: number } }).memory;
    const body: Bodies["HeartbeatIn"] = {
      ...this.condition(),
      picture: pictureHash(),
      version: VERSION,
      memory_mb: memory ? memory.usedJSHeapSize / 1e6 : null,
      clock_ahead_s: this.ahead_s,
    };
    return call<Config>("POST", "/signs/me/heartbeat", { token, body });
  }

  private async askForCode(): Promise<void> {
    const { code, token } = await call<Bodies["ShownCodeOut"]>("POST", "/signs/codes");
    this.code = code;
    this.kept = { token, code };
    keep(KEY, this.kept);
  }

  /** How far this device's clock is ahead of the server's, as of the last answer. */
  private ahead_s = 0;

  private take(config: Config): void {
    this.ahead_s = wallNow() - config.now;
    this.config = config;
    this.kept = { ...this.kept!, config };
    keep(KEY, this.kept);
    const told = config.reload_at > LOADED_S - this.ahead_s;
    const renewed = VERSION !== "" && config.version !== "" && config.version !== VERSION;
    if (told || renewed) this.reload(`${config.version} ${config.reload_at}`);
  }

  /** Loads the page anew, once for each reason: an old page from a cache must not go round and round. */
  private reload(reason: string): void {
    if (recall<string>("reloaded") === reason) return;
    keep("reloaded", reason);
    void startAnew();
  }

  /** The office has removed this sign, or its code was too old. */
  private forget(): void {
    Object.assign(this, { kept: undefined, config: undefined, code: "" });
    keep(KEY, null);
  }
}
