import type { components } from "../lib/openapi";

type Bodies = components["schemas"];
export type MyPage = Bodies["MyPageOut"];
export type MyRider = Bodies["MyRiderOut"];
export type MyPlace = Bodies["MyPlaceOut"];
export type MyTrip = Bodies["MyTripOut"];
export type MyDay = Bodies["MyDayOut"];
export type MyRide = Bodies["MyRideOut"];
export type Offer = Bodies["OfferOut"];
export type Quote = Bodies["QuoteOut"];
export type Place = Bodies["PlaceOut"];
