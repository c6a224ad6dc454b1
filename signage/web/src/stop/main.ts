import "../lib/rider.css";
import { start } from "../lib/start";
import Stop from "./Stop.svelte";

void start(Stop, "public");
