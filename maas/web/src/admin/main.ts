import { start } from "$shared/start";

import Admin from "./Admin.svelte";

start(Admin);
