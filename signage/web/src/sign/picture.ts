/**
 * A hash of what the sign shows: every text with its place and size. A page cannot photograph
 * itself, but a picture that stays the same while its clock should move is told apart by this.
 */
export function pictureHash(root: Element = document.body): string {
  let hash = 0x811c9dc5;
  const note = (text: string) => {
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  };
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode() as Text | null; text; text = texts.nextNode() as Text | null) {
    const box = text.parentElement?.getBoundingClientRect();
    if (box && text.data.trim()) note(`${text.data}@${[box.x, box.y, box.width, box.height].map(Math.round)}`);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
