import { Secret } from '../../kernel/secret.js';
import { type Bot, type BotTaking, TAKES_EVENTS } from '../../registry/bots/bot.js';
import { accountKey } from '../../registry/puppet.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const BOTS = 'wxkfbots';

type Same = Omit<Bot, 'id' | 'secrets' | 'createdAtMs' | keyof BotTaking>;

/** Earlier versions did not say what it takes. */
export interface BotDocument extends Same, Partial<BotTaking> {
  /** The id of the bot. */
  readonly _id: string;
  /** `accountKey` of each account, or of `*`. A unique index keeps two bots from having one. */
  readonly accounts: readonly string[];
  readonly secrets: string;
  readonly createdAt: Date;
}

/** Documents that are bots. A script may have put something else there, which takes nothing. */
export const READABLE = {
  corpId: { $type: 'string' },
  openKfIds: { $type: 'array' },
  keys: { $type: 'array' },
  secrets: { $type: 'string' },
  createdAt: { $type: 'date' },
} as const;

export function toDocument({ id, secrets, createdAtMs, ...same }: Bot): BotDocument {
  const accounts = same.openKfIds.map((openKfId) => accountKey({ corpId: same.corpId, openKfId }));
  return { _id: id, ...same, accounts, secrets: secrets.reveal(), createdAt: new Date(createdAtMs) };
}

export function fromDocument({ _id, accounts: _accounts, secrets, createdAt, ...same }: BotDocument): Bot {
  return {
    id: _id,
    ...TAKES_EVENTS,
    ...same,
    secrets: new Secret(secrets),
    createdAtMs: createdAt.getTime(),
  };
}
