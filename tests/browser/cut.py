"""What is cut off on a page."""

from __future__ import annotations

from playwright.sync_api import Page

# Letters that lie outside the window, or outside a box that hides what does not fit into it; what
# can be scrolled to is not cut, nor what was written for the ear alone.
_CUT = """
() => {
  const APART = '.unseen, svg, .map, option, [aria-hidden=true]';
  const cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walk.nextNode()) {
    const text = walk.currentNode;
    const own = text.parentElement;
    if (!text.data.trim() || own.closest(APART)) continue;
    if (!own.checkVisibility({ checkVisibilityCSS: true, contentVisibilityAuto: true })) continue;
    range.selectNodeContents(text);
    const at = range.getBoundingClientRect();
    if (at.width === 0) continue;
    for (let box = own; ; box = box.parentElement) {
      const style = getComputedStyle(box);
      const edge = box === document.documentElement
        ? { left: 0, right: document.documentElement.clientWidth }
        : box.getBoundingClientRect();
      if (box === document.documentElement || ['hidden', 'clip'].includes(style.overflowX)) {
        if (at.right > edge.right + 1 || at.left < edge.left - 1) {
          cut.push(`${text.data.trim().slice(0, 60)} in ${box.tagName}.${box.className}`);
        }
        break;
      }
      if (style.overflowX === 'auto' || style.overflowX === 'scroll') break;
    }
  }
  return cut;
}
"""


def cut_off(page: Page) -> list[str]:
    """Return the texts that do not fit into the page as it is."""
    cut: list[str] = page.evaluate(_CUT)
    return cut
