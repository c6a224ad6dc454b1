import type { Plugin } from "vite";

/**
 * Svelte without what public pages do not use, which is an eighth of what they would load:
 * custom elements (which declare themselves), templates that `await`, boundaries around errors,
 * and deep state.  A page that uses one of them stops and says so; a version of Svelte that is
 * written otherwise stops the build.
 */
export function lean(): Plugin {
  return {
    name: "lean",
    apply: "build",
    load: (id) => WITHOUT[id.split("/svelte/src/internal/client/")[1] ?? ""],
    transform(code, id) {
      if (!id.endsWith("/svelte/src/internal/client/reactivity/async.js")) return undefined;
      if (!FLATTEN.test(code)) this.error("Svelte awaits in another way now: see lean.ts.");
      return code.replace(FLATTEN, AT_ONCE);
    },
  };
}

const WITHOUT: Record<string, string> = {
  "dom/elements/custom-element.js": `export const create_custom_element = undefined;`,

  "dom/blocks/boundary.js": `
    import { EFFECT_PRESERVED, EFFECT_TRANSPARENT } from "../../constants.js";
    import { block, branch } from "../../reactivity/effects.js";
    export const boundary = (node, _, children) =>
      void block(() => void branch(() => children(node)), EFFECT_TRANSPARENT | EFFECT_PRESERVED);
    export const pending = () => 0;`,

  "proxy.js": `
    export const proxy = (value) => {
      if (typeof value === "object" && value !== null) throw Error("Deep state: use $state.raw.");
      return value;
    };
    export const get_proxied_value = (value) => value;
    export const is = Object.is;`,
};

const FLATTEN = /export function flatten\(blockers, sync, async, fn\) \{[\s\S]*?\n\}\n/;
const AT_ONCE = `export function flatten(blockers, sync, async, fn) {
  if (async.length || blockers.length) throw Error("A template awaits.");
  fn(sync.map(derived));
}
`;
