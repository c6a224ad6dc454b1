import { start } from "../lib/start";
import Stop from "./Stop.svelte";

start(Stop);
