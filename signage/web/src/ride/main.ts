import "../lib/rider.css";
import { start } from "../lib/start";
import Ride from "./Ride.svelte";

void start(Ride, "public");
