import type { BotAnswer } from './answers.gen.js';

export interface OfAccount {
  readonly corpId: string | null;
  readonly openKfId: string | null;
  /** null where no puppet has registered it. */
  readonly name: string | null;
}

/** Which of the known bots takes an account: the one that lists it, else the one that takes all that nobody has. */
export function recipientOf(
  bots: readonly Pick<BotAnswer, 'id' | 'name' | 'corpId' | 'openKfIds'>[],
  { corpId, openKfId, name }: OfAccount,
): { readonly id: string; readonly name: string } | null {
  if (corpId === null || openKfId === null) return null;
  const ofCorp = bots.filter((bot) => bot.corpId === corpId);
  const ofRest = name === null ? ofCorp.find(({ openKfIds }) => openKfIds.includes('*')) : undefined;
  return ofCorp.find(({ openKfIds }) => openKfIds.includes(openKfId)) ?? ofRest ?? null;
}
