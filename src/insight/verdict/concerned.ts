/** Whose customers a cause is about: the accounts that are in their state because of it. */
import type { AccountView } from '../accounts/account-views.js';
import type { Reason } from '../accounts/account-state.js';
import type { Cause } from '../accounts/cause.js';
import { placeOf } from './hint-causes.js';

const NAMES_MAX = 3;

/** @param views of accounts that are in trouble. */
export function concernedBy(
  cause: Cause,
  views: readonly AccountView[],
): Pick<Cause, 'accounts' | 'accountNames'> {
  const concerned = views.filter((view) => isOf(view, cause) && view.judged.reasons.some(isSameAs(cause)));
  const accountNames = concerned.slice(0, NAMES_MAX).map(({ name, openKfId }) => name ?? openKfId);
  return { accounts: concerned.length, accountNames };
}

function isOf({ corpId, openKfId, bot, address }: AccountView, cause: Cause): boolean {
  if (cause.corpId !== null && cause.corpId !== corpId) return false;
  if (cause.openKfId !== null) return cause.openKfId === openKfId;
  if (cause.botId !== null) return cause.botId === bot?.id;
  if (cause.address === null) return true;
  const place = placeOf(address);
  return cause.address === (cause.port === null ? place?.host : place?.address);
}

/** That an address fails and that something waits for it is one trouble. */
function isSameAs({ code, why }: Cause): (reason: Reason) => boolean {
  const isOfPlace = code === 'waiting' || code === 'circuits';
  return isOfPlace
    ? (reason) => reason.code === 'waiting' || reason.code === 'circuits'
    : (reason) => reason.code === code && (code === 'dead' || reason.why === why);
}
