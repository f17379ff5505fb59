import { Select } from 'antd';
import { useState } from 'react';
import { useAccountsLike } from '../api/accounts.js';
import { t } from '../i18n/language.js';

const FOUND_MAX = 20;

interface AccountFilterProps {
  /** An account's id; empty for all. */
  readonly value: string;
  readonly onChange: (openKfId: string) => void;
}

/** One of very many accounts, by a part of its name, or by its whole id. */
export function AccountFilter({ value, onChange }: AccountFilterProps) {
  const { outbox } = t();
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const typed = text.trim();
  const found = useAccountsLike(typed, FOUND_MAX, isOpen).data?.items ?? [];
  const options = found.map(({ openKfId, name, corpName }) => ({
    value: openKfId,
    label: [name || openKfId, ...(corpName ? [corpName] : [])].join(' · '),
  }));
  const isMissing = typed !== '' && !found.some(({ openKfId }) => openKfId === typed);
  return (
    <Select<string>
      className="choice"
      aria-label={outbox.account}
      placeholder={outbox.account}
      allowClear
      showSearch={{ filterOption: false, onSearch: setText }}
      popupMatchSelectWidth={false}
      value={value === '' ? null : value}
      options={isMissing ? [...options, { value: typed, label: outbox.accountOfId(typed) }] : options}
      onOpenChange={setOpen}
      onChange={(chosen) => {
        setText('');
        onChange(chosen ?? '');
      }}
    />
  );
}
