import { defineConfig } from "vite";

import { lean } from "./lean.ts";
import { screens } from "./screens.ts";

const config = screens(["index", "sign", "stop", "ride", "book"], (path) => {
  if (path.startsWith("/signage/")) return "sign";
  if (path.startsWith("/stop/")) return "stop";
  if (path.startsWith("/r/")) return "ride";
  if (path === "/book") return "book";
  return undefined;
});

export default defineConfig({ ...config, plugins: [lean(), ...(config.plugins ?? [])] });
