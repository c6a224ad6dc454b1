import { start } from "$shared/start";

import Operator from "./Operator.svelte";

start(Operator);
