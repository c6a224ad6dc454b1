import { followLook } from "$shared/look.svelte";
import "$shared/print.css";
import { start } from "$shared/start";

import Design from "./Design.svelte";

followLook();
void start(Design);
