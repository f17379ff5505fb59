import { type FormEvent, useState } from 'react';
import type { AgentSettingsAnswer, BotAnswer, BotChangeDto } from '../../../api/answers.gen.js';
import { useChange } from '../../../api/answers.js';
import { changeBot } from '../../../api/bots.js';
import { ChangeButton } from '../../../components/change-button.js';
import { ErrorNote } from '../../../components/error-note.js';
import { Field } from '../../../components/field.js';
import { useTell } from '../../../components/tell.js';
import { t } from '../../../i18n/language.js';
import { faultyFields, useFaultFocus } from '../faulty-fields.js';
import { TagsField } from '../tags-field.js';
import { TextField } from '../text-field.js';
import { agentChange, type AgentDraft, toAgent, toAgentDraft } from './agent-draft.js';
import { ServiceFields } from './service-fields.js';
import { TestAgent } from './test-agent.js';

interface BotAgentProps {
  readonly bot: BotAnswer;
  readonly agent: AgentSettingsAnswer;
}

/** The service that answers for the bot, and how it does. What is typed stays while the bot is read again. */
export function BotAgent({ bot, agent }: BotAgentProps) {
  const { agents, bots } = t();
  const tell = useTell();
  const [before, setBefore] = useState(agent);
  const [draft, setDraft] = useState(() => toAgentDraft(agent));
  const type = (changed: Partial<AgentDraft>): void => setDraft((earlier) => ({ ...earlier, ...changed }));
  const change = useChange(
    (body: BotChangeDto) => changeBot(bot.id, body),
    ['/api/v1/bots', '/api/v1/accounts', '/api/v1/status'],
  );
  const body = agentChange(before, draft);
  const isSame = Object.keys(body).length === 0;
  const form = useFaultFocus(change.error);
  const faults = faultyFields(change.error, 'agent');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isSame || change.isPending) return;
    change.mutate(
      { agent: body },
      {
        onSuccess: (changed) => {
          if (changed.agent === null) return;
          setBefore(changed.agent);
          setDraft(toAgentDraft(changed.agent));
          tell(agents.changed(changed.name));
        },
      },
    );
  };
  return (
    <section className="card" aria-labelledby="bot-agent">
      <h2 id="bot-agent">{agents.title}</h2>
      <form ref={form} className="form parts" onSubmit={submit}>
        <ServiceFields agent={draft} hasKey onChange={type} />
        <TestAgent agent={toAgent(draft)} botId={bot.id} />
        <AnswerFields draft={draft} faults={faults} onChange={type} />
        {/* The browser can say what is missing only in a field that is seen. */}
        <details onInvalidCapture={({ currentTarget }) => currentTarget.toggleAttribute('open', true)}>
          <summary>{agents.advanced}</summary>
          <AdvancedFields draft={draft} faults={faults} onChange={type} />
        </details>
        {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
        <div className="actions">
          <ChangeButton htmlType="submit" loading={change.isPending} disabled={isSame}>
            {agents.save}
          </ChangeButton>
          {!isSame && <span className="muted">{bots.unsaved}</span>}
        </div>
      </form>
    </section>
  );
}

interface PartProps {
  readonly draft: AgentDraft;
  readonly faults: ReadonlySet<string>;
  readonly onChange: (changed: Partial<AgentDraft>) => void;
}

/** What a customer is sent besides the service's answers. */
function AnswerFields({ draft, faults, onChange }: PartProps) {
  const { agents } = t();
  return (
    <fieldset>
      <legend>{agents.answers}</legend>
      <TextField
        label={agents.fallback}
        hint={agents.fallbackHint}
        value={draft.fallback}
        isFaulty={faults.has('agent.fallback')}
        onInput={(fallback) => onChange({ fallback })}
      />
      {draft.fallback.trim() !== '' && (
        <Field
          label={agents.fallbackAfterS}
          value={draft.fallbackAfterS}
          type="number"
          min={5}
          max={600}
          required
          onInput={(fallbackAfterS) => onChange({ fallbackAfterS })}
        />
      )}
      <TextField
        label={agents.unsupported}
        hint={agents.unsupportedHint}
        value={draft.unsupported}
        isFaulty={faults.has('agent.unsupported')}
        onInput={(unsupported) => onChange({ unsupported })}
      />
    </fieldset>
  );
}

function AdvancedFields({ draft, faults, onChange }: PartProps) {
  const { agents } = t();
  return (
    <div className="form">
      <TagsField
        label={agents.reset}
        hint={agents.resetHint}
        value={draft.reset}
        bytesMax={128}
        countMax={20}
        isFaulty={faults.has('agent.reset')}
        onChange={(reset) => onChange({ reset })}
      />
      {draft.form === 'openai' && (
        <Field
          label={agents.history}
          hint={agents.historyHint}
          value={draft.history}
          type="number"
          min={0}
          max={20}
          required
          onInput={(history) => onChange({ history })}
        />
      )}
      <Field
        label={agents.handOverMark}
        hint={agents.handOverMarkHint}
        value={draft.handOverMark}
        fault={faults.has('agent.handOverMark') ? agents.handOverMarkFault : undefined}
        onInput={(handOverMark) => onChange({ handOverMark })}
      />
      <Field
        label={agents.timeoutMs}
        hint={agents.timeoutHint}
        value={draft.timeoutMs}
        type="number"
        min={1_000}
        max={300_000}
        required
        onInput={(timeoutMs) => onChange({ timeoutMs })}
      />
      <Field
        label={agents.concurrency}
        hint={agents.concurrencyHint}
        value={draft.concurrency}
        type="number"
        min={1}
        max={100}
        required
        onInput={(concurrency) => onChange({ concurrency })}
      />
    </div>
  );
}
