import { useState } from 'preact/hooks';
import type { TestedAnswer } from '../../api/answers.gen.js';
import { testAccount } from '../../api/kf-accounts.js';
import { ChangeButton } from '../../components/change-button.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { t } from '../../i18n/language.js';
import { TestResult } from './test-result.js';

interface TestSectionProps {
  readonly openKfId: string;
  readonly onTested: () => void;
}

export function TestSection({ openKfId, onTested }: TestSectionProps) {
  const { accounts } = t();
  const [result, setResult] = useState<TestedAnswer | null>(null);
  const action = useAction(async () => {
    setResult(null);
    setResult(await testAccount(openKfId));
    onTested();
  });
  return (
    <section class="card">
      <h2>{accounts.test}</h2>
      <p class="muted">{accounts.testText}</p>
      <ChangeButton type="button" class="button" aria-disabled={action.isRunning} onClick={action.run}>
        {action.isRunning ? accounts.testing : accounts.testRun}
      </ChangeButton>
      <div role="status">{result !== null && <TestResult result={result} />}</div>
      {action.error !== null && <Problem error={action.error} />}
    </section>
  );
}
