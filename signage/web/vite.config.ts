import { defineConfig } from "vite";

import { screens } from "./screens.ts";

export default defineConfig(
  screens(["index", "sign", "stop", "ride", "book"], (path) => {
    if (path.startsWith("/signage/")) return "sign";
    if (path.startsWith("/stop/")) return "stop";
    if (path.startsWith("/r/")) return "ride";
    if (path === "/book") return "book";
    return undefined;
  }),
);
