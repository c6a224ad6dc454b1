import { followLook } from "$shared/look.svelte";
import "$shared/print.css";
import { start } from "$shared/start";

import Admin from "./Admin.svelte";

followLook();
void start(Admin);
