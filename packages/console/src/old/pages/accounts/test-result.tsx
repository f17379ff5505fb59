import type { TestedAnswer } from '../../api/answers.gen.js';
import { Chip } from '../../components/chip.js';
import { FailureWords } from '../../components/failure-words.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

function wordsOf({ taken, pulled }: TestedAnswer): string {
  const { accounts } = t();
  if (pulled) return taken ? accounts.testPulled : accounts.testNotPulled;
  return taken ? accounts.testTaken : accounts.testNotTaken;
}

/** What a puppet made of a test. Its answer is shown as text, whatever it is. */
export function TestResult({ result }: { readonly result: TestedAnswer }) {
  const { accounts } = t();
  const { taken, status, durationMs, body, failure } = result;
  return (
    <div class="result">
      <Chip tone={taken ? 'good' : 'bad'} text={wordsOf(result)} />
      <dl class="facts">
        <dt>{accounts.testStatus}</dt>
        <dd>{status ?? accounts.testNoAnswer}</dd>
        <dt>{accounts.testDuration}</dt>
        <dd>{formatMs(durationMs)}</dd>
        {body !== null && (
          <>
            <dt>{accounts.testBody}</dt>
            <dd>
              <pre class="mono small">{body === '' ? accounts.testEmpty : body}</pre>
            </dd>
          </>
        )}
      </dl>
      {failure !== null && <FailureWords failure={failure} />}
    </div>
  );
}
