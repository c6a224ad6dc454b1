import type { components } from "$shared/openapi";

/** Shapes of the API that only the admin screen reads. */
type Bodies = components["schemas"];

export type RulesOfDay = Bodies["RulesOut"];
export type RuleVersion = Bodies["RuleVersionOut"];
export type RuleChange = Bodies["RuleChangeOut"];
export type RulePreview = Bodies["RulePreviewOut"];
export type Fare = Bodies["FareAnswer"];
export type Double = Bodies["DoubleOut"];
export type Papers = Bodies["PapersOut"];
export type Note = Bodies["NoteOut"];
export type Edition = Bodies["EditionOut"];
export type EditionDraft = Bodies["DraftOut"];
export type Device = Bodies["DeviceOut"];
export type EnrolCode = Bodies["CodeOut"];
export type Message = Bodies["MessageOut"];
export type PhoneTask = Bodies["PhoneTaskOut"];
export type Consent = Bodies["ConsentOut"];
export type Account = Bodies["AccountOut"];
export type Area = Bodies["AreaOut"];
export type AuditPage = Bodies["AuditOut"];
export type TownPlace = Bodies["TownPlaceOut"];
export type TownPlaceIn = Bodies["TownPlaceIn"];
export type FleetVehicle = Bodies["FleetVehicleOut"];
export type Trip = Bodies["TripIO"];
export type Route = Bodies["RouteIO"];
export type TimetableStop = Bodies["StopIO"];
export type Week = Bodies["CalendarIO"];
export type Sign = Bodies["SignOut"];
export type Webhook = Bodies["WebhookOut"];
export type WebhookKind = Webhook["kinds"][number];
export type WebhookSecret = Bodies["SecretOut"];
export type WebhookTrial = Bodies["TrialOut"];
export type DeadLetter = Bodies["LetterOut"];
export type MessageTemplate = Bodies["MessageTemplateOut"];
