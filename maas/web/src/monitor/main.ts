import { followLook } from "$shared/look.svelte";
import { start } from "$shared/start";

import Monitor from "./Monitor.svelte";

followLook();
start(Monitor);
