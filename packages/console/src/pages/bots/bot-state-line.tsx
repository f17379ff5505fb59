import type { BotAnswer } from '../../api/answers.gen.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { StateTag } from '../../components/state-tag.js';
import { whatFailed } from '../../../../../src/insight/words/cause-text.js';
import { t } from '../../i18n/language.js';
import { BOT_TONES, botState, botStateText } from './bot-state.js';

/** The state in a word, and the cause behind it. */
export function BotStateLine({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const state = botState(bot);
  const cause = causeOf(bot);
  return (
    <span className="state-line">
      <StateTag tone={BOT_TONES[state]} text={bots.states[state]} title={botStateText(bot, bots)} />
      {cause !== null && (
        <span className="cut muted" title={cause}>
          {cause}
        </span>
      )}
    </span>
  );
}

function causeOf(bot: BotAnswer): string | null {
  const { fault, lastFailure, causes = [] } = bot;
  const state = botState(bot);
  if (fault !== null) return fault;
  const [worst] = causes;
  if (worst !== undefined && state !== 'paused') return wordsOfCause(worst).what;
  const isFailing = state === 'circuitOpen' || state === 'unpulled' || state === 'failed';
  return isFailing && lastFailure !== null ? whatFailed(lastFailure, t()) : null;
}
