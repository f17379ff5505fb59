import type { Customer } from '../../corp/identity.js';
import { chooseAccount, chooseCustomer, chosen, conversation } from './chosen.js';
import { command, view } from './server.js';
import { unreadAt, unreadOf } from './unread.js';
import { t } from './words.js';

export function Sidebar() {
  const { accounts = [], customers = [] } = view.value ?? {};
  const { openKfId, externalUserId } = chosen.value;
  return (
    <section class="sidebar" aria-label={t('customer')}>
      <label>
        {t('account')}
        <select value={openKfId} onChange={({ currentTarget }) => chooseAccount(currentTarget.value)}>
          {accounts.map((account) => (
            <option key={account.openKfId} value={account.openKfId}>
              {account.name}
              {account.openKfId !== openKfId && unreadAt(account.openKfId) > 0
                ? ` (${unreadAt(account.openKfId)})`
                : ''}
            </option>
          ))}
        </select>
      </label>
      <h2>{t('customer')}</h2>
      <ul class="people">
        {customers.map((customer) => (
          <Person
            key={customer.externalUserId}
            customer={customer}
            isChosen={customer.externalUserId === externalUserId}
            unread={unreadOf(customer.externalUserId, openKfId)}
          />
        ))}
      </ul>
      <NewCustomer />
      <Session />
    </section>
  );
}

interface PersonProps {
  readonly customer: Customer;
  readonly isChosen: boolean;
  /** How many replies the page has not shown yet. */
  readonly unread: number;
}

function Person({ customer, isChosen, unread }: PersonProps) {
  return (
    <li>
      <button type="button" aria-current={isChosen} onClick={() => chooseCustomer(customer.externalUserId)}>
        <span class="avatar" aria-hidden="true">
          {[...customer.nickname][0]}
        </span>
        {customer.nickname}
        {unread > 0 && (
          <span class="unread">
            {unread} <span class="unseen">{t('unread')}</span>
          </span>
        )}
      </button>
    </li>
  );
}

function NewCustomer() {
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const nickname = String(new FormData(form).get('nickname')).trim();
    if (nickname === '') return;
    const customer = await command<Customer>('customers', { nickname });
    if (customer === null) return;
    chooseCustomer(customer.externalUserId);
    form.reset();
  };
  return (
    <form class="row" onSubmit={add}>
      <input name="nickname" aria-label={t('newCustomer')} placeholder={t('newCustomer')} maxLength={20} />
      <button type="submit">{t('add')}</button>
    </form>
  );
}

/** Whose turn it is, and what a customer can do besides writing. */
function Session() {
  const { serviceState = 4, sendsLeft = 0, servicerUserid = null } = conversation.value ?? {};
  const { externalUserId } = chosen.value;
  const isRefusing =
    view.value?.customers.find((one) => one.externalUserId === externalUserId)?.isRefusing ?? false;
  return (
    <>
      <h2>{t('state')}</h2>
      <dl class="facts">
        <dt>service_state</dt>
        <dd>
          <span class={`badge state${serviceState}`}>{t(`state${serviceState}`)}</span>
          {servicerUserid !== null && <code> {servicerUserid}</code>}
        </dd>
        <dt>{t('sendsLeft')}</dt>
        <dd>
          <strong>{sendsLeft}</strong> / 5
        </dd>
      </dl>
      <button type="button" title={t('enterHint')} onClick={() => command('enter', chosen.value)}>
        {t('enter')}
      </button>
      <label class="check">
        <input
          type="checkbox"
          checked={isRefusing}
          onChange={({ currentTarget }) =>
            command('refuse', { externalUserId, isRefusing: currentTarget.checked })
          }
        />
        {t('refuses')}
      </label>
    </>
  );
}
