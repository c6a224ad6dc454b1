import { followLook } from "$shared/look.svelte";
import { start } from "$shared/start";

import Operator from "./Operator.svelte";

followLook();
start(Operator);
