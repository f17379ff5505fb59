import type { WakeUp } from '../../kernel/wake-up.js';
import type { Occasion } from '../../queue/failure.js';
import type { ClaimedLine, DueLines } from '../../queue/lines.js';
import type { MessageLine } from '../../queue/message-line.js';

/** Messages that are due: a loop beside those of hints sends them, and the patrol looks for what that loop misses. */
export abstract class DueMessages {
  abstract readonly lines: DueLines<MessageLine>;
  abstract readonly wake: WakeUp;

  /** As `SendLeased`. */
  abstract send(leased: ClaimedLine<MessageLine>, occasion: Occasion, leave: () => void): Promise<void>;

  /** Has messages that were claimed before send a probe; asked where nothing else can be claimed for one. */
  abstract probeAtWork(endpoint: string): Promise<boolean>;

  /** Looks for what no due time brings up. The patrol calls it every 20 s. Never rejects. */
  abstract lookAtAll(): Promise<void>;
}
