import { mount, type Component } from "svelte";

import { fetchedFirst } from "./catalogue.svelte";
import { startClock } from "./clock.svelte";
import { language } from "./language.svelte";
import "./tokens.css";

/**
 * Puts a page's root component on the page and starts the service's clock.
 * Staff pages have two languages, public pages all.
 */
export async function start(page: Component, speaks: "staff" | "public" = "staff"): Promise<void> {
  document.documentElement.lang = speaks === "public" ? language.tongue : language.now;
  startClock();
  await fetchedFirst();
  mount(page, { target: document.getElementById("app")! });
}
