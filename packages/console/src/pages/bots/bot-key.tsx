import { Select } from 'antd';
import { useId, useState } from 'react';
import type { BotWithKeyAnswer, BotAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { renewBotKey } from '../../api/bots.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { Field } from '../../components/field.js';
import { t } from '../../i18n/language.js';
import { useOneTime } from '../../state/one-time.js';
import { SecretsNote, useSaving } from './secrets-note.js';
import { SettingFields } from './setting-fields.js';
import { keyLines } from './setting-lines.js';

/** How long the old key is valid beside the new one, seconds. */
const OVERLAPS = ['3600', '86400', '604800', '0'] as const;
type Overlap = (typeof OVERLAPS)[number];

/** The key lives in this part of the page alone, and is gone with it. */
export function BotKey({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const id = useId();
  const [overlap, setOverlap] = useState<Overlap>('3600');
  const [renewed, setRenewed] = useOneTime<BotWithKeyAnswer>(`key ${bot.id}`);
  const change = useChange((overlapS: number) => renewBotKey(bot.id, overlapS), []);
  return (
    <section className="card" aria-labelledby="bot-key">
      <h2 id="bot-key">{bots.newKey}</h2>
      <div className="form">
        <p className="muted">{bots.newKeyText}</p>
        <div className="field">
          <label htmlFor={id}>{bots.overlap}</label>
          <Select<Overlap>
            id={id}
            value={overlap}
            options={OVERLAPS.map((value) => ({ value, label: bots.overlaps[value] }))}
            onChange={setOverlap}
          />
        </div>
        <div className="actions">
          <ChangeButton
            loading={change.isPending}
            onClick={() => change.mutate(Number(overlap), { onSuccess: setRenewed })}
          >
            {bots.makeKey}
          </ChangeButton>
        </div>
        {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
        {renewed !== null && <RenewedKey key={renewed.key} renewed={renewed} />}
      </div>
    </section>
  );
}

function RenewedKey({ renewed }: { readonly renewed: BotWithKeyAnswer }) {
  const { bots } = t();
  const [address, setAddress] = useState(location.origin);
  const { api, corpId, openKfIds, callback, key } = renewed;
  const saving = useSaving([]);
  const lines = keyLines({
    ...{ address, api, corpId, openKfIds, key, signingSecret: '' },
    ...{ url: callback?.url ?? null, token: null, encodingAESKey: null },
  });
  return (
    <div className="form" role="group" aria-label={bots.newKey}>
      <p>{bots.keyIn}</p>
      <SecretsNote saving={saving} />
      <ManagerAddress address={address} onInput={setAddress} />
      {/* Each of them has the key: one that was copied is enough. */}
      <SettingFields lines={lines} onCopied={saving.onSaved} />
    </div>
  );
}

interface ManagerAddressProps {
  readonly address: string;
  readonly onInput: (address: string) => void;
}

/** Where the bot's host reaches this manager, which its settings are made with. */
export function ManagerAddress({ address, onInput }: ManagerAddressProps) {
  const { bots } = t();
  return (
    <Field
      label={bots.managerAddress}
      hint={bots.managerAddressHint}
      value={address}
      type="url"
      isMono
      onInput={onInput}
    />
  );
}
