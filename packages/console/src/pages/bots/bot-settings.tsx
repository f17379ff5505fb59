import { Alert } from 'antd';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/answers.js';
import { changeBot } from '../../api/bots.js';
import type { BotAnswer, BotChangeDto } from '../../api/answers.gen.js';
import { ChangeButton } from '../../components/change-button.js';
import { CopyField } from '../../components/copy.js';
import { ErrorNote } from '../../components/error-note.js';
import { Field } from '../../components/field.js';
import { useTell } from '../../components/tell.js';
import { t } from '../../i18n/language.js';
import { useOneTime } from '../../state/one-time.js';
import { AccountSelect } from './account-select.js';
import { SecretsKeyNote } from './secrets-key-note.js';
import { SecretsNote, useSaving } from './secrets-note.js';
import { TakesChoice } from './takes-choice.js';

/** As somebody has typed it. */
interface Typed {
  readonly name: string;
  readonly openKfIds: readonly string[];
  readonly url: string;
  readonly timeoutMs: string;
  readonly takes: BotAnswer['takes'];
  readonly corpSecret: string;
}

function typedOf({ name, openKfIds, callback, takes }: BotAnswer): Typed {
  return {
    ...{ name, openKfIds, takes, corpSecret: '' },
    url: callback?.url ?? '',
    timeoutMs: String(callback?.timeoutMs ?? ''),
  };
}

/** What is other than it was: the query of the URL is not shown, and somebody else may have changed the rest meanwhile. */
function changeOf({ name, openKfIds, callback, takes }: BotAnswer, typed: Typed): BotChangeDto {
  const [newName, url, timeoutMs] = [typed.name.trim(), typed.url.trim(), Number(typed.timeoutMs)];
  const corpSecret = typed.corpSecret.trim();
  const ofCallback = {
    ...(url !== callback?.url && { url }),
    ...(timeoutMs !== callback?.timeoutMs && { timeoutMs }),
  };
  return {
    ...(newName !== name && { name: newName }),
    ...(typed.openKfIds.join() !== openKfIds.join() && { openKfIds: [...typed.openKfIds] }),
    ...(typed.takes !== takes && { takes: typed.takes }),
    ...(corpSecret !== '' && { corpSecret }),
    ...(callback !== null && Object.keys(ofCallback).length > 0 && { callback: ofCallback }),
  };
}

/** What is typed stays while the bot is read again. */
export function BotSettings({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const tell = useTell();
  const [before, setBefore] = useState(bot);
  const [typed, setTyped] = useState(() => typedOf(bot));
  const [signingSecret, setSigningSecret] = useOneTime<string>(`signing secret ${bot.id}`);
  const type = (changed: Partial<Typed>): void => setTyped((earlier) => ({ ...earlier, ...changed }));
  const change = useChange(
    (body: BotChangeDto) => changeBot(bot.id, body),
    ['/api/v1/bots', '/api/v1/accounts', '/api/v1/status'],
  );
  const body = changeOf(before, typed);
  const isSame = Object.keys(body).length === 0;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isSame || change.isPending) return;
    change.mutate(body, {
      onSuccess: (changed) => {
        setBefore(changed);
        setTyped(typedOf(changed));
        if (bot.kind === 'puppet' && changed.signingSecret !== null) setSigningSecret(changed.signingSecret);
        tell(bots.changed(changed.name));
      },
    });
  };
  const isSecretWanted = typed.takes === 'message' || bot.hasCorpSecret;
  return (
    <section className="card" aria-labelledby="bot-settings">
      <h2 id="bot-settings">{bots.settings}</h2>
      <form className="form" onSubmit={submit}>
        <Field label={bots.name} value={typed.name} required onInput={(name) => type({ name })} />
        <AccountSelect
          corpId={bot.corpId}
          value={typed.openKfIds}
          onChange={(openKfIds) => type({ openKfIds })}
        />
        {bot.kind === 'callback' && (
          <Field
            label={bots.address}
            hint={bots.addressChange}
            value={typed.url}
            type="url"
            isMono
            required
            onInput={(url) => type({ url })}
          />
        )}
        {mayTakeMessages(bot) && (
          <TakesChoice takes={typed.takes} best={null} onChange={(takes) => type({ takes })} />
        )}
        {typed.takes === 'message' && bot.takes === 'event' && <SecretsKeyNote />}
        {bot.session !== null && typed.takes === 'event' && (
          <Alert type="warning" showIcon title={bots.losesSession} />
        )}
        {isSecretWanted && (
          <Field
            label={bot.hasCorpSecret ? bots.newCorpSecret : bots.corpSecret}
            hint={typed.takes === 'message' ? bots.corpSecretPulls : bots.corpSecretHint}
            value={typed.corpSecret}
            type="password"
            required={!bot.hasCorpSecret}
            onInput={(corpSecret) => type({ corpSecret })}
          />
        )}
        {bot.callback !== null && (
          <Field
            label={bots.timeout}
            hint={bots.timeoutHint}
            value={typed.timeoutMs}
            type="number"
            min={500}
            max={10_000}
            required
            onInput={(timeoutMs) => type({ timeoutMs })}
          />
        )}
        {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
        <div className="actions">
          <ChangeButton htmlType="submit" loading={change.isPending} disabled={isSame}>
            {bots.save}
          </ChangeButton>
          {!isSame && <span className="muted">{bots.unsaved}</span>}
        </div>
      </form>
      {signingSecret !== null && <NewSigningSecret value={signingSecret} />}
    </section>
  );
}

/** The manager answers the pulls of a callback bot only where they come to it; one that takes JSON is given nothing else. */
function mayTakeMessages({ kind, api, callback }: BotAnswer): boolean {
  if (kind === 'callback') return api === 'manager' && callback?.form !== 'json';
  return kind !== 'none' && kind !== 'agent';
}

/** Of a bot that had none before. */
function NewSigningSecret({ value }: { readonly value: string }) {
  const { bots } = t();
  const saving = useSaving([bots.signingSecret]);
  return (
    <div className="form" role="group" aria-label={bots.signingSecret}>
      <p className="muted">{bots.signingSecretText}</p>
      <CopyField
        label={bots.signingSecret}
        value={value}
        onCopied={() => saving.onCopied(bots.signingSecret)}
      />
      <SecretsNote saving={saving} />
    </div>
  );
}
