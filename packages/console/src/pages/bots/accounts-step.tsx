import { Alert, Button, Skeleton } from 'antd';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { useAccounts } from '../../api/accounts.js';
import type { AccountAnswer } from '../../api/answers.gen.js';
import { Choices } from '../../components/choices.js';
import { CopyButton } from '../../components/copy.js';
import { Field } from '../../components/field.js';
import { SearchFilter } from '../../components/filters.js';
import { GuideLink } from '../../components/guide-link.js';
import { Loaded } from '../../components/loaded.js';
import { PagedTable } from '../../components/paged-table.js';
import { AccountStateTag } from '../../components/state-tag.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { readAccountIds } from './account-ids.js';
import type { StepProps } from './draft.js';

/** Which accounts it answers for, and who has them now. */
export function AccountsStep(props: StepProps) {
  const { of } = useAccounts({ corpId: props.draft.corpId, q: '', sort: 'name' });
  return (
    <Loaded of={of} skeleton={<Skeleton active paragraph={{ rows: 4 }} />}>
      {({ items }) => <AccountsForm {...props} isNoneKnown={items.length === 0} />}
    </Loaded>
  );
}

interface AccountsFormProps extends StepProps {
  /** Of the corp. */
  readonly isNoneKnown: boolean;
}

function AccountsForm({ draft, onChange, isNoneKnown }: AccountsFormProps) {
  const { bots } = t();
  const { picked, typed } = draft;
  // Who adds a first bot has no id at hand. An account that comes to be known meanwhile changes no choice.
  const [beginsWithAll] = useState(isNoneKnown && picked.length === 0);
  const takesAllOthers = draft.takesAllOthers ?? beginsWithAll;
  const [isMissing, setMissing] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isNone = !takesAllOthers && picked.length === 0 && readAccountIds(typed).length === 0;
    setMissing(isNone);
    if (!isNone) onChange({ takesAllOthers, step: 'program' });
  };
  return (
    <form className="form card" onSubmit={submit}>
      <Choices
        label={bots.whichAccounts}
        value={takesAllOthers ? 'others' : 'these'}
        options={[
          { value: 'these', label: bots.theseAccounts },
          {
            value: 'others',
            label: isNoneKnown ? bots.allAccounts : bots.allOthers,
            text: bots.allOthersText,
          },
        ]}
        onChange={(value) => onChange({ takesAllOthers: value === 'others' })}
      />
      {!takesAllOthers && (
        <>
          <ListedAccounts draft={draft} onChange={onChange} />
          <Field
            label={bots.accountIds}
            hint={bots.accountIdsHint}
            value={typed}
            isMono
            rows={2}
            onInput={(next) => onChange({ typed: next })}
          />
        </>
      )}
      {isMissing && <Alert type="error" showIcon title={bots.chooseAccount} />}
      <div className="actions">
        <Button type="primary" htmlType="submit">
          {bots.next}
        </Button>
        <Button onClick={() => onChange({ step: 'app' })}>{bots.back}</Button>
        {!takesAllOthers && picked.length > 0 && (
          <span className="muted" role="status">
            {bots.picked(picked.length)}
          </span>
        )}
      </div>
    </form>
  );
}

/** WeCom's list of the corp, and what puppets and bots have of it. */
function ListedAccounts({ draft: { corpId, picked }, onChange }: StepProps) {
  const { bots } = t();
  const [q, setQ] = useState('');
  const paged = useAccounts({ corpId, q, sort: 'name' });
  const items = paged.of.data?.items ?? [];
  const pick = (keys: ReadonlySet<string>): void => {
    const elsewhere = picked.filter((id) => !items.some(({ openKfId }) => openKfId === id));
    onChange({ picked: [...new Set([...elsewhere, ...keys])] });
  };
  const taken = items.filter(({ openKfId, botId }) => botId !== null && picked.includes(openKfId));
  return (
    <div className="form">
      <SearchFilter value={q} placeholder={bots.searchAccounts} onChange={setQ} />
      <PagedTable<AccountAnswer>
        caption={bots.listed}
        of={paged}
        keyOf={({ openKfId }) => openKfId}
        selection={{ keys: new Set(picked), onChange: pick }}
        empty={
          q === '' ? (
            <>
              {bots.noneListed} <GuideLink to={bots.idOfAccount} />
            </>
          ) : (
            bots.noneMatches
          )
        }
        columns={[
          { key: 'name', head: bots.account, cell: (account) => <Name of={account} /> },
          { key: 'server', head: bots.hasIt, cell: serverOf },
          {
            key: 'state',
            head: bots.state,
            width: 140,
            from: 'm',
            cell: ({ state }) => <AccountStateTag state={state} />,
          },
        ]}
      />
      {taken.map(({ openKfId, name, botId, botName }) => (
        <Alert
          key={openKfId}
          type="warning"
          showIcon
          title={
            <>
              {bots.takenBy(name || openKfId, botName ?? '')}{' '}
              <Link href={pathOf.bot(botId ?? '')} target="_blank">
                {bots.openBot(botName ?? '')}
              </Link>
            </>
          }
        />
      ))}
    </div>
  );
}

/** Without a link: the page is not to be left. */
function Name({ of: { openKfId, name } }: { readonly of: AccountAnswer }) {
  return (
    <span className="name">
      <span title={name || openKfId}>{name || openKfId}</span>
      <CopyButton value={openKfId} what={t().common.accountId} />
    </span>
  );
}

function serverOf({ servedBy, botName, inWecom }: AccountAnswer): string {
  const { bots } = t();
  const server = botName ?? bots.servers[servedBy];
  return inWecom === false ? `${server} · ${bots.notInWecom}` : server;
}
