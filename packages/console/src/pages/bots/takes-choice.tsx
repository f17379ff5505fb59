import { Choices } from '../../components/choices.js';
import { t } from '../../i18n/language.js';
import type { BotTakes } from './programs.js';

const TAKES = ['message', 'event'] as const satisfies readonly BotTakes[];

interface TakesChoiceProps {
  readonly takes: BotTakes;
  /** What is recommended; null where the program is not known. */
  readonly best: BotTakes | null;
  readonly onChange: (takes: BotTakes) => void;
}

export function TakesChoice({ takes, best, onChange }: TakesChoiceProps) {
  const { bots } = t();
  return (
    <Choices<BotTakes>
      label={bots.given}
      value={takes}
      options={TAKES.map((value) => ({
        value,
        label: value === best ? bots.recommended(bots.takes[value]) : bots.takes[value],
        text: bots.takesText[value],
      }))}
      onChange={onChange}
    />
  );
}
