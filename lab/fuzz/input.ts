/** One hostile input: what is written to a socket, and what may come back. */
export const KINDS = ['url', 'raw', 'slow'] as const;
export type Kind = (typeof KINDS)[number];

/** Of whose errors the answer may be: those of the contract, WeCom's own, or of either where the path is odd. */
export type ErrorShape = 'ours' | 'wecom' | 'either';

/**
 * `answers`: waits for the answers. `cuts`: breaks the connection off a moment after it has written.
 * `half-closes`: ends its own side and waits for the other to close.
 */
export type Afterwards = 'answers' | 'cuts' | 'half-closes';

export interface Input {
  readonly kind: Kind;
  /** What was done to it, for the report. */
  readonly shape: string;
  /** All parts in their order, with a pause before each but the first. */
  readonly parts: readonly Buffer[];
  readonly errors: ErrorShape;
  /** How many requests a strict parser sees in it; of one that it refuses comes one answer, which closes. */
  readonly answersMax: number;
  /** Where a request breaks off, or is for nobody (CONNECT), the connection may close without a word. */
  readonly mayStaySilent: boolean;
  readonly afterwards: Afterwards;
  /** Answered or closed by then. */
  readonly limitMs: number;
  /** The answer has no body, whatever it says of its length (RFC 9110, 9.3.2). */
  readonly isHead: boolean;
  /** One request as it should be framed, so that its connection serves the next too. */
  readonly isFramed: boolean;
}

export const ANSWER_LIMIT_MS = 5_000;

/** Stands in what a strict parser never takes for a request; nothing of it may reach a route. */
export const POISON = 'poisoned-request';
/** Part of every secret that the manager is given; stands in no answer and in no line of the log. */
export const SECRET_MARK = 'SECRETfz';
