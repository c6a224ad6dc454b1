import { call, newKey, Refused } from "../lib/api";
import { nextStep, wayBack, type Answers, type Step } from "./choices";
import type { MyPage, MyRide, MyRider, MyTrip, Offer, Quote } from "./types";

const NOTHING: Answers = { anchor: "depart", riders: 1, wheelchair: false };
/** No link on this device is good any more. */
const NO_LINK = 401;

/** One booking from the first question to the reference; every answer can be taken back. */
export class Booking {
  page = $state.raw<MyPage | undefined>();
  state = $state.raw<"loading" | "ready" | "offline" | "noLink">("loading");
  step = $state.raw<Step>("start");
  answers = $state.raw<Answers>(NOTHING);
  offers = $state.raw<Offer[]>([]);
  chosen = $state.raw(0);
  /** A sentence of the server that says why not. */
  said = $state.raw("");
  busy = $state.raw(false);
  failed = $state.raw(false);
  done = $state.raw<MyRide | undefined>();

  private before: { step: Step; answers: Answers }[] = [];
  private key = newKey();
  private asked = 0;

  /** Opens the link in the address, if there is one, and asks for the page. */
  async load(): Promise<void> {
    this.state = "loading";
    const link = location.hash.slice(1);
    try {
      if (link) {
        await call("POST", "/my/links", { body: { link } }).catch((error: unknown) => {
          if (!(error instanceof Refused)) throw error; // one that is refused leaves those from before
        });
        history.replaceState(null, "", location.pathname);
      }
      const page = await call<MyPage | null>("GET", "/my");
      if (page === null) {
        this.state = "noLink";
        return;
      }
      this.page = page;
      const [only] = page.riders;
      if (page.riders.length === 1 && only) this.answers = this.forRider(only);
      this.state = "ready";
    } catch (error) {
      this.state = error instanceof Refused && error.problem.status === NO_LINK ? "noLink" : "offline";
    }
  }

  /** Goes back to the question before; false when there is none. */
  back(): boolean {
    const last = this.before.pop();
    if (!last) return false;
    Object.assign(this, { ...last, said: "", failed: false });
    return true;
  }

  /** Begins anew, with what is booked by now. */
  async restart(): Promise<void> {
    this.before = [];
    Object.assign(this, { step: "start", answers: NOTHING, done: undefined, said: "" });
    await this.load();
  }

  answer(more: Partial<Answers>): void {
    this.go({ ...this.answers, ...more });
  }

  chooseRider(rider: MyRider): void {
    this.before.push({ step: this.step, answers: this.answers });
    history.pushState(null, "");
    Object.assign(this, { answers: this.forRider(rider), step: "start" });
  }

  /** A ride made again and again: at its usual time on the next such day. */
  again(trip: MyTrip): void {
    const { origin, destination, date, time } = trip;
    this.go({ ...this.answers, origin, destination, ...(date ? { date, time } : {}) });
  }

  changeTime(): void {
    const { date: _date, time: _time, ...rest } = this.answers;
    this.go(rest);
  }

  goBackHome(): void {
    const { time: _time, ...rest } = wayBack(this.answers);
    this.done = undefined;
    this.go(rest);
  }

  /** The same ride for more people, or in a wheelchair: asked anew. */
  change(more: Partial<Answers>): void {
    this.answers = { ...this.answers, ...more };
    void this.ask();
  }

  choose(index: number): void {
    this.chosen = index;
    this.key = newKey();
  }

  async ask(): Promise<void> {
    const { rider, origin, destination, date, time, anchor, riders, wheelchair } = this.answers;
    const asked = ++this.asked;
    Object.assign(this, { busy: true, failed: false, said: "", offers: [] });
    const body = {
      rider_id: rider?.id,
      origin: origin?.id,
      destination: destination?.id,
      date,
      time,
      anchor,
      riders,
      wheelchairs: wheelchair ? 1 : 0,
    };
    try {
      const quote = await call<Quote>("POST", "/my/quotes", { body });
      if (asked !== this.asked) return;
      this.said = quote.refusal?.sentence ?? "";
      this.offers = quote.refusal?.alternatives ?? quote.offers;
      this.choose(0);
    } catch (error) {
      if (asked === this.asked) this.wrong(error);
    } finally {
      if (asked === this.asked) this.busy = false;
    }
  }

  /** Takes the offer that is shown; sent again under the same key when no answer came. */
  async book(): Promise<void> {
    const offer = this.offers[this.chosen];
    if (!offer || this.busy) return;
    Object.assign(this, { busy: true, failed: false, said: "" });
    const body = { rider_id: this.answers.rider?.id, offer: offer.token };
    try {
      this.done = await call<MyRide>("POST", "/my/bookings", { body, key: this.key });
      this.before = [];
      this.step = "done";
    } catch (error) {
      const others = error instanceof Refused && (error.problem as { alternatives?: Offer[] }).alternatives;
      if (others) {
        this.offers = others;
        this.choose(0);
      }
      this.wrong(error);
    } finally {
      this.busy = false;
    }
  }

  private wrong(error: unknown): void {
    if (error instanceof Refused) this.said = error.message;
    else this.failed = true;
  }

  private go(answers: Answers): void {
    this.before.push({ step: this.step, answers: this.answers });
    history.pushState(null, "");
    this.answers = answers;
    this.step = nextStep(answers);
    if (this.step === "confirm") void this.ask();
  }

  private forRider(rider: MyRider): Answers {
    return { ...NOTHING, rider, wheelchair: rider.wheelchair };
  }
}
