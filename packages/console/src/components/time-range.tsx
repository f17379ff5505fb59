import { Input } from 'antd';
import { useState } from 'react';
import { t } from '../i18n/language.js';

interface TimeRangeProps {
  /** ISO 8601, or empty. */
  readonly from: string;
  readonly to: string;
  /** What each end means. */
  readonly labels?: readonly [from: string, to: string];
  readonly onChange: (from: string, to: string) => void;
}

/**
 * From one time until another, both of which may be left out, in this browser's zone. Typed, since a browser's own field may
 * have 12 hours, and Ant Design's shows hours that a keyboard does not reach.
 */
export function TimeRange({ from, to, labels, onChange }: TimeRangeProps) {
  const { log } = t();
  const [first, last] = labels ?? [log.from, log.to];
  return (
    <>
      <TimeField key={`from ${from}`} label={first} value={from} onChange={(time) => onChange(time, to)} />
      <TimeField key={`to ${to}`} label={last} value={to} onChange={(time) => onChange(from, time)} />
    </>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Told once nobody types any more: by Enter, or by leaving the field. */
function TimeField({ label, value, onChange }: TimeFieldProps) {
  const { log } = t();
  const [text, setText] = useState(toLocal(value));
  const isWrong = toIso(text) === null;
  const tell = (): void => {
    const iso = toIso(text);
    if (iso !== null && text !== toLocal(value)) onChange(iso);
  };
  return (
    <Input
      className="time-field"
      allowClear
      aria-label={label}
      aria-invalid={isWrong}
      prefix={<span className="muted">{label}</span>}
      placeholder={log.timeFormat}
      title={isWrong ? log.timeWrong : label}
      status={isWrong ? 'error' : ''}
      value={text}
      onChange={({ target, type }) => {
        setText(target.value);
        // Cleared by its button.
        if (type === 'click' && value !== '') onChange('');
      }}
      onPressEnter={tell}
      onBlur={tell}
    />
  );
}

const MS_PER_MINUTE = 60_000;
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/;

/** "2026-11-30 14:00", with seconds where there are any. */
function toLocal(iso: string): string {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return '';
  const offsetMs = new Date(atMs).getTimezoneOffset() * MS_PER_MINUTE;
  const text = new Date(atMs - offsetMs).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  return text.replace('T', ' ').replace(/:00$/, '');
}

/** @returns null for what is no time. */
function toIso(local: string): string | null {
  const text = local.trim();
  if (text === '') return '';
  const atMs = TIME.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(atMs) ? null : new Date(atMs).toISOString();
}
