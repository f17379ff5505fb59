import { Button } from 'antd';
import type { FormEvent } from 'react';
import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { createBot } from '../../api/bots.js';
import { ChangeButton } from '../../components/change-button.js';
import { Choices } from '../../components/choices.js';
import { ErrorNote } from '../../components/error-note.js';
import { Field } from '../../components/field.js';
import { t } from '../../i18n/language.js';
import type { Words } from '../../i18n/words.js';
import { toService } from './agents/agent-draft.js';
import { ServiceFields } from './agents/service-fields.js';
import { TestAgent } from './agents/test-agent.js';
import {
  type ChosenDraft,
  corpSecretOf,
  type Draft,
  draftFor,
  isChosen,
  mayTakeMessages,
  programOf,
  type StepProps,
  takesOf,
  toNewBot,
} from './draft.js';
import { OwnProgram } from './own-program.js';
import { type BotApi, PROGRAMS, type Program, type ProgramName } from './programs.js';
import { SecretsKeyNote } from './secrets-key-note.js';
import { TakesChoice } from './takes-choice.js';

const APIS = ['manager', 'tunnel', 'direct'] as const satisfies readonly BotApi[];
const NAMES = Object.keys(PROGRAMS) as ProgramName[];

/** What is said in place of an address. */
const WITHOUT_ADDRESS: Readonly<Record<Exclude<Program['kind'], 'agent'>, (bots: Words['bots']) => string>> =
  {
    callback: ({ noAddress }) => noAddress,
    puppet: ({ noAddress }) => noAddress,
    stream: ({ connectsText }) => connectsText,
    none: ({ noBotText }) => noBotText,
  };

interface ProgramStepProps extends StepProps {
  readonly onCreated: (bot: BotCreatedAnswer, draft: ChosenDraft) => void;
}

/** What answers: a program, where it takes what it is given and how it calls WeCom; or a service. */
export function ProgramStep({ draft, onChange, onCreated }: ProgramStepProps) {
  const { bots } = t();
  const change = useChange(createBot, []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isChosen(draft) || change.isPending) return;
    const name = draft.name.trim() || nameFor(draft);
    change.mutate(toNewBot({ ...draft, name }), { onSuccess: (bot) => onCreated(bot, draft) });
  };
  return (
    <form className="form card wide-pair" onSubmit={submit}>
      <Choices<ProgramName>
        label={bots.program}
        value={draft.program}
        isGrid
        options={NAMES.map((value) => ({ value, label: titleOf(value), text: bots.programText[value] }))}
        onChange={(program) => onChange(draftFor(program, draft))}
      />
      <div className="form">
        {!isChosen(draft) && <p className="muted">{bots.programFirst}</p>}
        {draft.program === 'own' && <OwnProgram />}
        {isChosen(draft) && takesOf(draft) === 'message' && <SecretsKeyNote />}
        {isChosen(draft) && <Settings draft={draft} onChange={onChange} />}
        {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
        <div className="actions">
          <ChangeButton
            type="primary"
            htmlType="submit"
            loading={change.isPending}
            disabled={!isChosen(draft)}
          >
            {change.isPending ? bots.adding : bots.addRun}
          </ChangeButton>
          <Button onClick={() => onChange({ step: 'accounts' })}>{bots.back}</Button>
        </div>
      </div>
    </form>
  );
}

/** As its makers write it, or in a word. */
export function titleOf(name: ProgramName): string {
  const { untitled } = t().bots;
  return PROGRAMS[name].title ?? untitled[name as keyof typeof untitled];
}

/** Of a bot that is given no name. */
function nameFor(draft: ChosenDraft): string {
  return programOf(draft).kind === 'agent' ? t().agents.forms[draft.agent.form] : titleOf(draft.program);
}

function Settings({ draft, onChange }: StepProps & { readonly draft: ChosenDraft }) {
  const { bots } = t();
  const program = programOf(draft);
  const corpSecret = corpSecretOf(draft);
  return (
    <>
      <Field
        label={bots.name}
        hint={bots.nameHint}
        placeholder={nameFor(draft)}
        value={draft.name}
        onInput={(name) => onChange({ name })}
      />
      {program.kind === 'agent' ? (
        <>
          <ServiceFields
            agent={draft.agent}
            hasKey={false}
            onChange={(changed) => onChange({ agent: { ...draft.agent, ...changed } })}
          />
          <TestAgent agent={toService(draft.agent)} />
        </>
      ) : program.url === null ? (
        <p>{WITHOUT_ADDRESS[program.kind](bots)}</p>
      ) : (
        <Field
          label={bots.address}
          hint={bots.addressHints[draft.program]}
          value={draft.url}
          type="url"
          isMono
          required
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
          required
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
          required={corpSecret === 'required'}
          onInput={(next) => onChange({ corpSecret: next })}
        />
      )}
    </>
  );
}

interface ApiChoiceProps {
  readonly api: BotApi;
  readonly onChange: (change: Partial<Draft>) => void;
}

function ApiChoice({ api, onChange }: ApiChoiceProps) {
  const { bots } = t();
  return (
    <Choices<BotApi>
      label={bots.calls}
      value={api}
      options={APIS.map((value) => ({ value, label: bots.apis[value], text: bots.apiText[value] }))}
      onChange={(next) => onChange({ api: next })}
    />
  );
}
