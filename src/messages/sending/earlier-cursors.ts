import { Injectable } from '@nestjs/common';
import { secretIdOf } from '../../kernel/secret-id.js';
import { MessageQueue, type Turn } from '../../queue/message-queue.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { KfSync, PAGE_SIZE } from '../../wecom/calls/kf-sync.js';
import type { CursorBefore } from '../queue/pull-state.js';

/** Finds the cursor right before the first message of an account that waits. */
@Injectable()
export class EarlierCursors {
  constructor(
    private readonly queue: MessageQueue,
    private readonly sync: KfSync,
    private readonly syncTokens: SyncTokens,
  ) {}

  /**
   * The page of the first waiting message may begin with messages that were taken. WeCom is asked for just those, and
   * its answer has the cursor at which they end.
   * @returns `null` where there are none, or where no such cursor was found: then the recipient gets them again.
   */
  async find({ corpId, openKfId }: Turn, { bot, puppet }: Destination): Promise<CursorBefore | null> {
    const account = { corpId, openKfId };
    const first = await this.queue.findEarliest(account);
    const corpSecret = bot?.secrets?.corpSecret ?? puppet?.corpSecret ?? null;
    if (first === null || first.skip === 0 || corpSecret === null) return null;
    const { cursor, appId } = first.page;
    if (secretIdOf(corpId, corpSecret) !== appId) return null;
    const syncToken = this.syncTokens.find(corpId, openKfId) ?? '';
    const asked = { corpId, openKfId, corpSecret, botId: bot?.id ?? '', syncToken, cursor, trace: null };
    const page = await this.sync.pull({ ...asked, limit: first.skip }).catch(() => null);
    if (page === null || !('entries' in page) || page.cursor === '') return null;
    const { messages } = await this.queue.list({ states: ['waiting'], ...account }, null, PAGE_SIZE);
    const waiting = new Set<unknown>(messages.map(({ msgid }) => msgid));
    const isBefore = page.entries.every(({ msgid }) => typeof msgid === 'string' && !waiting.has(msgid));
    return isBefore ? { msgid: first.msgid, cursor: page.cursor } : null;
  }
}
