import { start } from "$shared/start";

import Monitor from "./Monitor.svelte";

start(Monitor);
