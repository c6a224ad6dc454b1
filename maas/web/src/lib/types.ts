import type { components } from "$shared/openapi";

/** Shapes of the staff part of the API. Instants are ISO 8601 with the town's offset. */
type Bodies = components["schemas"];

export type Session = Bodies["SessionOut"];
export type Role = Session["role"];
export type WaysIn = Bodies["WaysOut"];
export type Login = Bodies["LoginOut"];
export type Passkey = Bodies["PasskeyOut"];
export type ServiceDay = Bodies["ServiceDayOut"];
export type Place = Bodies["PlaceOut"];
export type VehicleRef = Bodies["VehicleRefOut"];
export type Vehicle = Bodies["VehicleOut"];
export type Offer = Bodies["OfferOut"];
export type Refusal = Bodies["RefusalOut"];
export type Quote = Bodies["QuoteOut"];
export type Waived = Bodies["WaivedOut"];
export type Together = Bodies["TogetherOut"];
export type Standing = Bodies["StandingOut"];
export type OpenReturn = Bodies["OpenReturnOut"];
export type Waiting = Bodies["WaitingOut"];
export type Call = Bodies["CallOut"];
export type Waits = Bodies["WaitsOut"];
export type Habit = Bodies["HabitOut"];
export type Booking = Bodies["BookingOut"];
export type Rider = Bodies["RiderOut"];
export type PlanStop = Bodies["PlanStopOut"];
export type Position = Bodies["PositionOut"];
export type VehiclePlan = Bodies["VehiclePlanOut"];
export type Plan = Bodies["PlanOut"];
export type Ride = Bodies["RideOut"];
export type Job = Bodies["JobOut"];
export type Step = Bodies["StepIn"]["step"];
export type RoadRoute = Bodies["RoadOut"];
export type BusLink = Bodies["LinkOut"];
export type OddReport = Bodies["OddReportOut"];
export type PhoneTask = Bodies["PhoneTaskOut"];
export type DisruptionIn = Bodies["DisruptionIn"];
export type Disruption = Bodies["DisruptionOut"];
export type RiderChange = Bodies["RiderChangeOut"];
export type Closure = Bodies["ClosureOut"];
export type Stretch = Bodies["StretchOut"];
export type Explanation = Bodies["ExplanationOut"];
export type Kept = Bodies["KeptOut"];
export type Duty = Bodies["DutyOut"];
export type Moves = Bodies["MovesOut"];
export type MovedRider = Bodies["MovedRiderOut"];
export type MoveIn = Bodies["MoveIn"];
export type Handover = Bodies["HandoverOut"];
export type DriverMessage = Bodies["DriverMessageOut"];
export type Alert = Bodies["AlertOut"];
export type Ladder = Bodies["LadderOut"];
export type LadderRun = Bodies["ClimbOut"];
export type PastDay = Bodies["PastDayOut"];
export type PastRide = Bodies["PastRideOut"];

/** An event of the day on the live stream's topic `calls`. */
export type DayEvent = { id: string; ts: number; text: string; text_en: string; kind: string };
