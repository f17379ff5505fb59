import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Segmented, Select } from 'antd';
import { useId } from 'react';
import { Field } from '../../../components/field.js';
import { t } from '../../../i18n/language.js';
import { Preview } from './preview.js';
import {
  CHOICE_KINDS,
  type ChoiceDraft,
  NEW_CHOICE,
  OFFER_KINDS,
  type OfferDraft,
  withLine,
} from './session-draft.js';
import { TextField } from '../text-field.js';

const HEAD_BYTES_MAX = 1_024;
const CHOICE_BYTES_MAX = 128;
const CHOICES_MAX = 10;

interface OfferFieldsProps {
  /** What it is for. */
  readonly title: string;
  readonly hint: string;
  /** Of the field in the API. */
  readonly path: string;
  readonly offer: OfferDraft;
  readonly faults: ReadonlySet<string>;
  readonly onChange: (offer: OfferDraft) => void;
}

/** Nothing, a text or a menu, beside what the customer sees of it. */
export function OfferFields({ title, hint, path, offer, faults, onChange }: OfferFieldsProps) {
  const { sessions } = t();
  const change = (changed: Partial<OfferDraft>): void => onChange({ ...offer, ...changed });
  return (
    <fieldset>
      <legend>{title}</legend>
      <p className="muted">{hint}</p>
      <div className="beside">
        <div className="form">
          <Segmented
            aria-label={sessions.kindOf(title)}
            value={offer.kind}
            options={OFFER_KINDS.map((value) => ({ value, label: sessions.kinds[value] }))}
            onChange={(kind) => change({ kind })}
          />
          {offer.kind === 'text' && (
            <TextField
              label={sessions.text}
              value={offer.text}
              required
              isFaulty={faults.has(`${path}.text`)}
              onInput={(text) => change({ text })}
            />
          )}
          {offer.kind === 'menu' && (
            <MenuFields offer={offer} path={`${path}.menu`} faults={faults} onChange={change} />
          )}
        </div>
        {offer.kind !== 'none' && <Preview of={title} offer={offer} />}
      </div>
    </fieldset>
  );
}

interface MenuFieldsProps extends Pick<OfferFieldsProps, 'offer' | 'path' | 'faults'> {
  readonly onChange: (changed: Partial<OfferDraft>) => void;
}

function MenuFields({ offer: { head, choices, tail }, path, faults, onChange }: MenuFieldsProps) {
  const { sessions } = t();
  const put = (at: number, ...put: readonly ChoiceDraft[]): void =>
    onChange({ choices: choices.toSpliced(at, 1, ...put) });
  return (
    <>
      <TextField
        label={sessions.head}
        value={head}
        bytesMax={HEAD_BYTES_MAX}
        isFaulty={faults.has(`${path}.head`)}
        onInput={(text) => onChange({ head: text })}
      />
      <ol className="plain" aria-label={sessions.choices}>
        {choices.map((choice, index) => (
          <li key={choice.key}>
            <ChoiceFields
              choice={choice}
              path={`${path}.choices[${index}]`}
              faults={faults}
              onChange={(changed) => put(index, changed)}
              onRemove={choices.length > 1 ? () => put(index) : null}
            />
          </li>
        ))}
      </ol>
      <div className="actions">
        <Button
          icon={<PlusOutlined />}
          disabled={choices.length >= CHOICES_MAX}
          onClick={() => onChange({ choices: withLine(choices, NEW_CHOICE) })}
        >
          {sessions.addChoice}
        </Button>
      </div>
      <TextField
        label={sessions.tail}
        value={tail}
        bytesMax={HEAD_BYTES_MAX}
        isFaulty={faults.has(`${path}.tail`)}
        onInput={(text) => onChange({ tail: text })}
      />
    </>
  );
}

interface ChoiceFieldsProps extends Pick<OfferFieldsProps, 'path' | 'faults'> {
  readonly choice: ChoiceDraft;
  readonly onChange: (choice: ChoiceDraft) => void;
  /** null for the only one. */
  readonly onRemove: (() => void) | null;
}

/** A line of a menu, and what it does. */
function ChoiceFields({ choice, path, faults, onChange, onRemove }: ChoiceFieldsProps) {
  const { sessions } = t();
  const id = useId();
  const { text, kind, value } = choice;
  const tooLong = sessions.faults.text(CHOICE_BYTES_MAX);
  return (
    <div className="line">
      <Field
        label={sessions.choiceText}
        value={text}
        required
        fault={faults.has(`${path}.text`) ? tooLong : undefined}
        onInput={(typed) => onChange({ ...choice, text: typed })}
      />
      <div className="field">
        <label htmlFor={id}>{sessions.choiceDoes}</label>
        <Select<ChoiceDraft['kind']>
          id={id}
          value={kind}
          options={CHOICE_KINDS.map((one) => ({ value: one, label: sessions.choiceKinds[one] }))}
          onChange={(chosen) => onChange({ ...choice, kind: chosen })}
        />
      </div>
      {kind !== 'text' && (
        <Field
          label={sessions.choiceValues[kind]}
          value={value}
          isMono
          required
          fault={faults.has(`${path}.${kind}`) ? (kind === 'url' ? sessions.faults.url : tooLong) : undefined}
          onInput={(typed) => onChange({ ...choice, value: typed })}
        />
      )}
      {onRemove !== null && (
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={sessions.removeChoice(text)}
          onClick={onRemove}
        />
      )}
    </div>
  );
}
