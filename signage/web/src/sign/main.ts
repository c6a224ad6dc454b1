import { start } from "../lib/start";
import Sign from "./Sign.svelte";

start(Sign);
