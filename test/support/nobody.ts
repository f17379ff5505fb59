/** Ports of the HTTP edge, of a manager without bots and named operators, which audits nothing. */
import { Module } from '@nestjs/common';
import { AuditedCalls } from '../../src/http/access/audit-hook.js';
import { BotDirectory, BotKeys } from '../../src/http/access/bot-keys.js';
import { OperatorDirectory } from '../../src/http/access/operator-directory.js';

export const NOBODY: OperatorDirectory = {
  hasAny: false,
  isLoaded: true,
  mayBecomeKnown: () => false,
  findByToken: () => null,
  findByTokenId: () => null,
  isEnded: () => false,
  endSession: () => {},
};

const NO_BOTS: BotDirectory = { find: () => null, lookUp: () => Promise.resolve(null) };
export const NO_BOT_KEYS = new BotKeys(NO_BOTS);

@Module({
  providers: [
    { provide: BotDirectory, useValue: NO_BOTS },
    { provide: OperatorDirectory, useValue: NOBODY },
    { provide: AuditedCalls, useValue: { record: () => {} } },
  ],
  exports: [BotDirectory, OperatorDirectory, AuditedCalls],
})
export class NobodyModule {}
