import { PULL_STATES } from '../messages/pulling/pull-state.js';
import { NOTIFICATION_BOOKS } from '../notifications/notification-books.js';
import { ENDED_SESSIONS, OPERATORS } from '../operators/operator.js';
import { APPS } from '../registry/apps/app.js';
import { BOTS } from '../registry/bots/bot.js';
import { CONNECTIONS, REPLICAS } from '../stream/replicas/stream-directory.js';
import { TOKENS } from '../wecom/tokens/access-token.store.js';
import type { RecordKind } from './record-kind.js';

/** All kinds of records that a store has. */
export const RECORD_KINDS: readonly RecordKind<object>[] = [
  APPS,
  BOTS,
  OPERATORS,
  ENDED_SESSIONS,
  NOTIFICATION_BOOKS,
  TOKENS,
  REPLICAS,
  CONNECTIONS,
  PULL_STATES,
];
