import type { Parcel } from './parcel.js';

/** An attempt that tells a bot of a message which it has to pull. */
export type HalfTold = Pick<Parcel, 'id' | 'corpId' | 'openKfId' | 'attempt'>;

/** Knows which messages callback bots have pulled. */
export abstract class Halves {
  /** Whether the message was pulled in this attempt, from any process; false while the store cannot tell. Never rejects. */
  abstract hasPulled(told: HalfTold): Promise<boolean>;
}
