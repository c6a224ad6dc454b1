const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";

/** What Tab reaches inside a box, in order. */
export function reached(box: ParentNode): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>(REACHED)].filter(
    (one) => one.tabIndex >= 0 && !(one as HTMLButtonElement).disabled && one.getClientRects().length > 0,
  );
}

/** Where Tab goes from the last thing of a box, or Shift+Tab from the first; undefined in between. */
export function edgeOf(box: HTMLElement, at: Element | null, back: boolean): HTMLElement | undefined {
  const all = reached(box);
  const [first, last] = [all[0], all.at(-1)];
  if (back) return at === first || at === box || !box.contains(at) ? last : undefined;
  return at === last || !box.contains(at) ? first : undefined;
}
