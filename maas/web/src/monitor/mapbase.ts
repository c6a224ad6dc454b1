import { inhabited, type TownMap } from "$shared/townmap";

import { words } from "../words/words";
import { hatchImage, headingImage } from "./mapimages";
import { style, type Source } from "./mapstyle";
import { maplibregl } from "./maplibre";
import { collection } from "./mapfeatures";
import type { Feature } from "geojson";

/** Opens the town's map in a box; `ready` is told as soon as vehicles can be drawn. */
export function openMap(
  box: HTMLElement,
  town: TownMap,
  ready: (map: maplibregl.Map) => void,
): maplibregl.Map {
  const map = new maplibregl.Map({
    container: box,
    style: style(town.tiles, town.attribution ?? ""),
    bounds: inhabited(town),
    fitBoundsOptions: { padding: { top: 60, bottom: 60, left: 90, right: 90 } },
    attributionControl: { compact: false },
    localIdeographFontFamily: '"BIZ UDPGothic","Noto Sans CJK JP",sans-serif',
    locale: {
      "Map.Title": words().monitor.map,
      "NavigationControl.ZoomIn": "＋",
      "NavigationControl.ZoomOut": "－",
    },
  });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
  map.addControl(new maplibregl.ScaleControl());
  // Not "load": that waits for the last tile, and vehicles must not wait with it.
  map.once("style.load", () => {
    map.addImage("heading", headingImage(), { pixelRatio: 2 });
    map.addImage("hatch", hatchImage(), { pixelRatio: 2 });
    ready(map);
  });
  return map;
}

/** Draws these features in the place of those of a source. */
export function fill(map: maplibregl.Map | undefined, source: Source, features: Feature[]): void {
  const found = map?.getSource(source) as maplibregl.GeoJSONSource | undefined;
  found?.setData(collection(features));
}
