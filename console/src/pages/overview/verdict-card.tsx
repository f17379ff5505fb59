import type { StatusAnswer } from '../../../../src/api/answers/status.js';
import { type FindingWords, wordsOf } from './finding-words.js';
import { findingsOf } from './verdict.js';

interface VerdictCardProps {
  readonly status: StatusAnswer;
  readonly callbacksOfHour: number | null;
}

/** Whether customers are being answered: the worst that is so, and below it what else is. */
export function VerdictCard({ status, callbacksOfHour }: VerdictCardProps) {
  const [worst, ...others] = findingsOf(status, callbacksOfHour).map((finding) => wordsOf(finding, status));
  if (worst === undefined) return null;
  return (
    <section class={`verdict ${worst.tone}`}>
      <div role="status">
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
