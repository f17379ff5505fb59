import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import { createBot } from '../../api/bots.js';
import type { BotApi, Program } from '../../bots/programs.js';
import { ChangeButton } from '../../components/change-button.js';
import { Field } from '../../components/field.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { t } from '../../i18n/language.js';
import type { Words } from '../../i18n/words.js';
import {
  corpSecretOf,
  type Draft,
  mayTakeMessages,
  programOf,
  type StepProps,
  takesOf,
  toNewBot,
} from './draft.js';
import { TakesChoice } from './takes-choice.js';

const APIS = ['manager', 'tunnel', 'direct'] as const satisfies readonly BotApi[];

/** What is said in place of an address. */
const WITHOUT_ADDRESS: Readonly<Record<Program['kind'], (bots: Words['bots']) => string>> = {
  callback: ({ noAddress }) => noAddress,
  puppet: ({ noAddress }) => noAddress,
  stream: ({ connectsText }) => connectsText,
  none: ({ noBotText }) => noBotText,
};

interface AddressStepProps extends Omit<StepProps, 'onNext'> {
  readonly onCreated: (bot: BotCreatedAnswer) => void;
  readonly onBack: () => void;
}

/** Where it takes callbacks, and how it calls WeCom. */
export function AddressStep({ draft, onChange, onCreated, onBack }: AddressStepProps) {
  const { bots } = t();
  const program = programOf(draft);
  const corpSecret = corpSecretOf(draft);
  const action = useAction(async () => onCreated(await createBot(toNewBot(draft))));
  return (
    <form
      class="form card"
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      {program.url === null ? (
        <p>{WITHOUT_ADDRESS[program.kind](bots)}</p>
      ) : (
        <Field
          label={bots.address}
          hint={bots.addressHints[draft.program]}
          value={draft.url}
          type="url"
          isMono
          isRequired
          onInput={(url) => onChange({ url })}
        />
      )}
      {program.headers.map((name) => (
        <Field
          key={name}
          label={bots.header(name)}
          hint={bots.headerHint}
          value={draft.headers[name] ?? ''}
          isMono
          isRequired
          onInput={(value) => onChange({ headers: { ...draft.headers, [name]: value } })}
        />
      ))}
      {program.api === null && <ApiChoice api={draft.api} onChange={onChange} />}
      {mayTakeMessages(draft) && (
        <TakesChoice
          takes={draft.takes}
          best={program.messages === 'best' ? 'message' : 'event'}
          onChange={(takes) => onChange({ takes })}
        />
      )}
      {corpSecret !== 'useless' && (
        <Field
          label={corpSecret === 'required' ? bots.corpSecret : bots.corpSecretOptional}
          hint={takesOf(draft) === 'message' ? bots.corpSecretPulls : bots.corpSecretHint}
          value={draft.corpSecret}
          type="password"
          isRequired={corpSecret === 'required'}
          onInput={(next) => onChange({ corpSecret: next })}
        />
      )}
      {action.error !== null && <Problem error={action.error} titles={bots.problems} />}
      <div class="actions">
        <button type="button" class="button" onClick={onBack}>
          {bots.back}
        </button>
        <ChangeButton type="submit" class="button primary" aria-disabled={action.isRunning}>
          {action.isRunning ? bots.adding : bots.addRun}
        </ChangeButton>
      </div>
    </form>
  );
}

interface ApiChoiceProps {
  readonly api: BotApi;
  readonly onChange: (change: Partial<Draft>) => void;
}

function ApiChoice({ api, onChange }: ApiChoiceProps) {
  const { bots } = t();
  return (
    <fieldset class="choices">
      <legend>{bots.calls}</legend>
      {APIS.map((one) => (
        <label key={one} class="choice">
          <input type="radio" name="api" checked={api === one} onChange={() => onChange({ api: one })} />
          <span>{bots.apis[one]}</span>
          <span class="small muted">{bots.apiText[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}
