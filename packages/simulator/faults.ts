/** What can be made to go wrong. All of it is off unless somebody switches it on. */
export interface Faults {
  /** Each callback is sent that much later. */
  callbackDelayMs: number;
  /** Each event is sent twice, with the same Token. */
  duplicateCallbacks: boolean;
  /** Callbacks are lost: WeCom does not promise them. */
  dropCallbacks: boolean;
  /** Every call of the API is answered -1. */
  apiBusy: boolean;
  /** Every call of the API is answered 45009: too many. */
  apiLimited: boolean;
  /** Every call of the API is answered HTTP 500. */
  apiFails: boolean;
  /** No call of the API is answered. */
  apiHangs: boolean;
  /** Every answer of the API comes that much later. */
  apiDelayMs: number;
  /** media/upload and media/get are answered -1. */
  mediaFails: boolean;
  /** sync_msg refuses every cursor with 40058; without one it begins anew. */
  refuseCursors: boolean;
  /** sync_msg gives so many messages before its cursor once more. */
  repeatedMessages: number;
}

type NamesOf<Kind> = { [Name in keyof Faults]: Faults[Name] extends Kind ? Name : never }[keyof Faults];

export const SWITCHES: readonly NamesOf<boolean>[] = [
  'duplicateCallbacks',
  'dropCallbacks',
  'apiBusy',
  'apiLimited',
  'apiFails',
  'apiHangs',
  'mediaFails',
  'refuseCursors',
];
/** Each with the most that it may be. */
export const AMOUNTS: Readonly<Record<NamesOf<number>, number>> = {
  callbackDelayMs: 60_000,
  apiDelayMs: 60_000,
  repeatedMessages: 1_000,
};

export const NO_FAULTS: Readonly<Faults> = {
  callbackDelayMs: 0,
  duplicateCallbacks: false,
  dropCallbacks: false,
  apiBusy: false,
  apiLimited: false,
  apiFails: false,
  apiHangs: false,
  apiDelayMs: 0,
  mediaFails: false,
  refuseCursors: false,
  repeatedMessages: 0,
};
