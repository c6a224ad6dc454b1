import { start } from "$shared/start";

import Driver from "./Driver.svelte";

start(Driver);
