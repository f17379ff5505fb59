import { Field } from '../../components/field.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

const TEXT_BYTES_MAX = 2_048;

interface TextFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly bytesMax?: number;
  readonly required?: boolean;
  readonly isFaulty: boolean;
  readonly onInput: (text: string) => void;
}

/** A text for a customer, with its length as WeCom counts it. */
export function TextField({ hint, bytesMax = TEXT_BYTES_MAX, isFaulty, ...field }: TextFieldProps) {
  const { sessions } = t();
  const bytes = new TextEncoder().encode(field.value).length;
  const length = sessions.bytes(formatNumber(bytes), formatNumber(bytesMax));
  return (
    <Field
      {...field}
      rows={2}
      hint={hint === undefined ? length : `${hint} ${length}`}
      fault={isFaulty || bytes > bytesMax ? sessions.faults.text(bytesMax) : undefined}
    />
  );
}
