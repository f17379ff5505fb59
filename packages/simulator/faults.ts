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
  /** Every answer of the API comes that much later. */
  apiDelayMs: number;
  /** media/upload and media/get are answered -1. */
  mediaFails: boolean;
}

export const NO_FAULTS: Readonly<Faults> = {
  callbackDelayMs: 0,
  duplicateCallbacks: false,
  dropCallbacks: false,
  apiBusy: false,
  apiDelayMs: 0,
  mediaFails: false,
};
