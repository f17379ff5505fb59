import { APPS } from '../../registry/apps/app.js';
import { BOTS } from '../../registry/bots/bot.js';
import type { Visitor } from '../store-inspection.js';
import type { Database } from './database.js';
import { storedPuppets } from './puppets.js';
import { readRecords } from './records.js';

/** Every app, bot and registration, as it is stored. @throws DatabaseError */
export async function visitAll(database: Database, visitor: Visitor): Promise<void> {
  for (const app of await readRecords(APPS, database)) visitor.app(app);
  for (const bot of await readRecords(BOTS, database)) visitor.bot(bot);
  for await (const puppets of storedPuppets((...page) => database.rows(...page)))
    for (const puppet of puppets) visitor.puppet(puppet);
}
