import type { BotVerifiedAnswer, BotAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { verifyBot } from '../../api/bots.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { StateTag } from '../../components/state-tag.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { verifyFinding } from './verify-finding.js';

export function VerifyBot({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  return (
    <section className="card" aria-labelledby="bot-verify">
      <h2 id="bot-verify">{bots.verify}</h2>
      <p className="muted">{bots.verifyText}</p>
      <VerifyPart bot={bot} />
    </section>
  );
}

interface VerifyPartProps {
  readonly bot: Pick<BotAnswer, 'id' | 'name'>;
  readonly onResult?: (result: BotVerifiedAnswer) => void;
}

/** Asks the bot what WeCom asks when a URL is saved, and shows what came back. */
export function VerifyPart({ bot, onResult }: VerifyPartProps) {
  const { bots } = t();
  const change = useChange(verifyBot, []);
  return (
    <>
      <ChangeButton
        aria-label={bots.verifyOf(bot.name)}
        loading={change.isPending}
        onClick={() => change.mutate(bot.id, { onSuccess: (result) => onResult?.(result) })}
      >
        {change.isPending ? bots.verifying : bots.verify}
      </ChangeButton>
      <div role="status">{change.data !== undefined && <VerifyResult result={change.data} />}</div>
      {change.error !== null && <ErrorNote error={change.error} />}
    </>
  );
}

/** The manager's own words come last. */
function VerifyResult({ result }: { readonly result: BotVerifiedAnswer }) {
  const { accounts, bots } = t();
  const { verified, status, durationMs, fault } = result;
  const { what, remedy } = bots.findings[verifyFinding(result)];
  return (
    <div className="result">
      <StateTag tone={verified ? 'good' : 'bad'} text={what} />
      <dl className="facts">
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
            <dd className="mono">{fault}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
