/** What is told to whom. Drivers read `text` on their tablets, signs show `text` and `text_en`. */
export type Telling = {
  text: string;
  text_en: string;
  drivers: boolean;
  signs: boolean;
  /** Only these drivers; none: all. */
  vehicles: string[];
  minutes: number;
};

export const MINUTES = [30, 60, 180, 720];
/** The signs' line is short, and so is a tablet's. */
export const MOST_LETTERS = 100;

export const SAY_NOTHING: Telling = {
  text: "", text_en: "", drivers: true, signs: false, vehicles: [], minutes: 60,
};

/** Whether there is something to say, and somebody to say it to. */
export const sayable = (telling: Telling): boolean =>
  telling.text.trim() !== "" && (telling.drivers || telling.signs);

export function toDrivers({ text, vehicles, minutes }: Telling) {
  return { text: text.trim(), vehicles, minutes };
}

export function toSigns({ text, text_en, minutes }: Telling) {
  return { header: text.trim(), header_en: text_en.trim(), minutes, severity: "warning" as const };
}
