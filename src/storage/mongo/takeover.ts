/**
 * Corrects or reports what the public manager 1.0.3, or somebody by hand, may have left in the database. It uses
 * the driver's own operations: mongoose would cast the query, and miss values of another type.
 */
import type { Collection } from 'mongoose';
import type { Log } from '../../kernel/log.js';

/** Best first: the record that counts where an account has several. */
const LAST_ONLINE_FIRST = { online: -1, lastOnlineDate: -1, _id: -1 } as const;
const TOLD_MAX = 20;

/** Records without an account, and records without a corp, unless a forgotten account left them: those have `updatedAt`. */
const UNREADABLE = {
  supersededFrom: { $exists: false },
  $or: [
    { kfOpenId: { $not: { $type: 'string' } } },
    { kfOpenId: '' },
    { corpId: '' },
    { corpId: { $exists: true, $not: { $type: 'string' } } },
    { corpId: { $exists: false }, updatedAt: { $exists: false } },
  ],
};

/**
 * 1.0.3 may have left several records of one account. The one last online keeps its name, and the others get a
 * name that nobody asks for. So 1.0.3, if it is started again, finds the same record as this version.
 */
export async function setDuplicatesAside(puppets: Collection, log: Log): Promise<void> {
  const doubled = puppets.aggregate([
    { $group: { _id: '$kfOpenId', count: { $sum: 1 } } },
    { $match: { count: { $gt: 1 } } },
  ]);
  for (const { _id: kfOpenId } of await doubled.toArray()) {
    const [, ...others] = await puppets.find({ kfOpenId }).sort(LAST_ONLINE_FIRST).toArray();
    let setAside = 0;
    for (const { _id, online } of others) {
      const { modifiedCount } = await puppets.updateOne(
        { _id, kfOpenId },
        {
          $set: {
            kfOpenId: `${kfOpenId ?? ''} (set aside ${_id})`,
            online: false,
            supersededFrom: { kfOpenId: kfOpenId ?? '', online: online === true },
          },
        },
      );
      setAside += modifiedCount;
    }
    // It is 0 when another replica has just set them aside.
    if (setAside > 0) log.warn({ openKfId: kfOpenId, setAside }, 'registry.duplicates_set_aside');
  }
}

/** Reports these records and leaves them as they are. */
export async function tellUnreadable(puppets: Collection, log: Log): Promise<void> {
  const records = await puppets.countDocuments(UNREADABLE);
  if (records === 0) return;
  const found = await puppets.find(UNREADABLE).project({ _id: 1 }).limit(TOLD_MAX).toArray();
  const ids = found.map(({ _id }) => String(_id));
  const reason = 'they name no account or no corp; remove them, or let their puppets register again';
  log.warn({ records, ids, reason }, 'registry.records_unreadable');
}
