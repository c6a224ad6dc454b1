import type { TimetableWords } from "./timetable.ja";

export const timetableEn: TimetableWords = {
  trips: "Edit trips",
  route: "Route",
  choose: "Choose a trip",
  columns: { trip: "Trip", from: "From", to: "To", headsign: "Headsign", days: "Days" },
  none: "This route has no trips.",
  stop: "Stop", arrival: "Arrives", departure: "Leaves", headsign: "Headsign", headsignEn: "Headsign in English", headsignKana: "Reading of the headsign", service: "Days", direction: "Direction", directions: ["out", "back"], noDirection: "none",
  shift: "Shift every time (minutes)", doShift: "Shift",
  copy: "Copy this trip", copyId: "Id of the new trip", doCopy: "Copy",
  drop: "Take this trip out", really: (trip) => `Take trip ${trip} out? Riders see nothing before the timetable is published.`,
  saved: (n) => (n === 0 ? "Saved. Nothing would mislead riders." : `Saved. There ${n === 1 ? "is 1 thing" : `are ${n} things`} to look at.`),
  dropped: "Taken out.",
  wrongTime: (stop) => `Write the time at ${stop} like 8:05; after midnight like 25:10.`,
  backwards: (stop) => `The time at ${stop} is before that of the stop before.`,
  weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
  between: ", ",
  calendars: "Edit the days", start: "First day", end: "Last day", added: "Also runs on (2026-12-30、…)", removed: "Does not run on (2026-12-31、…)",
  badDay: (text) => `${text} is no day. Write it like 2026-12-31.`,
};
