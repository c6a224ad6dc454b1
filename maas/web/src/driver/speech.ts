import { language } from "$shared/language.svelte";

/** Says a sentence aloud; silent where the tablet has no voice. */
export function speakAloud(sentence: string): void {
  if (!("speechSynthesis" in window)) return;
  const said = new SpeechSynthesisUtterance(sentence);
  said.lang = language.now === "en" ? "en-GB" : "ja-JP";
  speechSynthesis.speak(said);
}
