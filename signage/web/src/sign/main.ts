import { start } from "../lib/start";
import Sign from "./Sign.svelte";

void start(Sign, "public");

// Needs https or localhost; elsewhere the sign works, but cannot start without its server.
navigator.serviceWorker?.register("/sw.js").catch(() => undefined);
