import { PROGRAMS, type Program, type ProgramName } from '../../bots/programs.js';
import { t } from '../../i18n/language.js';
import type { Words } from '../../i18n/words.js';
import { draftFor, type StepProps } from './draft.js';

type Untitled = keyof Words['bots']['untitled'];

export function ProgramStep({ draft, onChange, onNext }: StepProps) {
  const { bots } = t();
  const choose = (name: ProgramName): void => onChange(draftFor(name, draft));
  return (
    <form
      class="form card"
      onSubmit={(event) => {
        event.preventDefault();
        onNext();
      }}
    >
      <fieldset class="choices">
        <legend>{bots.program}</legend>
        {(Object.keys(PROGRAMS) as ProgramName[]).map((name) => {
          const { title }: Program = PROGRAMS[name];
          return (
            <label key={name} class="choice">
              <input
                type="radio"
                name="program"
                value={name}
                checked={draft.program === name}
                onChange={() => choose(name)}
              />
              <span>{title ?? bots.untitled[name as Untitled]}</span>
              <span class="small muted">{bots.programText[name]}</span>
            </label>
          );
        })}
      </fieldset>
      <button type="submit" class="button primary">
        {bots.next}
      </button>
    </form>
  );
}
