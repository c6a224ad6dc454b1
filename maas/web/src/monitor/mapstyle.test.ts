import type { Map } from "maplibre-gl";
import { expect, test, vi } from "vitest";

import { dress, style } from "./mapstyle";

vi.stubGlobal("location", { origin: "https://town.example" });

/** The colours of a map that begins as the style says, as `dress` leaves them. */
function dressed(dark: boolean): { before: string; after: string } {
  const layers = structuredClone(style("/tiles", "").layers);
  const before = JSON.stringify(layers);
  const layerOf = (id: string) => layers.find((layer) => layer.id === id);
  dress(
    {
      getLayer: layerOf,
      setPaintProperty: (id: string, name: string, value: unknown) => {
        Object.assign(layerOf(id)!.paint!, { [name]: value });
      },
    } as unknown as Map,
    dark,
  );
  return { before, after: JSON.stringify(layers) };
}

test("a map begins in the colours of the day", () => {
  const { before, after } = dressed(false);
  expect(JSON.parse(after)).toEqual(JSON.parse(before));
});

test("by night the land is dark", () => {
  const [land] = JSON.parse(dressed(true).after) as { paint: Record<string, string> }[];
  expect(land!.paint["background-color"]).toBe("#1c2622");
});
