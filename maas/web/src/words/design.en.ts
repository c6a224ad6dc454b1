import type { DesignWords } from "./design.ja";

export const designEn: DesignWords = {
  title: "The look of our screens",
  about: "Every screen is made of these colours, sizes and parts. See them light, dark and printed.",
  colours: "Colours", colourAbout: "The contrast of text on its ground: at least 4.5; 7 on the screens of riders, drivers and signs.",
  pair: { text: "Text", ground: "Ground", contrast: "Contrast", least: "At least", sample: "見本の文字 Sample 123" },
  eyes: "Colour vision", eyesAbout: "How different colours of different meaning look: at least 15, also to eyes that lack a cone.",
  eye: { usual: "Usual", protan: "Protan", deutan: "Deutan", tritan: "Tritan" },
  letters: "Letters", lettersAbout: "The fonts of the device, BIZ UDPGothic where there is one. Nothing slants.",
  sizes: { note: "Note", body: "Body", lead: "Heading", title: "Title", figure: "Figure" },
  sample: "つぎの迎えは午前10時20分です。Next pick-up 10:20",
  em: "Emphasis is upright, too.",
  ruby: "Readings", space: "Space", spaceAbout: "Grows with the size of letters the reader has chosen.",
  parts: "Parts", button: "Button", first: "Main button", disabled: "Not now", link: "Link", field: "Field", choice: "Choice", check: "Tick", date: "Day",
  finder: "Search and choose", finderHint: "Arrows choose, Enter takes. A digit alone is a shortcut.", none: "Nothing found.", fruit: ["Apple", "Orange", "Grape", "Peach"],
  dialog: "Dialog", dialogAbout: "While it is open, Tab goes round inside. When it closes, the keyboard is back where it was.", open: "Open", close: "Close",
  table: "Table", states: "States", loading: "Loading.", live: "Live", stale: "Data from 3 min ago", offline: "No connection.", error: "That did not work.", empty: "Nothing yet.",
  focus: "What has the keyboard has a thick frame. Try it with Tab.",
  languages: "Languages", languagesAbout: "Staff screens speak Japanese and English, public ones five languages.",
  print: "Print", printAbout: "On paper: black on white, at least 12 pt, without buttons.",
  columns: ["Time", "To", "State"], row: ["10:20", "Kayo hospital", "On time"],
};
