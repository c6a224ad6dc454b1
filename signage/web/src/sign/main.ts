import { mount } from "svelte";

import { startClock } from "../lib/clock.svelte";
import { language } from "../lib/language.svelte";
import "../lib/tokens.css";
import Sign from "./Sign.svelte";

// A sign speaks Japanese and English in turn; this is for what stands on it in neither.
document.documentElement.lang = language.now;
startClock();
mount(Sign, { target: document.getElementById("app")! });

// Needs https or localhost; elsewhere the sign works, but cannot start without its server.
navigator.serviceWorker?.register("/sw.js").catch(() => undefined);
