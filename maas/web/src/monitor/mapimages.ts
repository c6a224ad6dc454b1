/** A white arrow pointing north, turned by each vehicle's bearing. */
export function headingImage(): ImageData {
  const size = 40;
  const drawing = new OffscreenCanvas(size, size).getContext("2d")!;
  drawing.fillStyle = "#ffffff";
  drawing.beginPath();
  drawing.moveTo(20, 10);
  drawing.lineTo(28, 29);
  drawing.lineTo(20, 24);
  drawing.lineTo(12, 29);
  drawing.fill();
  return drawing.getImageData(0, 0, size, size);
}

/** White stripes in a circle, over a vehicle whose place is old. */
export function hatchImage(): ImageData {
  const size = 48;
  const drawing = new OffscreenCanvas(size, size).getContext("2d")!;
  drawing.beginPath();
  drawing.arc(size / 2, size / 2, 21, 0, 2 * Math.PI);
  drawing.clip();
  drawing.strokeStyle = "#ffffff";
  drawing.lineWidth = 4;
  for (let x = -size; x < size; x += 11) {
    drawing.moveTo(x, size);
    drawing.lineTo(x + size, 0);
  }
  drawing.stroke();
  return drawing.getImageData(0, 0, size, size);
}
