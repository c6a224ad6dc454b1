import { defineConfig } from "vite";

import { screens } from "./screens.ts";

export default defineConfig(
  screens(["index", "sign", "stop"], (path) => {
    if (path.startsWith("/signage/")) return "sign";
    if (path.startsWith("/stop/")) return "stop";
    return undefined;
  }),
);
