import type { HomeWords } from "./ja";

export const en: HomeWords = {
  title: "Buses and bookable taxis",
  lead: "See when your bus comes. A bookable taxi picks you up near your home.",
  nextBus: "Find the next bus",
  stopSearch: "Name of the stop",
  stopHint: "In kanji, kana or Latin letters.",
  stopsFound: (n) => (n === 1 ? "1 stop" : `${n} stops`),
  noStops: "No stop has that name.",
  remembered: "Your stops",
  open: "See times",
  openSign: "See the sign",
  nowRunning: "Buses on the road now",
  noBuses: "No bus is on the road now.",
  busAt: (speed, age_s) =>
    `${speed < 1 ? "standing" : "moving"} (${age_s < 60 ? "now" : `${Math.floor(age_s / 60)} min ago`})`,
  book: "How to use the bookable taxi",
  bookSteps: [
    "Telephone us. A person answers.",
    "Say your name, where you want to go and when.",
    "We tell you the pick-up time and the fare.",
    "Wait in front of your home at that time.",
  ],
  phone: "Telephone for bookings",
  staff: "For staff",
  login: "Log in",
  synthetic: "The roads and members of this town are samples, not real.",
  syntheticMap: "The roads of this map are not the real ones (合成道路データ).",
  mapTitle: "Map of the buses",
  demoTitle: "A sample town is running",
  demoLead: (speed) =>
    `Time in this town runs ${speed} times as fast. Cars drive and callers ring by themselves.`,
  demoAccounts: "The password of every account is",
  demoOpen: "Open",
  demoTry: "Try",
  demo: [
    {
      href: "/login?next=/operator&name=operator",
      name: "Booking desk",
      account: "operator",
      steps: "Press F2, type karino, Enter. Then 1, 1030, Enter, Enter books a ride.",
    },
    {
      href: "/login?next=/monitor&name=dispatcher",
      name: "Monitor",
      account: "dispatcher",
      steps: "Watch the vehicles and their plans. Select one to see its way.",
    },
    {
      href: "/login?next=/driver&name=driver",
      name: "Driver",
      account: "driver",
      steps: "Choose a vehicle. Tap arrived, aboard, dropped: the fare appears.",
    },
  ],
  demoSign: "Sign of a bus stop",
  demoSignSteps: "The minutes count down by themselves.",
};
