import { Select } from 'antd';
import { useId, useState } from 'react';
import { useAccounts } from '../../api/accounts.js';
import { t } from '../../i18n/language.js';
import { ALL_OTHERS, readAccountIds } from './account-ids.js';

interface AccountSelectProps {
  readonly corpId: string;
  readonly value: readonly string[];
  readonly onChange: (openKfIds: readonly string[]) => void;
}

/** Accounts of a corp by their names; ids may be pasted, too, as many as there are. */
export function AccountSelect({ corpId, value, onChange }: AccountSelectProps) {
  const { bots } = t();
  const id = useId();
  const [q, setQ] = useState('');
  const items = useAccounts({ corpId, q }).of.data?.items ?? [];
  const options = [
    { value: ALL_OTHERS, label: bots.allOthers },
    ...items.map(({ openKfId, name }) => ({ value: openKfId, label: name || openKfId })),
  ];
  return (
    <div className="field">
      <label htmlFor={id}>{bots.accounts}</label>
      <Select<string[]>
        id={id}
        mode="tags"
        aria-describedby={`${id}-hint`}
        value={[...value]}
        options={options}
        tokenSeparators={[' ', ',', ';', '\n', '，', '、', '；']}
        // The API has looked for it already.
        showSearch={{ filterOption: false, onSearch: setQ }}
        onChange={(chosen) => onChange(readAccountIds(chosen.join('\n')))}
      />
      <p id={`${id}-hint`} className="small muted">
        {bots.accountsHint}
      </p>
    </div>
  );
}
