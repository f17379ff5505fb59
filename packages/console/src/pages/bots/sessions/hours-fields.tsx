import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Checkbox } from 'antd';
import { useId } from 'react';
import { Field } from '../../../components/field.js';
import { formatWeekday } from '../../../i18n/format.js';
import { t } from '../../../i18n/language.js';
import { textOffer } from './people-fields.js';
import { Preview } from './preview.js';
import { type HoursDraft, NEW_SPAN, type SpanDraft, withLine } from './session-draft.js';
import { TextField } from '../text-field.js';

const PATH = 'session.hours';
const SPANS_MAX = 50;
const DAYS = [1, 2, 3, 4, 5, 6, 7];
const TIME_PATTERN = '([01][0-9]|2[0-3]):[0-5][0-9]|24:00';

interface HoursFieldsProps {
  readonly hours: HoursDraft;
  /** How a customer asks for people. */
  readonly asked: string;
  readonly faults: ReadonlySet<string>;
  readonly onChange: (hours: HoursDraft) => void;
}

/** When people serve, and what a customer is told at other times. */
export function HoursFields({ hours, asked, faults, onChange }: HoursFieldsProps) {
  const { sessions } = t();
  const id = useId();
  const { isOn, timeZone, open, closed } = hours;
  const change = (changed: Partial<HoursDraft>): void => onChange({ ...hours, ...changed });
  const put = (at: number, ...spans: readonly SpanDraft[]): void =>
    change({ open: open.toSpliced(at, 1, ...spans) });
  return (
    <fieldset>
      <legend>{sessions.hours}</legend>
      <Checkbox checked={isOn} onChange={({ target }) => change({ isOn: target.checked })}>
        {sessions.hoursOn}
      </Checkbox>
      {isOn && (
        <>
          <Field
            label={sessions.timeZone}
            hint={sessions.timeZoneHint}
            value={timeZone}
            list={id}
            required
            fault={faults.has(`${PATH}.timeZone`) ? sessions.faults.timeZone : undefined}
            onInput={(typed) => change({ timeZone: typed })}
          />
          <datalist id={id}>
            {Intl.supportedValuesOf('timeZone').map((zone) => (
              <option key={zone} value={zone}>
                {zone}
              </option>
            ))}
          </datalist>
          <ol className="plain" aria-label={sessions.hours}>
            {open.map((span, index) => (
              <li key={span.key}>
                <SpanFields
                  span={span}
                  path={`${PATH}.open[${index}]`}
                  faults={faults}
                  onChange={(changed) => put(index, changed)}
                  onRemove={open.length > 1 ? () => put(index) : null}
                />
              </li>
            ))}
          </ol>
          <div className="actions">
            <Button
              icon={<PlusOutlined />}
              disabled={open.length >= SPANS_MAX}
              onClick={() => change({ open: withLine(open, NEW_SPAN) })}
            >
              {sessions.addSpan}
            </Button>
          </div>
          <div className="beside">
            <TextField
              label={sessions.closed}
              hint={sessions.closedHint}
              value={closed}
              required
              isFaulty={faults.has(`${PATH}.closed`)}
              onInput={(text) => change({ closed: text })}
            />
            <Preview of={sessions.closed} asked={asked} offer={textOffer(closed)} />
          </div>
        </>
      )}
    </fieldset>
  );
}

interface SpanFieldsProps extends Pick<HoursFieldsProps, 'faults'> {
  readonly span: SpanDraft;
  readonly path: string;
  readonly onChange: (span: SpanDraft) => void;
  /** null for the only one. */
  readonly onRemove: (() => void) | null;
}

/** Hours of some days. */
function SpanFields({ span, path, faults, onChange, onRemove }: SpanFieldsProps) {
  const { sessions } = t();
  const { days, from, to } = span;
  const faultOf = (field: string) => (faults.has(`${path}.${field}`) ? sessions.faults.time : undefined);
  const name = sessions.spanOf(days.map(formatWeekday), from, to);
  return (
    <div className="line hours" role="group" aria-label={name}>
      <div className="field">
        <span>{sessions.days}</span>
        <Checkbox.Group
          value={[...days]}
          options={DAYS.map((day) => ({ value: day, label: formatWeekday(day) }))}
          onChange={(chosen) => onChange({ ...span, days: chosen })}
        />
        {faults.has(`${path}.days`) && <p className="small fault">{sessions.faults.days}</p>}
      </div>
      <Field
        label={sessions.from}
        value={from}
        pattern={TIME_PATTERN}
        title={sessions.faults.time}
        required
        fault={faultOf('from')}
        onInput={(typed) => onChange({ ...span, from: typed })}
      />
      <Field
        label={sessions.until}
        value={to}
        pattern={TIME_PATTERN}
        title={sessions.faults.time}
        required
        fault={faultOf('to')}
        onInput={(typed) => onChange({ ...span, to: typed })}
      />
      {onRemove !== null && (
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={sessions.removeSpan(name)}
          onClick={onRemove}
        />
      )}
    </div>
  );
}
