import type { Words } from './words.js';
import { accounts } from './zh/accounts.js';
import { agents } from './zh/agents.js';
import { apps } from './zh/apps.js';
import { audit } from './zh/audit.js';
import { bots } from './zh/bots.js';
import { causes } from './zh/causes.js';
import { common } from './zh/common.js';
import { errcodes } from '../../../../src/insight/words/zh/errcodes.js';
import { errorCodes } from './zh/error-codes.js';
import { failures } from '../../../../src/insight/words/zh/failures.js';
import { live } from './zh/live.js';
import { log } from './zh/log.js';
import { messages } from './zh/messages.js';
import { notifications } from './zh/notifications.js';
import { outbox } from './zh/outbox.js';
import { overview } from './zh/overview.js';
import { refusals } from './zh/refusals.js';
import { session } from './zh/session.js';
import { sessions } from './zh/sessions.js';
import { states } from './zh/states.js';
import { wecomErrors } from './zh/wecom-errors.js';

export const chinese: Words = {
  common,
  session,
  overview,
  causes,
  accounts,
  failures,
  outbox,
  messages,
  notifications,
  live,
  log,
  refusals,
  agents,
  apps,
  bots,
  sessions,
  wecomErrors,
  audit,
  states,
  errcodes,
  errorCodes,
};
