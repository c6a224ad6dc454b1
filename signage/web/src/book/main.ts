import "../lib/rider.css";
import { start } from "../lib/start";
import Book from "./Book.svelte";

void start(Book, "public");
