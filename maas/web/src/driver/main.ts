import { start } from "$shared/start";

import Driver from "./Driver.svelte";

// Without https (or localhost) a browser has no service worker; the page then needs its server to start.
navigator.serviceWorker?.register("/driver-sw.js", { scope: "/driver" }).catch(() => undefined);
start(Driver);
