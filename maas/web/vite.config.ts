import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

import { screens } from "../../signage/web/screens.ts";

const PAGES = ["login", "operator", "monitor", "driver", "admin", "planner", "design"];

export default defineConfig({
  ...screens(PAGES, (path) => PAGES.find((page) => path === `/${page}`)),
  // The shared components and the live link belong to the signs; these screens use them too.
  resolve: { alias: { $shared: fileURLToPath(new URL("../../signage/web/src/lib", import.meta.url)) } },
  // MapLibre's worker is a module of its own; see src/monitor/maplibre.ts.
  worker: { format: "es" },
});
