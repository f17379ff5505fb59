import { Tag } from 'antd';
import type { AccountState } from '../../../../src/insight/accounts/account-states.js';
import { t } from '../i18n/language.js';

export type Tone = 'good' | 'wait' | 'bad' | 'quiet';

const COLOURS = { good: 'success', wait: 'warning', bad: 'error', quiet: 'default' } as const;

interface StateTagProps {
  readonly tone: Tone;
  readonly text: string;
  /** Explains the state to a pointer that rests on it. */
  readonly title?: string;
}

/** A state, by colour and by word. */
export function StateTag({ tone, text, title }: StateTagProps) {
  return (
    <Tag color={COLOURS[tone]} title={title ?? text} className="state">
      {text}
    </Tag>
  );
}

export const ACCOUNT_TONES: Readonly<Record<AccountState, Tone>> = {
  failing: 'bad',
  silent: 'bad',
  waiting: 'wait',
  unserved: 'wait',
  paused: 'wait',
  offline: 'wait',
  unseen: 'quiet',
  working: 'good',
  quiet: 'quiet',
};

export function AccountStateTag({ state }: { readonly state: AccountState }) {
  const { states, accounts } = t();
  return (
    <StateTag tone={ACCOUNT_TONES[state]} text={states.account[state]} title={accounts.stateText[state]} />
  );
}
