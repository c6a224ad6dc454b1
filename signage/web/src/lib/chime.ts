/** Two rising tones; silent where the browser has no sound or the page was never touched. */
export function chime(): void {
  if (!("AudioContext" in window)) return;
  const sound = new AudioContext();
  const gain = sound.createGain();
  gain.gain.value = 0.3;
  gain.connect(sound.destination);
  for (const [at, hertz] of [
    [0, 784],
    [0.25, 1047],
  ] as const) {
    const tone = sound.createOscillator();
    tone.frequency.value = hertz;
    tone.connect(gain);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.22);
  }
  setTimeout(() => void sound.close(), 1000);
}
