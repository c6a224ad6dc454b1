import "./picture.css";
import type { maplibregl } from "./maplibre";

/** A map shown as a picture; `shown` is called whenever a frame has come onto the screen. */
export type Picture = { shown?: (() => void) | undefined };

const LOOK_MS = 12;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Shows a map as a plain picture of its last frame where no graphics card draws it.
 *
 * There the browser fetches each new frame out of the renderer before it shows anything else: a
 * key pressed meanwhile waited for the roads.  Here the frame is fetched beside the page, which
 * goes on, and the next one begins when it is there.  Returns nothing where a card draws.
 */
export function asPicture(map: maplibregl.Map): Picture | undefined {
  const canvas = map.getCanvas();
  const gl = canvas.getContext("webgl2");
  if (!gl || !inSoftware(gl)) return undefined;
  const picture = document.createElement("canvas");
  picture.className = canvas.className;
  picture.setAttribute("aria-hidden", "true");
  canvas.before(picture);
  // It goes on hearing the mouse and the keys; what is not seen is not fetched.
  canvas.style.opacity = "0";

  const told: Picture = {};
  const repaint = map.triggerRepaint.bind(map);
  let giveUp: (() => void) | undefined;
  let again = false;
  map.triggerRepaint = () => {
    if (giveUp) again = true;
    else repaint();
  };
  map.on("render", () => {
    again ||= giveUp !== undefined;
    giveUp ??= fetchFrame(gl, (image) => {
      giveUp = undefined;
      if (image) show(picture, image, canvas);
      told.shown?.();
      if (again) repaint();
      again = false;
    });
  });
  map.on("remove", () => giveUp?.());
  return told;
}

function inSoftware(gl: WebGL2RenderingContext): boolean {
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  return SOFTWARE.test(String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

function show(picture: HTMLCanvasElement, image: ImageData, canvas: HTMLCanvasElement): void {
  if (picture.width !== image.width || picture.height !== image.height) {
    Object.assign(picture, { width: image.width, height: image.height });
    Object.assign(picture.style, { width: canvas.style.width, height: canvas.style.height });
  }
  picture.getContext("2d", { alpha: false })?.putImageData(image, 0, 0);
}

/**
 * Fetches what was drawn onto the canvas in this turn, without waiting for it.
 *
 * `done` gets nothing when the context was lost.  Returns how to give up.
 */
function fetchFrame(gl: WebGL2RenderingContext, done: (image?: ImageData) => void): () => void {
  const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
  gl.bufferData(gl.PIXEL_PACK_BUFFER, width * height * 4, gl.STREAM_READ);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  const drawn = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();

  let timer = setTimeout(look, LOOK_MS);
  return () => clearTimeout(timer);

  function look(): void {
    if (!drawn || gl.isContextLost()) return done();
    if (gl.getSyncParameter(drawn, gl.SYNC_STATUS) !== gl.SIGNALED) {
      timer = setTimeout(look, LOOK_MS);
      return;
    }
    const upward = new Uint8Array(width * height * 4);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, upward);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(buffer);
    gl.deleteSync(drawn);
    done(new ImageData(downward(upward, width, height), width, height));
  }
}

/** The rows of a picture from the top, as the page wants them; WebGL counts them from below. */
export function downward(
  upward: Uint8Array,
  width: number,
  height: number,
): Uint8ClampedArray<ArrayBuffer> {
  const row = width * 4;
  const rows = new Uint8ClampedArray(upward.length);
  for (let y = 0; y < height; y += 1) {
    rows.set(upward.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  }
  return rows;
}
