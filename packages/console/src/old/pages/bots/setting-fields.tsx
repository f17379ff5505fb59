import type { SettingLine } from '../../bots/setting-lines.js';
import { CopyField } from '../../components/copy-field.js';
import { t } from '../../i18n/language.js';

interface SettingFieldsProps {
  readonly lines: readonly SettingLine[];
  /** One that holds a secret was copied. */
  readonly onCopied: (label: string) => void;
}

/** What goes into each setting: to be copied, or to be looked up by whoever sets it up. */
export function SettingFields({ lines, onCopied }: SettingFieldsProps) {
  return (
    <>
      {lines.map((line) => {
        const label = labelOf(line);
        if ('byHand' in line)
          return <ByHandLine key={label} label={label} text={t().bots.byHand[line.byHand]} />;
        const { value, isSecret } = line;
        return (
          <CopyField
            key={label}
            label={label}
            value={value}
            {...(isSecret && { onCopied: () => onCopied(label) })}
          />
        );
      })}
    </>
  );
}

/** The program's own name of the setting. */
export function labelOf(line: SettingLine): string {
  const { fillings } = t().bots;
  if (line.name !== null || 'byHand' in line) return line.name ?? '';
  return line.filling === null ? '' : fillings[line.filling];
}

function ByHandLine({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <p class="small">
      <strong>{label}</strong>
      {': '}
      <span class="muted">{text}</span>
    </p>
  );
}
