import { testAccount } from '../../api/accounts.js';
import type { TestedAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { FailureRemedy } from '../../components/remedy.js';
import { StateTag } from '../../components/state-tag.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** Sends a puppet a hint, and shows what it made of it. */
export function TestDelivery({ openKfId }: { readonly openKfId: string }) {
  const { accounts } = t();
  const test = useChange(testAccount, ['/api/v1/accounts', '/api/v1/deliveries']);
  return (
    <section className="card">
      <h2>{accounts.test}</h2>
      <p className="muted">{accounts.testText}</p>
      <div className="actions">
        <ChangeButton loading={test.isPending} onClick={() => test.mutate(openKfId)}>
          {test.isPending ? accounts.testing : accounts.testRun}
        </ChangeButton>
      </div>
      <div role="status">{test.data !== undefined && <Result of={test.data} />}</div>
      {test.error !== null && <ErrorNote error={test.error} />}
    </section>
  );
}

/** The puppet's answer is shown as text, whatever it is. */
function Result({ of: result }: { readonly of: TestedAnswer }) {
  const { accounts } = t();
  const { taken, status, durationMs, body, failure } = result;
  return (
    <>
      <StateTag tone={taken ? 'good' : 'bad'} text={wordsOf(result)} />
      <dl className="facts">
        <dt>{accounts.testStatus}</dt>
        <dd>{status ?? accounts.testNoAnswer}</dd>
        <dt>{accounts.testDuration}</dt>
        <dd>{formatMs(durationMs)}</dd>
        {body !== null && (
          <>
            <dt>{accounts.testBody}</dt>
            <dd>
              <pre className="mono small">{body === '' ? accounts.testEmpty : body}</pre>
            </dd>
          </>
        )}
      </dl>
      {failure !== null && <FailureRemedy failure={failure} />}
    </>
  );
}

function wordsOf({ taken, pulled }: TestedAnswer): string {
  const { accounts } = t();
  if (pulled) return taken ? accounts.testPulled : accounts.testNotPulled;
  return taken ? accounts.testTaken : accounts.testNotTaken;
}
