import { Button, Skeleton } from 'antd';
import { type FormEvent, useState } from 'react';
import { useKnownApps } from '../../api/apps.js';
import { namesOfCorps } from '../../api/names.js';
import { Choices } from '../../components/choices.js';
import { Field } from '../../components/field.js';
import { LinkButton } from '../../components/link-button.js';
import { Loaded } from '../../components/loaded.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import type { StepProps } from './draft.js';

/** Whose bot it is. The corp of a puppet needs no app here, so its id may be typed. */
const TYPED = 'typed';

export function AppStep(props: StepProps) {
  return (
    <Loaded of={useKnownApps()} skeleton={<Skeleton active paragraph={{ rows: 4 }} />}>
      {({ items }) => <AppForm {...props} apps={items} />}
    </Loaded>
  );
}

interface AppFormProps extends StepProps {
  readonly apps: readonly { readonly corpId: string; readonly name: string }[];
}

function AppForm({ draft: { corpId }, onChange, apps }: AppFormProps) {
  const { bots } = t();
  const byCorp = namesOfCorps(apps);
  const [chosen, setChosen] = useState<string | null>(() => {
    if (byCorp.has(corpId)) return corpId;
    const [first = TYPED] = byCorp.keys();
    return corpId === '' && byCorp.size > 1 ? null : corpId === '' ? first : TYPED;
  });
  const choose = (value: string): void => {
    setChosen(value);
    onChange({ corpId: value === TYPED ? '' : value, picked: [] });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosen !== null) onChange({ corpId: chosen === TYPED ? corpId.trim() : chosen, step: 'accounts' });
  };
  return (
    <form className="form card" onSubmit={submit}>
      {byCorp.size === 0 ? (
        <p>{bots.noApp}</p>
      ) : (
        <Choices
          label={bots.whichApp}
          value={chosen}
          options={[
            ...[...byCorp].map(([value, name]) => ({
              value,
              label: name || value,
              text: name ? value : undefined,
            })),
            { value: TYPED, label: bots.otherCorp, text: bots.otherCorpText },
          ]}
          onChange={choose}
        />
      )}
      {chosen === TYPED && (
        <Field
          label={bots.corpId}
          hint={bots.corpIdHint}
          value={corpId}
          isMono
          required
          onInput={(typed) => onChange({ corpId: typed, picked: [] })}
        />
      )}
      <div className="actions">
        <Button type="primary" htmlType="submit" disabled={chosen === null}>
          {bots.next}
        </Button>
        <LinkButton href={pathOf.connectApp}>{bots.connectApp}</LinkButton>
      </div>
    </form>
  );
}
