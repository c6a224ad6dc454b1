import { mount, type Component } from "svelte";

import { startClock } from "./clock.svelte";
import { language } from "./language.svelte";
import "./tokens.css";

/** Puts a page's root component on the page and starts the service's clock. */
export function start(page: Component): void {
  document.documentElement.lang = language.now;
  startClock();
  mount(page, { target: document.getElementById("app")! });
}
