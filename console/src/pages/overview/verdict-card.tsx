import { useMemo } from 'preact/hooks';
import type { StatusAnswer } from '../../api/answers.gen.js';
import { language } from '../../i18n/language.js';
import { type FindingWords, wordsOf } from './finding-words.js';
import { findingsOf } from './verdict.js';

interface VerdictCardProps {
  readonly status: StatusAnswer;
  readonly callbacksOfHour: number | null;
}

/** Whether customers are being answered: the worst that is so, and below it what else is. */
export function VerdictCard({ status, callbacksOfHour }: VerdictCardProps) {
  const findings = findingsOf(status, callbacksOfHour);
  const [worst, ...others] = findings.map((finding) => wordsOf(finding, status));
  // Read out when something else is so, and not with every second that an account waits.
  const said = useMemo(() => worst?.title, [findings.join(), language.value]);
  if (worst === undefined) return null;
  return (
    <section class={`verdict ${worst.tone}`}>
      <p class="unseen" role="status">
        {said}
      </p>
      <div>
        <p class="verdict-title">{worst.title}</p>
        {worst.text !== undefined && <p>{worst.text}</p>}
      </div>
      <FindingLink of={worst} />
      {others.length > 0 && (
        <ul class="findings">
          {others.map((other) => (
            <li key={other.title} class={other.tone}>
              <div>
                <strong>{other.title}</strong>
                {other.text !== undefined && <p class="small muted">{other.text}</p>}
              </div>
              <FindingLink of={other} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function FindingLink({ of: { link } }: { readonly of: FindingWords }) {
  if (link === undefined) return null;
  return (
    <a class="button" href={link.to}>
      {link.text}
    </a>
  );
}
