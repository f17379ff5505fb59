/** All kinds of records and journals that the features keep. */
import { CONVERSATIONS } from './agents/conversations.js';
import { REPLIES } from './agents/replies.js';
import { AUDIT } from './audit/audit-log.js';
import { PULL_STATES } from './messages/queue/pull-state.js';
import { NOTIFICATION_BOOKS } from './notifications/notification-books.js';
import { ENDED_SESSIONS, OPERATORS } from './operators/operator.js';
import { DELIVERIES } from './log/delivery-log.js';
import { FIGURES } from './log/figure-store.js';
import { APPS } from './registry/apps/app.js';
import { BOTS } from './registry/bots/stored-bot.js';
import { SESSIONS } from './sessions/session.js';
import type { StoreContents } from './storage/store/store-contents.js';
import { CONNECTIONS, REPLICAS } from './stream/stream-directory.js';
import { TOKENS } from './wecom/tokens/access-token.store.js';

export const CONTENTS: StoreContents = {
  records: [
    APPS,
    BOTS,
    OPERATORS,
    ENDED_SESSIONS,
    NOTIFICATION_BOOKS,
    TOKENS,
    REPLICAS,
    CONNECTIONS,
    PULL_STATES,
    SESSIONS,
    CONVERSATIONS,
    REPLIES,
  ],
  journals: [DELIVERIES, AUDIT, FIGURES],
};
