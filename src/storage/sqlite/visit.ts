import type { Visitor } from '../store-inspection.js';
import type { Database } from './database.js';

/** Every app, bot and registration, as it is stored. @throws DatabaseError */
export async function visitAll(_database: Database, _visitor: Visitor): Promise<void> {
  // Their tables come with their adapters.
}
