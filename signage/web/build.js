// Builds every page by itself, so that each carries only the part of the framework it needs: a
// sign never opens another page, and a rider mostly opens one, over a slow line.
import { build, loadConfigFromFile } from "vite";

const load = async () => (await loadConfigFromFile({ command: "build", mode: "production" })).config;

const pages = Object.entries((await load()).build.rolldownOptions.input);
for (const [index, page] of pages.entries()) {
  const config = await load();
  await build({
    ...config,
    configFile: false,
    logLevel: "warn",
    build: { ...config.build, emptyOutDir: index === 0, rolldownOptions: { input: Object.fromEntries([page]) } },
  });
}
