import { Checkbox } from 'antd';
import { type FormEvent, useEffect, useState } from 'react';
import type { BotAnswer, BotChangeDto } from '../../../api/answers.gen.js';
import { useChange } from '../../../api/answers.js';
import { changeBot } from '../../../api/bots.js';
import { ChangeButton } from '../../../components/change-button.js';
import { ErrorNote } from '../../../components/error-note.js';
import { Field } from '../../../components/field.js';
import { useTell } from '../../../components/tell.js';
import { t } from '../../../i18n/language.js';
import { SESSIONS_PART } from '../../../shell/paths.js';
import { faultyFields, useFaultFocus } from '../faulty-fields.js';
import { HoursFields } from './hours-fields.js';
import { OfferFields } from './offer-fields.js';
import { askedOf, PeopleFields } from './people-fields.js';
import { menuIdsOf, type SessionDraft, toDraft, toSession } from './session-draft.js';

const MERGE_S_MAX = 10;

/** How the bot and people share customers. What is typed stays while the bot is read again. */
export function BotSessions({ bot }: { readonly bot: BotAnswer }) {
  const { bots, sessions } = t();
  const tell = useTell();
  const [before, setBefore] = useState(() => draftOf(bot));
  const [draft, setDraft] = useState(before);
  const type = (changed: Partial<SessionDraft>): void => setDraft((earlier) => ({ ...earlier, ...changed }));
  const change = useChange(
    (body: BotChangeDto) => changeBot(bot.id, body),
    ['/api/v1/bots', '/api/v1/accounts', '/api/v1/status'],
  );
  const form = useFaultFocus(change.error);
  const session = toSession(draft);
  const isSame = JSON.stringify(session) === JSON.stringify(toSession(before));
  const faults = faultyFields(change.error, 'session');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isSame || change.isPending) return;
    change.mutate(
      { session },
      {
        onSuccess: (changed) => {
          setBefore(draftOf(changed));
          setDraft(draftOf(changed));
          tell(sessions.changed(changed.name));
        },
      },
    );
  };
  useEffect(() => {
    if (location.hash === `#${SESSIONS_PART}`) form.current?.scrollIntoView();
  }, [form]);
  return (
    <section className="card" aria-labelledby="bot-sessions">
      <h2 id="bot-sessions">{sessions.title}</h2>
      <form ref={form} id={SESSIONS_PART} className="form parts" onSubmit={submit}>
        <p className="muted">{sessions.intro}</p>
        <Checkbox checked={draft.isOn} onChange={({ target }) => type({ isOn: target.checked })}>
          {sessions.on}
        </Checkbox>
        {draft.isOn && (
          <>
            <OfferFields
              title={sessions.welcome}
              hint={sessions.welcomeHint}
              path="session.welcome"
              offer={draft.welcome}
              faults={faults}
              onChange={(welcome) => type({ welcome })}
            />
            <PeopleFields
              people={draft.people}
              menuIds={menuIdsOf(draft)}
              faults={faults}
              onChange={(people) => type({ people })}
            />
            <HoursFields
              hours={draft.hours}
              asked={askedOf(draft.people)}
              faults={faults}
              onChange={(hours) => type({ hours })}
            />
            <OfferFields
              title={sessions.ended}
              hint={sessions.endedHint}
              path="session.ended"
              offer={draft.ended}
              faults={faults}
              onChange={(ended) => type({ ended })}
            />
            <fieldset>
              <legend>{sessions.merge}</legend>
              <Field
                label={sessions.mergeS}
                hint={sessions.mergeHint}
                value={draft.mergeS}
                type="number"
                min={1}
                max={MERGE_S_MAX}
                fault={faults.has('session.mergeS') ? sessions.faults.mergeS : undefined}
                onInput={(mergeS) => type({ mergeS })}
              />
            </fieldset>
          </>
        )}
        {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
        <div className="actions">
          <ChangeButton htmlType="submit" loading={change.isPending} disabled={isSame}>
            {sessions.save}
          </ChangeButton>
          {!isSame && <span className="muted">{bots.unsaved}</span>}
        </div>
      </form>
    </section>
  );
}

function draftOf({ session }: BotAnswer): SessionDraft {
  return toDraft(session, Intl.DateTimeFormat().resolvedOptions().timeZone);
}
