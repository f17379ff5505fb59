import { useEffect, useState } from 'preact/hooks';
import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { listAccounts } from '../../api/kf-accounts.js';
import { listWecomAccounts } from '../../api/wecom-accounts.js';
import { allOf } from '../../data/pages.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';

const EVERY_MS = 10_000;
/** WeCom counts how often it is asked. */
const WECOM_EVERY_MS = 300_000;
const TYPING_MS = 250;
const CORP_ID = /^[\w-]{1,64}$/;

interface RegisteredAccountsProps {
  readonly corpId: string;
  readonly picked: readonly string[];
  readonly onPick: (picked: readonly string[]) => void;
}

/** The accounts of the corp, as WeCom lists them and as puppets have registered them; nothing while there is none. */
export function RegisteredAccounts({ corpId, picked, onPick }: RegisteredAccountsProps) {
  const { bots } = t();
  const asked = useSettled(corpId);
  const registered = usePolled(`accounts of ${asked}`, (signal) => accountsOf(asked, signal), EVERY_MS);
  const listed = usePolled(
    `accounts at WeCom of ${asked}`,
    (signal) => listedOf(asked, signal),
    WECOM_EVERY_MS,
  );
  const choices = union(listed.data ?? [], registered.data ?? []);
  if (choices.length === 0 || asked !== corpId) return null;
  const pick = (openKfId: string, isPicked: boolean): void =>
    onPick(isPicked ? [...picked, openKfId] : picked.filter((one) => one !== openKfId));
  return (
    <fieldset class="choices">
      <legend>{bots.registered}</legend>
      {choices.map(({ openKfId, name }) => (
        <label key={openKfId} class="choice">
          <input
            type="checkbox"
            checked={picked.includes(openKfId)}
            onChange={({ currentTarget }) => pick(openKfId, currentTarget.checked)}
          />
          <span>{name || openKfId}</span>
          {name && <span class="mono small muted">{openKfId}</span>}
        </label>
      ))}
    </fieldset>
  );
}

interface Choice {
  readonly openKfId: string;
  readonly name: string;
}

/** Each once, with its name at WeCom where it is listed there. */
function union(listed: readonly Choice[], registered: readonly Choice[]): readonly Choice[] {
  const byId = new Map([...registered, ...listed].map((one) => [one.openKfId, one]));
  return [...byId.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Without a corpSecret of the corp, or while WeCom cannot be asked, nothing is listed; ids can be typed then. */
async function listedOf(corpId: string, signal: AbortSignal): Promise<readonly Choice[]> {
  if (!CORP_ID.test(corpId)) return [];
  return listWecomAccounts(corpId, signal).catch(() => []);
}

async function accountsOf(corpId: string, signal: AbortSignal): Promise<readonly KfAccountAnswer[]> {
  if (!CORP_ID.test(corpId)) return [];
  return allOf((cursor) => listAccounts({ q: '', state: '', corpId }, '', cursor, signal));
}

/** The text once nobody types any more. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
