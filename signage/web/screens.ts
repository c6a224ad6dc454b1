import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin, UserConfig } from "vite";

const SERVER = process.env["MAAS_SERVER"] ?? "http://127.0.0.1:8000";

/** In development, answers a page's address ("/signage/2_01") with its HTML file, as the server does. */
function pages(route: (path: string) => string | undefined): Plugin {
  return {
    name: "page-addresses",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const page = route(new URL(request.url ?? "/", "http://localhost").pathname);
        if (page) request.url = `/${page}.html`;
        next();
      });
    },
  };
}

/**
 * What Vite puts around `import("./later")`, in a tenth of the bytes: our browsers load scripts
 * by themselves, and only the styles of what comes later are left to do.
 */
function lightImports(): Plugin {
  return {
    name: "light-imports",
    enforce: "pre",
    load: (id) => (id === "\0vite/preload-helper.js" ? LIGHT_IMPORT : undefined),
  };
}

const LIGHT_IMPORT = `export const __vitePreload = (load, files = []) => {
  const styles = files.filter((file) => file.endsWith(".css") && !document.querySelector('link[href="/' + file + '"]'));
  return Promise.all(styles.map((file) => new Promise((onload, onerror) => {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/" + file, onload, onerror }));
  }))).then(load);
};`;

/**
 * Svelte guards what takes over a page that the server drew, old syntax, and tracing by variables
 * "so it can be treeshaken out". Our bundler does so with constants only: a kilobyte of every page.
 */
function neverHydrated(): Plugin {
  const never = (code: string) =>
    code
      .replace(/export let (hydrating|\w+_flag) = false;/g, "export const $1 = false;")
      .replace(/^\t(hydrating|\w+_flag) = (value|true|false);$/gm, "");
  return {
    name: "never-hydrated",
    apply: "build",
    transform: (code, id) =>
      /svelte\/src\/internal\/(client\/dom\/hydration|flags\/index)\.js$/.test(id) ? never(code) : undefined,
  };
}

/** Lays each page, script and style beside itself as Brotli, which is a tenth less than gzip. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      const files = Object.keys(bundle).filter((name) => /\.(html|js|css)$/.test(name));
      for (const name of files) {
        const path = join(dir ?? ".", name);
        const data = await readFile(path);
        const params = { [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
        await writeFile(`${path}.br`, brotliCompressSync(data, { params }));
      }
    },
  };
}

/** The build of one workspace: several plain pages, files served by the server from /assets. */
export function screens(names: string[], route: (path: string) => string | undefined): UserConfig {
  return {
    plugins: [lightImports(), neverHydrated(), svelte({ compilerOptions: { runes: true } }), pages(route), compressed()],
    build: {
      target: "es2022",
      // The content policy of the pages allows files of our own origin only, so nothing is inlined.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: Object.fromEntries(names.map((name) => [name, `${name}.html`])) },
      chunkSizeWarningLimit: 1200,
    },
    server: {
      proxy: {
        "/api": SERVER,
        "/tiles": SERVER,
        "/ws": { target: SERVER, ws: true },
      },
    },
  };
}
