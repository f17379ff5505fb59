import type { Addressee } from '../../kernel/account.js';
import type { SyncEntry } from '../../kernel/wecom-format.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { WithheldOutcome } from '../../log/delivery-record.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';

/** A page of an account that was pulled for a bot. */
export interface JudgedPage {
  readonly account: Addressee;
  readonly bot: OpenBot;
  /** In WeCom's order. */
  readonly entries: readonly SyncEntry[];
  readonly trace: TraceContext | null;
}

/** What becomes of an entry: the bot gets it, as it is here, or it does not. */
export interface JudgedEntry {
  readonly entry: SyncEntry;
  /** Why the bot does not get it; `null` where it does. The entry is known then, and nothing of what it says is kept. */
  readonly withheld: WithheldOutcome | null;
}

/** Decides which entries a bot gets that shares its customers with people. */
export abstract class PageRules {
  /**
   * Call it before the page is kept. The same page may be judged again, in parts or as a part of another one, and comes to the
   * same. It may ask WeCom, and takes 5 s at most, apart from the store.
   * @returns an answer for each entry, in their order.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract judge(page: JudgedPage): Promise<readonly JudgedEntry[]>;
}

/** A bot gets all entries. */
export class NoPageRules extends PageRules {
  override async judge({ entries }: JudgedPage): Promise<readonly JudgedEntry[]> {
    return entries.map((entry) => ({ entry, withheld: null }));
  }
}
