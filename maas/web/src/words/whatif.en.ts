import type { WhatIfWords } from "./whatif.ja";

const measures: Record<string, string> = {
  served_percent: "People carried", served: "Bookings carried", refused: "Bookings refused", kept_percent: "Promises kept",
  wait_min: "Minutes from the time wished for (mean)", wait_p90_min: "Minutes from the time wished for (nine of ten have less)", late_p90_min: "Minutes later than promised (nine of ten have less)",
  shared_percent: "Rides shared", detour_ratio: "Detour (times the direct drive)", km: "Distance driven", empty_percent: "Driven with nobody aboard",
  km_per_rider: "Distance for each rider", vehicle_hours: "Vehicle hours", fares_yen: "Fares taken", cost_yen: "Cost", burden_per_rider_yen: "Borne by the town for each rider",
};
const units: Record<string, string> = { percent: "%", rides: "rides", minutes: "min", times: "times", km: "km", hours: "hours", yen: "yen" };
const weekdays: Record<string, string> = { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" };
const errors: Record<string, string> = {
  "no-asks": "Nobody asked for a ride in this time. Please choose other days.",
  "no-timetable": "The timetable that was chosen is no longer there.",
};

export const whatIfEn: WhatIfWords = {
  about: "What if there were one more van, or an earlier deadline? This calculates it with the bookings of the past. It changes nothing of today's service.",
  add: "Try something new", list: "Tried so far", none: "Nothing has been tried yet.", back: "Back to the list",
  columns: { name: "Name", period: "Days", state: "State", made: "Made", by: "By" },
  states: { waiting: "waiting for its turn", running: "calculating", done: "done", failed: "failed", cancelled: "called off", interrupted: "interrupted" },
  form: {
    title: "What do you want to try?", name: "Name of this study", nameHelp: "It gets one by itself if you write none",
    first: "From", last: "To", demand: "Who wants to ride?",
    demands: { past: "Those who booked on these days, and those who were refused", drawn: "A forecast made of the year before" },
    variants: "To be compared", variantsHelp: "Each is compared with the service as it is now. A variant may change several things at once.",
    variant: (n) => `Variant ${n}`, variantName: "Name of the variant", addVariant: "Add a variant", removeVariant: (name) => `Remove ${name}`,
    fleet: "Vehicles", more: "More vehicles", addMore: "Add vehicles", like: "Like which vehicle", count: "How many", from: "From", to: "To", wholeDay: "Without times they run when that vehicle runs.", removeMore: "Remove these vehicles",
    without: "Leave out", shifts: "Other hours for vehicles", shiftsHelp: "Only those you fill in change.",
    rules: "Rules", hours: "Hours of service", opens: "Begins", closes: "Ends", deadline: "Book how many minutes before", window: "Width of the pickup window (minutes)", asNow: (value) => `now ${value}`,
    area: "Area", areas: { "": "as now", none: "without any rule of areas", drawn: "only inside a new area" }, areaHelp: "Press on the map to add a corner. Arrow keys move a corner, too.", areaName: "Area on trial",
    free: "Free of charge", frees: { "": "as now", all: "always free", days: "free on some weekdays" }, weekdays,
    timetable: "Bus timetable", timetableNow: "as now", timetableHelp: "Bookings of people who change to a bus move with its times.",
    percent: "Bookings (100 is as many as now)", percentHelp: "Nobody knows how many more would ride with a better service. Put in what you assume.",
    details: "Details", seeds: "How many repetitions", seedsHelp: "Each has other traffic and other people who come late. More of them are surer, and take longer.",
    flexible: "Minutes that people accept from the time they wish for", hourYen: "Cost of a vehicle hour (yen)", kmYen: "Cost of a kilometre (yen)", assumption: "The costs are assumptions. Please put in those of your town.",
    start: "Try it", smallest: (percent) => `Find the smallest fleet that carries ${percent}% of the people`, smallestHelp: "One press: it tries fleets of different sizes on the days above. The variants are not used.",
    same: (names) => `${names}: nothing is different from now. Please change something.`, corners: "An area needs at least three corners.",
  },
  says: {
    more: (n, vehicle, hours) => `${n} more like ${vehicle}${hours}`, hours: (from, to) => ` (${from} to ${to})`,
    without: (vehicles) => `without ${vehicles}`, shift: (vehicle, from, to) => `${vehicle} from ${from} to ${to}`,
    opens: (from) => `begins at ${from}`, closes: (to) => `ends at ${to}`, deadline: (minutes) => `book ${minutes} minutes before`, window: (minutes) => `pickup windows of ${minutes} minutes`,
    rule: (field, value) => `${field}: ${value}`,
    drawn: "only inside a new area", none: "without any rule of areas", free: "nobody pays", freeDays: (days) => `nobody pays on ${days}`, freeTags: "some members do not pay",
    timetable: (edition) => `bus timetable “${edition}”`, percent: (n) => `${n}% of the bookings`, nothing: "as it is now", comma: ", ", dot: ", ",
  },
  view: {
    asked: "What was asked", period: (from, to) => `${from} to ${to}`, smallest: (percent) => `The smallest fleet that carries ${percent}% of the people is looked for.`,
    seeds: (n) => `${n} ${n === 1 ? "repetition" : "repetitions"}.`, made: (who, when) => `made by ${who}, ${when}`,
    progress: "Progress", pieces: (done, total) => `${done} of ${total} parts are done`, percent: (n) => `${n}%`, left: (minutes) => (minutes < 1 ? "Less than a minute to go." : `About ${Math.ceil(minutes)} minutes to go.`),
    leave: "You may close this page; the calculation goes on.", cancel: "Call it off", cancelled: "Called off.", start: "Calculate from the beginning", again: "Calculate the same again", started: "It has begun.", copy: "Try something new from this",
    share: "Address of this result", copyAddress: "Copy the address", copied: "Copied.", shareHelp: "Everybody who plans for the town sees the same result there.",
    failed: "This could not be calculated.", errors, why: (text) => `In detail: ${text}`,
    cancelledAbout: "It was called off, so there is no result.", interruptedAbout: "The service was stopped, and the calculation with it. Begun again it comes to the same result.",
  },
  result: {
    title: "Result", asItIs: "as it is now", fleet: (n) => `${n} ${n === 1 ? "vehicle" : "vehicles"}`, vehicles: (n) => `${n} ${n === 1 ? "vehicle" : "vehicles"}`,
    days: (days, asked, seeds) => `${days} ${days === 1 ? "day" : "days"}, ${asked} bookings wished for, ${seeds} ${seeds === 1 ? "repetition" : "repetitions"}.`,
    found: (percent, n, served) => `The smallest fleet that carries ${percent}% of the people has ${n} ${n === 1 ? "vehicle" : "vehicles"}. (People carried: ${served}%)`,
    notFound: (percent, most) => `Up to ${most} vehicles were tried, and ${percent}% was not reached.`,
    sentence: {
      better: (name, measure, change, between) => `${name} – ${measure}: ${change} (${between}). Better.`,
      worse: (name, measure, change, between) => `${name} – ${measure}: ${change} (${between}). Worse.`,
      other: (name, measure, change, between) => `${name} – ${measure}: ${change} (${between}).`,
      unsure: (name, measure, change, between) => `${name} – ${measure}: ${change} (${between}). No clear difference.`,
      once: (name, measure, change) => `${name} – ${measure}: ${change}. Tried only once, so nobody knows how sure that is.`,
      same: (name, measure) => `${name} – ${measure}: exactly as now.`,
    },
    between: (low, high) => `between ${low} and ${high}`,
    verdicts: { better: "better", worse: "worse", other: "differs", unsure: "not clear", once: "only once", same: "same" },
    measure: "Look at", chartHelp: "The dot is the mean. The line across it is where the true figure lies with 95% confidence. The dotted line is the service as it is now.",
    of: (mean, low, high) => `${mean} (${low} to ${high})`, against: "Against now",
    table: "All figures", csv: "Save as CSV",
    heads: { measure: "Figure", unit: "Unit", variant: "Variant", mean: "Mean", low: "95% from", high: "95% to", differs: "Against now", differsLow: "Difference from", differsHigh: "Difference to" },
    source: "Source: bookings and refusals of the past, calculated again with the town's own dispatcher", simulated: "The bookings of these days are simulated.", hash: (text) => `Mark of the result ${text} (the same records always give the same)`,
    measures, units,
  },
};
