import type { Item } from '../manager/manager-api.js';
import { type List, type ListOptions, printList, toSeconds } from './list.js';

export interface BotsOptions extends ListOptions {
  readonly corp?: string;
}

export function listBots(options: BotsOptions): Promise<number> {
  return printList({ path: 'bots', query: { corpId: options.corp }, columns: COLUMNS }, options);
}

const COLUMNS: List['columns'] = {
  ID: (bot) => bot.id,
  NAME: (bot) => bot.name,
  CORP: (bot) => bot.corpId,
  ACCOUNTS: (bot) => bot.openKfIds,
  KIND: (bot) => bot.kind,
  TAKES: (bot) => bot.takes,
  CIRCUIT: (bot) => bot.circuit,
  'LAST TAKEN': (bot) => toSeconds(bot.lastTakenAt),
  'LAST FAILURE': (bot) => bot.fault ?? (bot.lastFailure as Item | null)?.reason,
};
