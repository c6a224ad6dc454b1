import type { PlannerWords } from "./planner.ja";

const ages: Record<string, string> = {
  "0-17": "up to 17", "18-64": "18 to 64", "65-74": "65 to 74", "75-84": "75 to 84", "85+": "85 and over", unknown: "not known",
};
const purposes: Record<string, string> = {
  medical: "Hospital or clinic", shopping: "Shopping", hall: "Town hall", school: "School", transfer: "Changing to a bus", facility: "Public places", other: "Other",
};
const channels: Record<string, string> = { phone: "Telephone", web: "Web", line: "LINE", voice: "Voice system", counter: "Counter", paper: "Paper (outage)", kiosk: "Kiosk in a shop", driver: "In the vehicle" };
const saves: Record<string, string> = {
  shift_15: "Up to 15 minutes sooner or later", shift_60: "Up to an hour sooner or later", shift_more: "More than an hour sooner or later", walk: "Walking to a place nearby",
  longer: "A longer time aboard", fewer: "Fewer people or bags", wish: "Giving up another wish", nothing: "Nothing but another vehicle",
};
const spans: Record<string, string> = {
  months12: "These 12 months", month: "This month", lastMonth: "Last month", fiscal: "This fiscal year (from April)", lastFiscal: "Last fiscal year (from April)",
  subsidy: "Year of the subsidy (from October)", lastSubsidy: "Last year of the subsidy (from October)",
};

export const plannerEn: PlannerWords = {
  sections: {
    overview: "Overview", when: "When", where: "Where", who: "Who", promises: "Promises", refusals: "Refusals", buses: "Bus times", notes: "Events", booklet: "Print",
    openData: "Open data", reports: "Reports", whatIf: "What if",
  },
  simulated: "Simulated data", simulatedMore: "Some days of this period were made up by calculation and never driven.",
  period: "Period", from: "From", to: "To", spans, chooseSpan: "Choose a period", other: "Choose days",
  filters: "Only some", hours: "Hours", weekday: "Weekday", age: "Age", purpose: "What for", hamlet: "Hamlet of the rider", vehicle: "Vehicle", all: "All", clear: "Show everything",
  hourNames: { "0-8": "before 9:00", "9-11": "9:00 to 12:00", "12-14": "12:00 to 15:00", "15-29": "from 15:00" },
  weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
  ages, purposes, channels, saves,
  counting: "Counting…",
  few: "Fewer than five people are chosen, so no figures are shown. Please choose more widely.",
  nothing: "Nobody is recorded to have ridden in this time.",
  span: (from, to) => `${from} to ${to}`,
  chosen: (names) => `Only: ${names}`, comma: ", ",
  missing: (n, days) => `On ${n} ${n === 1 ? "day" : "days"} of service nothing at all is recorded: ${days}`,
  data: "Show the table", csv: "Save as CSV", meaning: "How it is counted", source: (text) => `Source: ${text}`, unit: (text) => `Unit: ${text}`,
  now: "This period", before: "Year before",
  yearBefore: (value) => `year before ${value}`, changed: (percent) => ` (${percent})`, noYearBefore: "nothing known of the year before",
  target: (value) => `Target ${value}`, reached: "reached", notReached: "not yet", setTarget: "Set a target", noTarget: "no target yet",
  noCost: "No costs have been entered",
  month: "month", day: "day", people: "people", rides: "rides", hour: "hour",
  clock: (hour) => `${hour}:00`,
  count: (n, unit) => `${n} ${unit}`,
  says: {
    overview: (riders, rides, change) => `${riders} riders in ${rides} rides in this period. ${change}`,
    more: (percent) => `That is ${percent} more than in the same time a year before.`, less: (percent) => `That is ${percent} less than in the same time a year before.`,
    same: "That is about as many as a year before.", alone: "Nothing is known of the year before.",
    trend: (most, riders, least, fewest) => `Most riders: ${riders} in ${most}. Fewest: ${fewest} in ${least}.`,
    kept: (share, worst, lowest) => `${share} of all promises were kept. The lowest share is ${lowest} in ${worst}.`,
    heat: (weekday, hour, each) => `Busiest is ${weekday} from ${hour}, when ${each} people board on one day.`,
    use: (hour, share) => `Most use is from ${hour}: vehicles have somebody aboard for ${share} of that hour.`,
    flows: (from, to, riders) => `Most ride from ${from} to ${to}: ${riders}.`,
    stops: (name, riders) => `${name} is used most: ${riders} people got on or off.`,
    hamlets: (most, each, none) => `Per member, most rides are from ${most}: ${each}. From ${none} ${none === 1 ? "hamlet" : "hamlets"} nobody rode.`,
    ages: (most, each) => `Per member, most rides are of those aged ${most}: ${each}.`,
    share: (most, share) => `Most common: ${most}, ${share} of all.`,
    lateness: (share, worse) => `${share} were as promised. ${worse} were more than 15 minutes late.`,
    waits: (share) => `${share} were fetched within 10 minutes of the beginning of the promise.`,
    durations: (share) => `${share} arrived within 20 minutes.`,
    lost: (n, most, count) => `${n} journeys were refused for want of room, most of them from ${most}: ${count}.`,
    lostAll: (n) => `${n} journeys were refused for want of room.`,
    saves: (share, cars) => `${share} would have got a ride up to an hour sooner or later; ${cars} needed another vehicle.`,
    reasons: (most, n) => `Most common reason: “${most}”, ${n} times.`,
    eta: (mae, n) => `The times told were off by ${mae} seconds on average (${n} times told).`,
    none: "There is none in this period.",
  },
  columns: {
    first: "Month or day", riders: "Riders", rides: "Rides", before: "Riders, year before", kept: "Kept", late: "Late", keptShare: "Kept (%)", refused: "Refused journeys",
    weekday: "Weekday", hour: "Hour", each: "Riders a day", vehicle: "Vehicle", share: "Time in use (%)", days: "Days driven", from: "From", to: "To", place: "Place",
    boarded: "Got on", left: "Got off", hamlet: "Hamlet", age: "Age", members: "Members", active: "Members who rode", perMember: "Rides per member", lost: "Journeys refused",
    minutes: "Minutes", what: "What", count: "Count", reason: "Reason", state: "Closing",
  },
  ahead: "Minutes ahead", mae: "Mean error (seconds)", told: "Times told",
  bin: (over, to) => (over === null ? `up to ${to} min` : to === null ? `over ${over} min` : `${over} to ${to} min`),
  lateBin: (over, to) =>
    over === null ? `${-(to ?? 0)} min early or more` : to === null ? `over ${over} min late` : to <= 0 ? `${-to} to ${-over} min early` : `${over} to ${to} min late`,
  recordedFrom: (day) => `Records begin on ${day}. There is nothing to compare with before that.`,
  declinedBy: "Declined by the caller: ",
  mapOf: "Map of the town", homes: (hamlet) => `homes in ${hamlet}`,
  moreFlows: (n) => `There are ${n} more pairs.`,
  allVehicles: "All vehicles",
  mapHelp: "The thicker a line, the more people rode. Circles are homes of a hamlet, squares shops, clinics and the like; the larger, the more people. Thin lines are bus routes.",
  lostHelp: "The larger a circle, the more journeys were refused there. Thin lines are bus routes.",
  scale: (low, high) => `light ${low} to dark ${high}`,
  byDay: "Day by day",
  notes: {
    about: "Write down what one has to know when reading the figures, such as snow or a festival. Nothing is ever deleted, and who wrote it is kept.",
    add: "Write down an event", from: "From", to: "To", kind: "Kind", text: "What happened", save: "Write it down", saved: "Written down.", none: "No events of this period have been written down.",
    kinds: { snow: "Snow, weather", festival: "Festival, event", road: "Roads", rules: "Change of rules", other: "Other" },
    by: (who, when) => `written by ${who} on ${when}`, takeBack: "Take back", takenBack: (who) => `taken back by ${who}`,
    title: "Events in this period",
  },
  targets: {
    title: "Targets", about: "A target holds for periods from its day on. Earlier ones are kept.", figure: "Target of", value: "Target", from: "From", save: "Set the target", saved: "The target is set.", history: "Targets so far",
    by: (who) => `set by ${who}`, none: "none",
  },
  booklet: {
    about: "All charts in one booklet for the council or for residents. Printed, it is A4, and every chart says how it was counted and from what.", print: "Print", made: (when) => `Made on ${when}`,
  },
  reports: {
    about: "What has to be handed in, and the monthly reports, in Japanese. Choose a month, and one press opens a report. Yearly ones are of the year the month is in.", month: "Month",
    name: "Report", content: "What is in it", span: "Period", open: "Open or save",
    formats: { html: "Read, print", csv: "CSV", xlsx: "Excel", pdf: "PDF" }, calendars: { month: "a month", april: "a year from April", october: "a year from October" },
  },
  openData: {
    about: "Each month's ridership is published so that nobody can be recognised. Before that you see what is shown and what is not.",
    month: "Month", version: "Version", made: "Published on", by: "By", published: "Published", none: "Nothing has been published yet.",
    preview: "Look first", title: (month, version) => `What would be published as version ${version} of ${month}`,
    safe: (k, mesh) => `No row is of fewer than ${k} people. Places are squares of at least ${mesh} m, times whole hours.`,
    shown: (n, finest) => `${n} would be shown, ${finest} of them in full detail.`, left: (n) => `${n} would not be shown, since they are too few.`,
    hidden: (n) => `${n} combinations are put together or left out.`,
    trips: "Booked rides", bus: "Riders of buses", notOver: "This month is not over. It can be published when it is.", same: "The last version says the same. There is no need to publish.",
    reason: "What it puts right (from version 2 on)", publish: "Publish exactly this", really: "What is published cannot be taken back.", done: "Published.", page: "See the public page",
    columns: { origin: "From square", destination: "To square", dayType: "Days", hour: "Hour", rides: "Rides", riders: "Riders", stop: "Stop", route: "Route", what: "What" },
    days: { weekday: "weekdays", holiday: "weekends, holidays", "": "any" }, whats: { boarded: "got on", alighted: "got off" },
  },
};
