import { useState } from 'preact/hooks';
import type { BotAnswer } from '../../api/answers.gen.js';
import { getBot } from '../../api/bots.js';
import { FailureWords } from '../../components/failure-words.js';
import { Loaded } from '../../components/loaded.js';
import { TimeAgo } from '../../components/time-ago.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { Step } from '../apps/step.js';
import { VerifyPart } from './verify-part.js';

const EVERY_MS = 1_500;

/** How far a new bot is on its way to its first message. */
export function FirstMessage({ bot: added }: { readonly bot: BotAnswer }) {
  const { apps, bots } = t();
  const [isVerified, setVerified] = useState(false);
  const polled = usePolled(`bot ${added.id}`, (signal) => getBot(added.id, signal), EVERY_MS);
  return (
    <section class="card">
      <h2>{apps.steps}</h2>
      {added.kind === 'callback' && (
        <>
          <VerifyPart bot={added} onResult={({ verified }) => setVerified(verified)} />
          {/* This page has secrets that would be gone with it. */}
          <a href={`/console/bots/${encodeURIComponent(added.id)}#change`} target="_blank" rel="noreferrer">
            {bots.correctUrl}
          </a>
        </>
      )}
      <Loaded of={polled}>
        {(bot) => (
          <>
            <ol class="steps" aria-label={apps.steps}>
              {bot.kind === 'callback' && (
                <Step
                  title={bots.stepVerified}
                  isDone={isVerified}
                  done={false}
                  wait={bots.stepVerifiedWait}
                  help={bots.stepVerifiedHelp}
                />
              )}
              {bot.kind === 'stream' && (
                <Step
                  title={bots.stepConnected}
                  isDone={bot.clients > 0}
                  done={false}
                  wait={bots.stepConnectedWait}
                  help={bots.stepConnectedHelp}
                />
              )}
              <Step
                title={bots.stepTaken}
                isDone={bot.lastTakenAt !== null}
                done={bot.lastTakenAt !== null && <TimeAgo at={bot.lastTakenAt} />}
                wait={bots.stepTakenWait}
                help={bot.callback === null ? bots.stepTakenHelp.puppet : bots.stepTakenHelp.callback}
              />
            </ol>
            {bot.lastTakenAt === null && bot.lastFailure !== null && (
              <FailureWords failure={bot.lastFailure} />
            )}
            <div role="status">{bot.lastTakenAt !== null && <p class="banner good">{bots.done}</p>}</div>
          </>
        )}
      </Loaded>
    </section>
  );
}
