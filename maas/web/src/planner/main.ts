import { followLook } from "$shared/look.svelte";
import "$shared/print.css";
import { start } from "$shared/start";

import Planner from "./Planner.svelte";

followLook();
void start(Planner);
