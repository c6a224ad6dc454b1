import type { FleetVehicle } from "../types";

/** A vehicle as it is typed: numbers as text, so that an empty field stays empty. */
export type VehicleForm = {
  area: string; name: string; name_en: string; operator: string; kind: string; profile: string;
  seats: string; wheelchair_places: string; seats_lost_per_wheelchair: string; battery_wh: string;
  depot: number | null; plate: string; colour: string; shift_from: string; shift_to: string; in_service: boolean;
};

export function formOf(vehicle: FleetVehicle | undefined, area: string): VehicleForm {
  const number = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
  return {
    area: vehicle?.area ?? area,
    name: vehicle?.name ?? "",
    name_en: vehicle?.name_en ?? "",
    operator: vehicle?.operator ?? "",
    kind: vehicle?.kind ?? "van",
    profile: vehicle?.profile ?? "car",
    seats: number(vehicle?.seats),
    wheelchair_places: number(vehicle?.wheelchair_places ?? 0),
    seats_lost_per_wheelchair: number(vehicle?.seats_lost_per_wheelchair ?? 0),
    battery_wh: number(vehicle?.battery_wh),
    depot: vehicle?.depot ?? null,
    plate: vehicle?.plate ?? "",
    colour: vehicle?.colour ?? "",
    shift_from: vehicle?.shift_from ?? "08:00",
    shift_to: vehicle?.shift_to ?? "17:00",
    in_service: vehicle?.in_service ?? true,
  };
}

/** What was typed, as the API takes it. */
export function bodyOf(form: VehicleForm): Record<string, unknown> {
  return {
    ...form,
    seats: Number(form.seats),
    wheelchair_places: Number(form.wheelchair_places),
    seats_lost_per_wheelchair: Number(form.seats_lost_per_wheelchair),
    battery_wh: form.battery_wh === "" ? null : Number(form.battery_wh),
  };
}
