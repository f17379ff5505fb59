import { Field } from '../../components/field.js';
import { t } from '../../i18n/language.js';

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
