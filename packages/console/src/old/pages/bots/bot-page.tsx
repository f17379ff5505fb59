import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import type { BotAnswer } from '../../api/answers.gen.js';
import { ApiError } from '../../api/api-error.js';
import { getBot } from '../../api/bots.js';
import { ChangeButton } from '../../components/change-button.js';
import { Chip } from '../../components/chip.js';
import { Empty } from '../../components/empty.js';
import { Icon } from '../../components/icon.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { BotFacts } from './bot-facts.js';
import { botState } from './bot-state.js';
import { BOT_TONES } from './bot-tone.js';
import { ClientsSection } from './clients-section.js';
import { ChangeSection } from './change-section.js';
import { KeySection } from './key-section.js';
import { MessagesSection } from './messages-section.js';
import { RemoveDialog } from './remove-dialog.js';
import { TakesSection } from './takes-section.js';
import { VerifyPart } from './verify-part.js';

const EVERY_MS = 3_000;

export function BotPage() {
  const { bots } = t();
  const id = useRoute().params.id ?? '';
  const polled = usePolled(`bot ${id}`, (signal) => getBot(id, signal), EVERY_MS);
  return (
    <>
      <a class="back" href="/console/bots">
        <Icon name="back" />
        {bots.toList}
      </a>
      <Page title={polled.data?.name ?? bots.title}>
        {isUnknown(polled.error) ? (
          <Empty title={bots.gone} text={bots.goneText} />
        ) : (
          <Loaded of={polled}>{(bot) => <Bot bot={bot} onChange={polled.refresh} />}</Loaded>
        )}
      </Page>
    </>
  );
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'BOT_NOT_FOUND';
}

interface BotProps {
  readonly bot: BotAnswer;
  readonly onChange: () => void;
}

function Bot({ bot, onChange }: BotProps) {
  const { bots } = t();
  const state = botState(bot);
  return (
    <>
      <p class="state-line">
        <Chip tone={BOT_TONES[state]} text={bots.states[state]} /> {bots.stateText[state]}
      </p>
      <div class="cards">
        <section class="card">
          <h2>{bots.facts}</h2>
          <BotFacts bot={bot} />
        </section>
        {bot.kind === 'callback' && (
          <section class="card">
            <h2>{bots.verify}</h2>
            <p class="muted">{bots.verifyText}</p>
            <VerifyPart bot={bot} />
          </section>
        )}
        {(bot.kind === 'stream' || bot.clients > 0) && <ClientsSection bot={bot} />}
        <ChangeSection bot={bot} onChange={onChange} />
        {mayTakeMessages(bot) && <TakesSection bot={bot} onChange={onChange} />}
        {bot.takes === 'message' && <MessagesSection bot={bot} />}
        {bot.kind !== 'none' && <KeySection bot={bot} />}
        <RemoveSection bot={bot} />
      </div>
    </>
  );
}

/** The manager answers the pulls of a callback bot only where they come to it. */
function mayTakeMessages({ kind, api }: BotAnswer): boolean {
  return kind === 'puppet' || kind === 'stream' || (kind === 'callback' && api === 'manager');
}

function RemoveSection({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const { route } = useLocation();
  const [isAsking, setAsking] = useState(false);
  return (
    <section class="card">
      <h2>{bots.remove}</h2>
      <p class="muted">{bots.removeWhat}</p>
      <ChangeButton
        type="button"
        class="button danger"
        aria-label={bots.removeOf(bot.name)}
        onClick={() => setAsking(true)}
      >
        {bots.remove}
      </ChangeButton>
      {isAsking && (
        <RemoveDialog bot={bot} onRemoved={() => route('/console/bots')} onClose={() => setAsking(false)} />
      )}
    </section>
  );
}
