import type { BotTakes } from '../../bots/programs.js';
import { t } from '../../i18n/language.js';

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
    <fieldset class="choices">
      <legend>{bots.given}</legend>
      {TAKES.map((one) => (
        <label key={one} class="choice">
          <input type="radio" name="takes" checked={takes === one} onChange={() => onChange(one)} />
          <span>{one === best ? bots.recommended(bots.takes[one]) : bots.takes[one]}</span>
          <span class="small muted">{bots.takesText[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}
