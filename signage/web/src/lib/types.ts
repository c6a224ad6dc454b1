/** Shapes of the public part of the API. Instants of departures are epoch seconds. */
export type Clock = {
  now: number;
  speed: number;
  timezone: string;
  service_date: string;
  demo: boolean;
};

export type DepartureState = "scheduled" | "running" | "unconfirmed" | "cancelled";

export type Departure = {
  /** Tells the days and loops of one trip apart. */
  id: string;
  trip: string;
  route: string;
  route_name: string;
  route_name_en?: string | null;
  headsign: string;
  headsign_kana?: string | null;
  headsign_en?: string | null;
  color?: string | null;
  text_color?: string | null;
  platform?: string | null;
  scheduled: number;
  expected: number | null;
  low: number | null;
  high: number | null;
  be_there_by: number;
  state: DepartureState;
  delay_s: number | null;
  vehicle: string | null;
};

export type Stop = {
  id: string;
  name: string;
  kana?: string | null;
  name_en?: string | null;
  lat: number;
  lon: number;
};

export type Notice = { text: string; text_en?: string | null };

export type Board = {
  stop: Stop;
  now: number;
  departures: Departure[];
  notices: Notice[];
  /** Number for bookings and questions. */
  phone?: string | null;
};

export type LiveVehicle = {
  id: string;
  lat: number;
  lon: number;
  bearing: number | null;
  speed: number | null;
  ts: number;
  trip?: string | null;
  route?: string | null;
  state: string;
};
