import { language, speakAs, type Tongue } from "./language.svelte";

/** A file of texts that is fetched when its language is chosen; the texts are its default. */
type Later<W> = () => Promise<{ default: W }>;

const first: Promise<void>[] = [];

/** The language remembered here has been fetched, or could not be; a page is shown after this. */
export const fetchedFirst = (): Promise<unknown> => Promise.all(first);

/**
 * A page's texts in the language of this device.  Japanese comes with the page; the others are
 * fetched when they are chosen, and the page speaks Japanese until they are there.
 */
export function catalogue<W>(ja: W, others: Record<Exclude<Tongue, "ja">, Later<W>>): () => W {
  let fetched = $state.raw<Partial<Record<Tongue, W>>>({ ja });
  const asked = new Set<Tongue>();

  async function bring(tongue: Exclude<Tongue, "ja">): Promise<void> {
    asked.add(tongue);
    try {
      fetched = { ...fetched, [tongue]: (await others[tongue]()).default };
    } catch {
      asked.delete(tongue); // no connection; when it is chosen again it is tried again
      if (language.tongue === tongue) speakAs("ja");
    }
  }

  function current(): W {
    const { tongue } = language;
    if (tongue !== "ja" && !asked.has(tongue)) first.push(bring(tongue));
    return fetched[tongue] ?? ja;
  }
  current();
  return current;
}
