import type { Visitor } from '../store/store-inspection.js';
import type { Database } from './database.js';
import { storedPuppets } from './puppets.js';
import { readRecords } from './records.js';

/** Every record that the visitor wants, and every registration, as it is stored. @throws DatabaseError */
export async function visitAll(database: Database, visitor: Visitor): Promise<void> {
  for (const kind of visitor.kinds)
    for (const stored of await readRecords(kind, database)) visitor.record(kind, stored);
  for await (const puppets of storedPuppets((...page) => database.rows(...page)))
    for (const puppet of puppets) visitor.puppet(puppet);
}
