import { CheckCircleFilled, ClockCircleFilled, CloseCircleFilled, InfoCircleFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { Tone } from './state-tag.js';

const ICONS = {
  good: CheckCircleFilled,
  wait: ClockCircleFilled,
  bad: CloseCircleFilled,
  quiet: InfoCircleFilled,
} as const;

interface StripProps {
  readonly tone: Tone;
  readonly title: string;
  readonly text?: ReactNode;
  /** At the right: times, and one button. */
  readonly children?: ReactNode;
}

/** How something is, in one line; what to do about it follows the title. */
export function Strip({ tone, title, text, children }: StripProps) {
  const Icon = ICONS[tone];
  return (
    <section className={`strip ${tone}`}>
      <Icon />
      <strong>{title}</strong>
      <p className="grow">{text}</p>
      {children}
    </section>
  );
}
