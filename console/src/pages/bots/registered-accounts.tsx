import { useEffect, useState } from 'preact/hooks';
import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { listAccounts } from '../../api/kf-accounts.js';
import { allOf } from '../../data/pages.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';

const EVERY_MS = 10_000;
const TYPING_MS = 250;

interface RegisteredAccountsProps {
  readonly corpId: string;
  readonly picked: readonly string[];
  readonly onPick: (picked: readonly string[]) => void;
}

/** The accounts of the corp that puppets have registered, to choose from; nothing while there is none. */
export function RegisteredAccounts({ corpId, picked, onPick }: RegisteredAccountsProps) {
  const { bots } = t();
  const asked = useSettled(corpId);
  const { data } = usePolled(`accounts of ${asked}`, (signal) => accountsOf(asked, signal), EVERY_MS);
  if (data === null || data.length === 0 || asked !== corpId) return null;
  const pick = (openKfId: string, isPicked: boolean): void =>
    onPick(isPicked ? [...picked, openKfId] : picked.filter((one) => one !== openKfId));
  return (
    <fieldset class="choices">
      <legend>{bots.registered}</legend>
      {data.map(({ openKfId, name }) => (
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

async function accountsOf(corpId: string, signal: AbortSignal): Promise<readonly KfAccountAnswer[]> {
  if (!/^[\w-]{1,64}$/.test(corpId)) return [];
  return allOf((cursor) => listAccounts({ q: '', state: '', corpId }, cursor, signal));
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
