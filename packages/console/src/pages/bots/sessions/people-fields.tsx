import { Checkbox, Segmented } from 'antd';
import { t } from '../../../i18n/language.js';
import { Preview } from './preview.js';
import { DESTINATIONS, type OfferDraft, type PeopleDraft } from './session-draft.js';
import { TagsField } from '../tags-field.js';
import { TextField } from '../text-field.js';

const PATH = 'session.people';
const WORDS = { bytesMax: 128, countMax: 50 };
const SERVICERS = { bytesMax: 64, countMax: 100 };

interface PeopleFieldsProps {
  readonly people: PeopleDraft;
  /** Ids of the menus' choices. */
  readonly menuIds: readonly string[];
  readonly faults: ReadonlySet<string>;
  readonly onChange: (people: PeopleDraft) => void;
}

/** How a customer gets to people. */
export function PeopleFields({ people, menuIds, faults, onChange }: PeopleFieldsProps) {
  const { sessions } = t();
  const change = (changed: Partial<PeopleDraft>): void => onChange({ ...people, ...changed });
  const asked = askedOf(people);
  return (
    <fieldset>
      <legend>{sessions.people}</legend>
      <Checkbox checked={people.isOn} onChange={({ target }) => change({ isOn: target.checked })}>
        {sessions.peopleOn}
      </Checkbox>
      {people.isOn && (
        <>
          <div className="form">
            <TagsField
              {...WORDS}
              label={sessions.keywords}
              hint={sessions.keywordsHint}
              value={people.keywords}
              isFaulty={faults.has(`${PATH}.keywords`)}
              onChange={(keywords) => change({ keywords })}
            />
            <TagsField
              {...WORDS}
              label={sessions.menuIds}
              hint={sessions.menuIdsHint}
              value={people.menuIds}
              offered={menuIds}
              isFaulty={faults.has(`${PATH}.menuIds`)}
              onChange={(chosen) => change({ menuIds: chosen })}
            />
            <div className="field">
              <span>{sessions.to}</span>
              <Segmented
                aria-label={sessions.to}
                value={people.to}
                options={DESTINATIONS.map((value) => ({ value, label: sessions.destinations[value] }))}
                onChange={(to) => change({ to })}
              />
              <p className="small muted">{sessions.destinationText[people.to]}</p>
            </div>
            {people.to === 'servicers' && (
              <TagsField
                {...SERVICERS}
                label={sessions.servicers}
                hint={sessions.servicersHint}
                value={people.servicers}
                isFaulty={faults.has(`${PATH}.to`)}
                onChange={(servicers) => change({ servicers })}
              />
            )}
          </div>
          <div className="beside">
            <TextField
              label={sessions.waiting}
              hint={sessions.waitingHint}
              value={people.waiting}
              isFaulty={faults.has(`${PATH}.waiting`)}
              onInput={(waiting) => change({ waiting })}
            />
            <Preview of={sessions.waiting} asked={asked} offer={textOffer(people.waiting)} />
          </div>
          <div className="beside">
            <TextField
              label={sessions.nobody}
              hint={sessions.nobodyHint}
              value={people.nobody}
              isFaulty={faults.has(`${PATH}.nobody`)}
              onInput={(nobody) => change({ nobody })}
            />
            <Preview of={sessions.nobody} asked={asked} offer={textOffer(people.nobody)} />
          </div>
        </>
      )}
    </fieldset>
  );
}

/** How a customer asks for people. */
export function askedOf({ isOn, keywords }: PeopleDraft): string {
  return (isOn && keywords[0]) || t().sessions.asked;
}

export function textOffer(text: string): OfferDraft {
  return { kind: 'text', text, head: '', choices: [], tail: '' };
}
