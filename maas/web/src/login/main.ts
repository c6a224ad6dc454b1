import { followLook } from "$shared/look.svelte";
import "$shared/print.css";
import { start } from "$shared/start";

import Login from "./Login.svelte";

followLook();
void start(Login);
