import { CopyField } from '../../components/copy.js';
import { t } from '../../i18n/language.js';
import type { SettingLine } from './setting-lines.js';

interface SettingFieldsProps {
  readonly lines: readonly SettingLine[];
  /** One that holds a secret was copied. */
  readonly onCopied: (label: string) => void;
}

/** What goes into each setting: to be copied, or to be looked up by whoever sets it up. */
export function SettingFields({ lines, onCopied }: SettingFieldsProps) {
  return lines.map((line) => {
    const label = labelOf(line);
    if ('byHand' in line)
      return (
        <p key={label}>
          <strong>{label}</strong>: <span className="muted">{t().bots.byHand[line.byHand]}</span>
        </p>
      );
    const { value, isSecret } = line;
    return (
      <CopyField
        key={label}
        label={label}
        value={value}
        {...(isSecret && { onCopied: () => onCopied(label) })}
      />
    );
  });
}

/** The program's own name of the setting. */
export function labelOf(line: SettingLine): string {
  const { fillings } = t().bots;
  if (line.name !== null || 'byHand' in line) return line.name ?? '';
  return line.filling === null ? '' : fillings[line.filling];
}
