import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Verification } from '../../callbacks/callback-url.js';
import type { AppView } from '../../control/view.js';
import { chosen } from './chosen.js';
import { CopyButton } from './copy.js';
import { command, ofApp, view } from './server.js';
import { timeOf } from './time.js';
import { t } from './words.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function Setup() {
  const { apps = [] } = view.value ?? {};
  return (
    <div class="scroll">
      {apps.map((app) => (
        <CallbackForm key={app.name} app={app} />
      ))}
      <NativeWelcome key={chosen.value.openKfId} />
      <Credentials />
      <RobotMessages />
    </div>
  );
}

/** As WeCom's admin page has it. */
function CallbackForm({ app }: { readonly app: AppView }) {
  const form = useRef<HTMLFormElement>(null);
  const isSaving = useSignal(false);
  const isTouched = useSignal(false);
  const { name, callback, isCallbackSaved, verification } = app;
  const title = `${ofApp(name)}${t('callbackUrl')}`;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    isSaving.value = true;
    const fields = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement));
    const answer = await command<Verification>('callback', { app: name, ...fields });
    isSaving.value = false;
    if (answer?.isVerified) isTouched.value = false;
  };
  return (
    <form
      ref={form}
      class="setup"
      aria-label={title}
      onSubmit={save}
      onInput={() => {
        isTouched.value = true;
      }}
    >
      <h2>
        {title} {(isTouched.value || !isCallbackSaved) && <span class="badge running">{t('unsaved')}</span>}
      </h2>
      <p class="muted">{t('callbackHint')}</p>
      <div class="row end">
        <label>
          {t('url')}
          <input
            name="url"
            type="url"
            required
            defaultValue={callback.url || `http://127.0.0.1:7777/callback/${view.value?.corpId}`}
          />
        </label>
        <CopyButton label={t('url')} value={() => fieldOf(form, 'url')?.value ?? ''} />
      </div>
      <SecretField form={form} name="token" label="Token" length={24} value={callback.token} />
      <SecretField
        form={form}
        name="encodingAESKey"
        label="EncodingAESKey"
        length={43}
        value={callback.encodingAESKey}
      />
      <button type="submit" class="primary" disabled={isSaving.value}>
        {isSaving.value ? t('saving') : t('save')}
      </button>
      <div role="status">{verification && !isSaving.value && <Result verification={verification} />}</div>
    </form>
  );
}

interface SecretFieldProps {
  readonly form: { readonly current: HTMLFormElement | null };
  readonly name: string;
  readonly label: string;
  readonly length: number;
  readonly value: string;
}

function SecretField({ form, name, label, length, value }: SecretFieldProps) {
  const fill = () => {
    const field = fieldOf(form, name);
    if (field === null) return;
    field.value = randomText(length);
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
  return (
    <div class="row end">
      <label>
        {label}
        <input name={name} required defaultValue={value} spellcheck={false} autocomplete="off" />
      </label>
      <button type="button" aria-label={`${t('random')}: ${label}`} onClick={fill}>
        {t('random')}
      </button>
      <CopyButton label={label} value={() => fieldOf(form, name)?.value ?? ''} />
    </div>
  );
}

function fieldOf(form: SecretFieldProps['form'], name: string): HTMLInputElement | null {
  const field = form.current?.elements.namedItem(name);
  return field instanceof HTMLInputElement ? field : null;
}

function Result({ verification }: { readonly verification: Verification }) {
  if (verification.isVerified) {
    return (
      <p class="notice good">
        ✓ {t('saved')} {verification.tookMs} ms
      </p>
    );
  }
  const { reason } = verification;
  return (
    <div class="notice bad">
      <p>✗ {t(reason === 'bad-status' ? 'refused-status' : reason)}</p>
      <p lang="en">{verification.detail}</p>
      <p>
        {t('wecomSays')} <q lang="zh-CN">{verification.wecomMessage}</q>
      </p>
    </div>
  );
}

/** Of the chosen account; saved when the field is left. */
function NativeWelcome() {
  const { openKfId } = chosen.value;
  const account = view.value?.accounts.find((one) => one.openKfId === openKfId);
  return (
    <div class="setup">
      <h2>
        {t('nativeWelcome')} · {account?.name}
      </h2>
      <p class="muted" id="native-welcome-hint">
        {t('nativeWelcomeHint')}
      </p>
      <input
        aria-label={t('nativeWelcome')}
        aria-describedby="native-welcome-hint"
        defaultValue={view.value?.nativeWelcomes[openKfId] ?? ''}
        onChange={({ currentTarget }) =>
          command('native-welcome', { openKfId, content: currentTarget.value.trim() })
        }
      />
    </div>
  );
}

function Credentials() {
  const { url, kind = 'self-built', corpId, robotUrl, apps = [], accounts = [] } = view.value ?? {};
  const nameOf = (openKfId: string) => accounts.find((one) => one.openKfId === openKfId)?.name ?? '';
  const facts: Readonly<Record<string, string | undefined>> = {
    WECOM_API_URL: url,
    ACCESS_TOKEN_URL: `${url}/cgi-bin/gettoken`,
    NOTIFY_URL: robotUrl,
    corpid: corpId,
    ...Object.fromEntries(apps.flatMap((app) => factsOf(app, nameOf))),
    ...Object.fromEntries(accounts.map(({ name, openKfId }) => [`open_kfid · ${name}`, openKfId])),
  };
  return (
    <>
      <h2>{t('credentials')}</h2>
      <p class="muted">{t(kind)}</p>
      <dl class="facts wide">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
              {value !== undefined && <CopyButton label={name} value={() => value} />}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** By name, as WeCom's admin page has them. */
function factsOf(
  { name, corpSecret, openKfIds, trustedIps }: AppView,
  nameOf: (openKfId: string) => string,
): (readonly [string, string])[] {
  const of = ofApp(name);
  return [
    [`${of}corpsecret`, corpSecret],
    [`${of}可管理的客服账号`, openKfIds.map(nameOf).join(', ') || '–'],
    [`${of}企业可信IP`, trustedIps.join(', ') || '–'],
  ];
}

/** What stands in the group of the robot, the newest first. */
function RobotMessages() {
  const { robotMessages = [] } = view.value ?? {};
  return (
    <>
      <h2>{t('robot')}</h2>
      {robotMessages.length === 0 && <p class="muted">{t('noRobotMessages')}</p>}
      {[...robotMessages].reverse().map(({ atMs, content }) => (
        <div key={`${atMs} ${content}`}>
          <time>{timeOf(atMs)}</time>
          <pre>{content}</pre>
        </div>
      ))}
    </>
  );
}

function randomText(length: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => LETTERS[byte % LETTERS.length],
  ).join('');
}
