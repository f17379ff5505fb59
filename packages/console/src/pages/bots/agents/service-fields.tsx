import { Choices } from '../../../components/choices.js';
import { Field } from '../../../components/field.js';
import { t } from '../../../i18n/language.js';
import { AGENT_FORMS, type AgentDraft, type AgentForm } from './agent-draft.js';

const URLS: Readonly<Record<AgentForm, string>> = {
  dify: 'https://api.dify.ai/v1',
  fastgpt: 'https://api.fastgpt.in/api/v1',
  coze: 'https://api.coze.cn',
  openai: 'https://api.deepseek.com',
};

interface ServiceFieldsProps {
  readonly agent: AgentDraft;
  /** The bot has a key, which stays if no other is typed. */
  readonly hasKey: boolean;
  readonly onChange: (changed: Partial<AgentDraft>) => void;
}

/** Which service answers, and what the manager needs to ask it. */
export function ServiceFields({ agent, hasKey, onChange }: ServiceFieldsProps) {
  const { agents } = t();
  const { form, url, key, model, botId } = agent;
  return (
    <>
      <Choices<AgentForm>
        label={agents.service}
        value={form}
        isGrid
        options={AGENT_FORMS.map((value) => ({
          value,
          label: agents.forms[value],
          text: agents.formText[value],
        }))}
        onChange={(chosen) => onChange({ form: chosen })}
      />
      <Field
        label={agents.url}
        hint={agents.urlHints[form]}
        placeholder={URLS[form]}
        value={url}
        type="url"
        isMono
        required
        onInput={(typed) => onChange({ url: typed })}
      />
      <Field
        label={hasKey ? agents.newKey : agents.key}
        hint={agents.keyHints[form]}
        value={key}
        type="password"
        required={!hasKey}
        onInput={(typed) => onChange({ key: typed })}
      />
      {form === 'openai' && (
        <Field
          label={agents.model}
          hint={agents.modelHint}
          placeholder="deepseek-flash"
          value={model}
          isMono
          required
          onInput={(typed) => onChange({ model: typed })}
        />
      )}
      {form === 'coze' && (
        <Field
          label={agents.botId}
          hint={agents.botIdHint}
          placeholder="7379462189365198898"
          value={botId}
          isMono
          required
          onInput={(typed) => onChange({ botId: typed })}
        />
      )}
    </>
  );
}
