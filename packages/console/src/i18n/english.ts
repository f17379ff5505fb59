import { accounts } from './en/accounts.js';
import { agents } from './en/agents.js';
import { apps } from './en/apps.js';
import { audit } from './en/audit.js';
import { bots } from './en/bots.js';
import { causes } from './en/causes.js';
import { common } from './en/common.js';
import { errcodes } from '../../../../src/insight/words/en/errcodes.js';
import { errorCodes } from './en/error-codes.js';
import { failures } from '../../../../src/insight/words/en/failures.js';
import { live } from './en/live.js';
import { log } from './en/log.js';
import { messages } from './en/messages.js';
import { notifications } from './en/notifications.js';
import { outbox } from './en/outbox.js';
import { overview } from './en/overview.js';
import { refusals } from './en/refusals.js';
import { session } from './en/session.js';
import { sessions } from './en/sessions.js';
import { states } from './en/states.js';
import { wecomErrors } from './en/wecom-errors.js';

export const english = {
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
