import type { AccountAnswer, BotAnswer } from '../../api/answers.gen.js';
import { useAccounts } from '../../api/accounts.js';
import { CauseList } from '../../components/causes/cause-list.js';
import { FailureRemedy } from '../../components/remedy.js';
import { Strip } from '../../components/strip.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { BOT_TONES, botState, botStateText } from './bot-state.js';

/** Whether it works, why not, and what to do. */
export function BotHealth({ bot }: { readonly bot: BotAnswer }) {
  const { bots, accounts } = t();
  const { fault, lastFailure, lastTakenAt, causes = [] } = bot;
  const state = botState(bot);
  const isLastFailed = lastFailure !== null && lastFailure.at > (lastTakenAt ?? '');
  return (
    <>
      <Strip tone={BOT_TONES[state]} title={bots.states[state]} text={fault ?? botStateText(bot, bots)}>
        {state === 'paused' && <Waiting bot={bot} />}
      </Strip>
      {causes.length > 0 && <CauseList causes={causes} caption={bots.causes} isFirstOpen />}
      {causes.length === 0 && isLastFailed && (
        <section className="card">
          <h2>
            {accounts.lastFailure}, <Ago at={lastFailure.at} />
          </h2>
          <FailureRemedy failure={lastFailure} />
        </section>
      )}
    </>
  );
}

/** How much goes out once it is resumed, of the accounts on the first page: those where something waits come first. */
function Waiting({ bot: { id } }: { readonly bot: BotAnswer }) {
  const page = useAccounts({ botId: id }).of.data;
  if (page === undefined) return null;
  const waits = page.items.reduce((sum, one) => sum + waitingOf(one), 0);
  return <strong>{t().bots.waits(formatNumber(waits), page.nextCursor !== null)}</strong>;
}

function waitingOf({ waiting }: AccountAnswer): number {
  return waiting === null ? 0 : waiting.events + waiting.messages;
}
