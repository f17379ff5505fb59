import type { Figures } from '../../record/figures.js';

/** What each replica did in each minute. Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const FIGURES = 'wxkffigures';

export interface FigureDocument extends Figures {
  /** The minute and the replica. */
  readonly _id: string;
  /** When the minute began. MongoDB removes the document three days later. */
  readonly at: Date;
}
