/** So far the pointer moves before a press counts as a drag. */
const LEAST_PX = 6;

/** A ride pulled from one vehicle's line to another's; what happens then is decided in a box. */
export class Drag {
  /** The booking that is being pulled, and its label. */
  booking = $state<string>();
  label = $state("");
  over = $state<string>();
  x = $state(0);
  y = $state(0);
  private from = { x: 0, y: 0, vehicle: "", booking: "", label: "" };

  constructor(private readonly drop: (booking: string, vehicle: string) => void) {}

  /** A press on a ride; it is a click still until the pointer moves. */
  press(event: PointerEvent, booking: string, vehicle: string, label: string): void {
    if (event.button !== 0) return;
    this.from = { x: event.clientX, y: event.clientY, vehicle, booking, label };
    window.addEventListener("pointermove", this.move);
    window.addEventListener("pointerup", this.up);
    window.addEventListener("pointercancel", this.cancel);
    window.addEventListener("keydown", this.key, true);
  }

  private readonly move = (event: PointerEvent): void => {
    const far = Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y);
    if (this.booking === undefined && far < LEAST_PX) return;
    Object.assign(this, { booking: this.from.booking, label: this.from.label });
    Object.assign(this, { x: event.clientX, y: event.clientY });
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const vehicle = under?.closest<HTMLElement>("[data-vehicle]")?.dataset["vehicle"];
    this.over = vehicle === this.from.vehicle ? undefined : vehicle;
  };

  private readonly up = (): void => {
    const { booking, over } = this;
    if (booking !== undefined) swallowClick();
    this.end();
    if (booking !== undefined && over !== undefined) this.drop(booking, over);
  };

  private readonly cancel = (): void => this.end();

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || this.booking === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    swallowClick();
    this.end();
  };

  private end(): void {
    Object.assign(this, { booking: undefined, over: undefined });
    window.removeEventListener("pointermove", this.move);
    window.removeEventListener("pointerup", this.up);
    window.removeEventListener("pointercancel", this.cancel);
    window.removeEventListener("keydown", this.key, true);
  }
}

/** The browser clicks where a pull began and ended on the same ride; that is no click. */
function swallowClick(): void {
  const stop = (event: Event): void => {
    event.stopPropagation();
    event.preventDefault();
  };
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 0);
}
