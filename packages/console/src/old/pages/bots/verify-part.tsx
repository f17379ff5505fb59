import { useState } from 'preact/hooks';
import type { BotAnswer, BotVerifiedAnswer } from '../../api/answers.gen.js';
import { verifyBot } from '../../api/bots.js';
import { verifyFinding } from '../../bots/verify-finding.js';
import { ChangeButton } from '../../components/change-button.js';
import { Chip } from '../../components/chip.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

interface VerifyPartProps {
  readonly bot: Pick<BotAnswer, 'id' | 'name'>;
  readonly onResult?: (result: BotVerifiedAnswer) => void;
}

/** Asks the bot what WeCom asks when a URL is saved, and shows what came back. */
export function VerifyPart({ bot, onResult }: VerifyPartProps) {
  const { bots } = t();
  const [result, setResult] = useState<BotVerifiedAnswer | null>(null);
  const action = useAction(async () => {
    setResult(null);
    const came = await verifyBot(bot.id);
    setResult(came);
    onResult?.(came);
  });
  return (
    <>
      <ChangeButton
        type="button"
        class="button"
        aria-label={bots.verifyOf(bot.name)}
        aria-disabled={action.isRunning}
        onClick={action.run}
      >
        {action.isRunning ? bots.verifying : bots.verify}
      </ChangeButton>
      <div role="status">{result !== null && <VerifyResult result={result} />}</div>
      {action.error !== null && <Problem error={action.error} />}
    </>
  );
}

/** The manager's own words come last. */
function VerifyResult({ result }: { readonly result: BotVerifiedAnswer }) {
  const { accounts, bots } = t();
  const { verified, status, durationMs, fault } = result;
  const { what, remedy } = bots.findings[verifyFinding(result)];
  return (
    <div class="result">
      <Chip tone={verified ? 'good' : 'bad'} text={what} />
      <dl class="facts">
        {!verified && (
          <>
            <dt>{accounts.remedy}</dt>
            <dd>{remedy}</dd>
          </>
        )}
        <dt>{accounts.testStatus}</dt>
        <dd>{status ?? accounts.testNoAnswer}</dd>
        <dt>{accounts.testDuration}</dt>
        <dd>{formatMs(durationMs)}</dd>
        {fault !== null && (
          <>
            <dt>{accounts.reason}</dt>
            <dd class="mono">{fault}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
