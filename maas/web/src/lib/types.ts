/** Shapes of the staff part of the API. Instants are ISO 8601 with the town's offset. */
export type Role = "operator" | "dispatcher" | "driver" | "planner" | "admin";

export type Session = { name: string; display_name: string; role: Role; area: string | null };

export type Place = {
  id: number;
  name: string;
  kana: string;
  name_en: string;
  kind: string;
  address: string;
  oaza: string;
  lat: number;
  lon: number;
};

export type VehicleRef = { id: string; name: string; name_en: string };

export type Fare = { yen: number; shared_yen: number; sentence: string };

export type Offer = {
  token: string;
  kind: "asked" | "earlier" | "later";
  vehicle: VehicleRef;
  pickup_from: string;
  pickup_to: string;
  pickup_planned: string;
  arrive_by: string;
  arrive_planned: string;
  ride_s: number;
  direct_s: number;
  detour_s: number;
  shared_with: number;
  fare: Fare;
  sentence: string;
};

export type Refusal = {
  reason: string;
  binding: string | null;
  sentence: string;
  alternatives: Offer[];
};

export type Quote = { offers: Offer[]; refusal: Refusal | null };

export type RiderRef = { id: number; number: string; name: string; kana: string; phone: string };

export type BookingState = "booked" | "arrived" | "aboard" | "done" | "cancelled" | "no_show";

export type Booking = {
  id: string;
  reference: string;
  state: BookingState;
  date: string;
  rider: RiderRef | null;
  contact_name: string;
  contact_phone: string;
  origin: Place;
  destination: Place;
  riders: number;
  wheelchairs: number;
  pickup_from: string;
  pickup_to: string;
  pickup_planned: string;
  arrive_by: string;
  arrive_planned: string;
  vehicle: VehicleRef;
  fare: Fare;
  read_back: string;
};

export type Favourite = { slot: number; place: Pick<Place, "id" | "name" | "name_en" | "kana"> };

export type Rider = RiderRef & {
  age: number | null;
  address: string;
  oaza: string;
  home_place: Pick<Place, "id" | "name" | "name_en" | "lat" | "lon"> | null;
  tags: string[];
  notes: string;
  favourites: Favourite[];
  next_booking: Booking | null;
};

export type PlanStop = {
  seq: number;
  kind: "pickup" | "dropoff";
  booking_id: string;
  reference: string;
  rider_name: string;
  rider_kana: string;
  notes: string;
  tags: string[];
  riders: number;
  wheelchairs: number;
  place: Place;
  planned: string;
  window_from: string | null;
  window_to: string;
  slack_s: number;
  state: "planned" | "arrived" | "done";
  load_after: number;
  fare_yen: number | null;
};

export type Position = { lat: number; lon: number; bearing: number | null; ts: number };

export type VehiclePlan = VehicleRef & {
  kind: string;
  operator: string;
  seats: number;
  wheelchair_places: number;
  version: number;
  shift_from: string;
  shift_to: string;
  driver: string | null;
  position: Position | null;
  battery_percent: number | null;
  stops: PlanStop[];
  path: [number, number][];
  on_board: number;
};

export type Plan = { area: string; date: string; now: number; vehicles: VehiclePlan[] };

export type Ride = {
  booking_id: string;
  reference: string;
  vehicle_id: string;
  picked_up: string;
  dropped_off: string;
  fare_yen: number;
  fare_reasons: string[];
  shared: boolean;
  distance_m: number;
  tariff: string;
};

export type Job = {
  vehicle: VehiclePlan;
  next: PlanStop | null;
  then: PlanStop[];
  on_board: PlanStop[];
  driver: string | null;
  ride: Ride | null;
};

export type Step = "arrived" | "aboard" | "dropped" | "no_show";

export type DayEvent = { id: string; ts: number; text: string; text_en: string; kind: string };

export type RoadRoute = {
  duration_s: number;
  length_m: number;
  climb_m: number;
  path: [number, number][];
};
