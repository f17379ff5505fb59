/** The servicers of the chosen account: who of them is at work, who waits in the pool, and what one of them does for the customer. */
import { signal } from '@preact/signals';
import type { ConversationView } from '../../control/view.js';
import type { Servicer } from '../../corp/servicers.js';
import { chooseCustomer, chosen, conversation } from './chosen.js';
import { command, view } from './server.js';
import { timeOf } from './time.js';
import { t } from './words.js';

const STATUSES = ['serving', 'stopped', 'suspended'] as const satisfies readonly Servicer['status'][];

/** Whom one plays; the account's first servicer until one is chosen. */
const played = signal('');

export function Servicers() {
  const { openKfId } = chosen.value;
  const servicers = view.value?.servicers.filter((one) => one.openKfId === openKfId) ?? [];
  const me = servicers.find(({ userid }) => userid === played.value) ?? servicers[0];
  if (me === undefined) return <p class="empty">{t('noServicers')}</p>;
  const conversations = view.value?.conversations.filter((one) => one.openKfId === openKfId) ?? [];
  const waiting = conversations.filter(({ serviceState }) => serviceState === 2);
  const served = conversations.filter(({ serviceState }) => serviceState === 3);
  return (
    <div class="scroll desk">
      <div class="row">
        <label>
          {t('iAm')}
          <select
            value={me.userid}
            onChange={({ currentTarget }) => {
              played.value = currentTarget.value;
            }}
          >
            {servicers.map(({ userid, status }) => (
              <option key={userid} value={userid}>
                {userid} ({t(status)})
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('status')}
          <select
            value={me.status}
            onChange={({ currentTarget }) =>
              command('servicer-status', { openKfId, userid: me.userid, status: currentTarget.value })
            }
          >
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {t(status)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <h2>{t('pool')}</h2>
      <Customers of={waiting} whenNone={t('poolEmpty')} me={me} />
      <h2>{t('served')}</h2>
      <Customers of={served} whenNone={t('noneServed')} me={me} />
      <Chosen me={me} others={servicers.filter((one) => one !== me)} />
    </div>
  );
}

interface CustomersProps {
  readonly of: readonly ConversationView[];
  readonly whenNone: string;
  /** Who takes them. */
  readonly me: Servicer;
}

function Customers({ of: conversations, whenNone, me: { userid, status } }: CustomersProps) {
  if (conversations.length === 0) return <p class="muted">{whenNone}</p>;
  return (
    <ul class="records">
      {conversations.map(({ openKfId, externalUserId, serviceState, servicerUserid, sinceMs }) => {
        const nickname = nicknameOf(externalUserId);
        const take = () => command('servicer', { openKfId, externalUserId, action: 'take', userid });
        return (
          <li key={externalUserId} class="row">
            <button
              type="button"
              class="quiet"
              aria-label={`${t('show')}: ${nickname}`}
              onClick={() => chooseCustomer(externalUserId)}
            >
              {nickname}
            </button>
            <span class="muted">
              {servicerUserid} {t('since')} {timeOf(sinceMs)}
            </span>
            {serviceState === 2 && (
              <button
                type="button"
                aria-label={`${t('take')}: ${nickname}`}
                disabled={status !== 'serving'}
                onClick={take}
              >
                {t('take')}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface ChosenProps {
  readonly me: Servicer;
  readonly others: readonly Servicer[];
}

/** What the servicer does for the customer whose conversation is shown. */
function Chosen({ me: { userid, status }, others }: ChosenProps) {
  const { serviceState = 4, servicerUserid = null } = conversation.value ?? {};
  const isMine = servicerUserid === userid;
  const act = (action: string, fields: object = {}) =>
    command('servicer', { ...chosen.value, userid, action, ...fields });
  return (
    <>
      <h2>{nicknameOf(chosen.value.externalUserId)}</h2>
      <p>
        <span class={`badge state${serviceState}`}>{t(`state${serviceState}`)}</span>
        {servicerUserid !== null && <code> {servicerUserid}</code>}
      </p>
      <Reply isAllowed={serviceState >= 3} send={(content) => act('say', { content })} />
      <div class="row actions">
        <button
          type="button"
          onClick={() => act('take')}
          disabled={serviceState >= 3 || status !== 'serving'}
        >
          {t('take')}
        </button>
        <button type="button" onClick={() => act('end')} disabled={!isMine}>
          {t('end')}
        </button>
      </div>
      <HandOver isAllowed={isMine} others={others} handOver={(to) => act('handOver', { to })} />
    </>
  );
}

interface ReplyProps {
  readonly isAllowed: boolean;
  /** Gives `null` when it was refused. */
  readonly send: (content: string) => Promise<unknown>;
}

function Reply({ isAllowed, send }: ReplyProps) {
  const reply = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const content = String(new FormData(form).get('content')).trim();
    if (content !== '' && (await send(content)) !== null) form.reset();
  };
  return (
    <form class="row" onSubmit={reply}>
      <input
        name="content"
        aria-label={t('servicerSay')}
        placeholder={t('servicerPlaceholder')}
        disabled={!isAllowed}
      />
      <button type="submit" disabled={!isAllowed}>
        {t('send')}
      </button>
    </form>
  );
}

interface HandOverProps {
  readonly isAllowed: boolean;
  readonly others: readonly Servicer[];
  readonly handOver: (userid: string) => void;
}

function HandOver({ isAllowed, others, handOver }: HandOverProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    handOver(String(new FormData(event.currentTarget as HTMLFormElement).get('to')));
  };
  const serving = others.filter(({ status }) => status === 'serving');
  const isPossible = isAllowed && serving.length > 0;
  return (
    <form class="row" onSubmit={submit}>
      <select name="to" aria-label={t('handOverTo')} disabled={!isPossible}>
        {serving.map(({ userid }) => (
          <option key={userid} value={userid}>
            {userid}
          </option>
        ))}
      </select>
      <button type="submit" disabled={!isPossible}>
        {t('handOver')}
      </button>
    </form>
  );
}

function nicknameOf(externalUserId: string): string {
  return view.value?.customers.find((one) => one.externalUserId === externalUserId)?.nickname ?? '';
}
