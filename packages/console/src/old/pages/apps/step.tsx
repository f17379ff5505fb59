import type { ComponentChildren } from 'preact';
import { Icon } from '../../components/icon.js';
import { t } from '../../i18n/language.js';

interface StepProps {
  readonly title: string;
  readonly isDone: boolean;
  /** Said beside it once it is done. */
  readonly done: ComponentChildren;
  /** What to do for it. */
  readonly wait: string;
  /** What to look at when that is of no use. */
  readonly help: readonly string[];
}

/** Grey until it is done, then green. */
export function Step({ title, isDone, done, wait, help }: StepProps) {
  const { apps } = t();
  return (
    <li class={isDone ? 'step done' : 'step'}>
      <span class="step-mark" aria-hidden="true">
        {isDone && <Icon name="check" />}
      </span>
      <div>
        <p class="step-title">
          {title} <span class="unseen">({isDone ? apps.stepDone : apps.stepOpen})</span>
          {isDone && <span class="muted small">{done}</span>}
        </p>
        {!isDone && (
          <>
            <p class="small muted">{wait}</p>
            <details class="small">
              <summary>{apps.stays}</summary>
              <ul>
                {help.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </details>
          </>
        )}
      </div>
    </li>
  );
}
