import { inhabited, type TownMap } from "$shared/townmap";

import { words } from "../words/words";
import { style, type Source } from "./mapstyle";
import { maplibregl } from "./maplibre";
import { collection } from "./mapfeatures";
import { asPicture, type Picture } from "./picture";
import type { Feature } from "geojson";

/** Maps that are shown as pictures. */
const pictures = new WeakMap<object, Picture>();
/** What each source was filled with last. */
const filled = new WeakMap<object, string>();

/** Opens the town's map in a box; `ready` is told as soon as something can be drawn on it. */
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
    // Names that fade in would have the whole map drawn twenty times after each change.
    fadeDuration: 0,
    localIdeographFontFamily: '"BIZ UDPGothic","Noto Sans CJK JP",sans-serif',
    locale: {
      "Map.Title": words().monitor.map,
      "NavigationControl.ZoomIn": "＋",
      "NavigationControl.ZoomOut": "－",
    },
  });
  const picture = asPicture(map);
  if (picture) pictures.set(map, picture);
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
  map.addControl(new maplibregl.ScaleControl());
  // Not "load": that waits for the last tile, and vehicles must not wait with it.
  map.once("style.load", () => ready(map));
  return map;
}

/** Tells once that the roads are drawn: the map is never "idle" while vehicles move on it. */
export function whenDrawn(map: maplibregl.Map, done: () => void): void {
  const picture = pictures.get(map);
  const look = () => {
    if (map.getSource("roads") && !map.isSourceLoaded("roads")) return;
    if (picture) picture.shown = undefined;
    else map.off("render", look);
    done();
  };
  map.once("style.load", () => {
    if (picture) picture.shown = look;
    else map.on("render", look);
  });
}

/** Runs this when the page is drawn: a key shows what it did before the map is drawn for it. */
export function afterPaint(task: () => void): () => void {
  let timer: number | undefined;
  const frame = requestAnimationFrame(() => (timer = window.setTimeout(task)));
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/** Draws these features in the place of those of a source; the same ones are not drawn again. */
export function fill(map: maplibregl.Map | undefined, source: Source, features: Feature[]): void {
  const found = map?.getSource(source) as maplibregl.GeoJSONSource | undefined;
  const text = JSON.stringify(features);
  if (!found || filled.get(found) === text) return;
  filled.set(found, text);
  found.setData(collection(features));
}
