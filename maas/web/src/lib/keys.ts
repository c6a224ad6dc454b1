/** A key that the input method is using to write Japanese, not a command. */
export function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** A digit 1-9 pressed alone, else undefined. Full-width digits count: the input method may be on. */
export function digitOf(event: KeyboardEvent): number | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  const digit = Number(event.key.normalize("NFKC"));
  return event.key.length === 1 && digit >= 1 && digit <= 9 ? digit : undefined;
}
