import { useId, useState } from 'preact/hooks';
import type { BotAnswer } from '../../api/answers.gen.js';
import { ChangeButton } from '../../components/change-button.js';
import { Chip } from '../../components/chip.js';
import { t } from '../../i18n/language.js';
import { BotFacts } from './bot-facts.js';
import { botState } from './bot-state.js';
import { BOT_TONES } from './bot-tone.js';
import { RemoveDialog } from './remove-dialog.js';
import { VerifyPart } from './verify-part.js';

interface BotCardProps {
  readonly bot: BotAnswer;
  readonly onChange: () => void;
}

export function BotCard({ bot, onChange }: BotCardProps) {
  const { bots } = t();
  const id = useId();
  const state = botState(bot);
  const [isRemoving, setRemoving] = useState(false);
  const page = `/console/bots/${encodeURIComponent(bot.id)}`;
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id} class="wrap">
          <a href={page}>{bot.name}</a>
        </h2>
        <Chip tone={BOT_TONES[state]} text={bots.states[state]} />
      </div>
      <BotFacts bot={bot} />
      {bot.callback !== null && <VerifyPart bot={bot} />}
      <div class="actions">
        <a class="button" href={`${page}#change`} aria-label={bots.changeOf(bot.name)}>
          {bots.change}
        </a>
        {bot.kind !== 'none' && (
          <a class="button" href={`${page}#key`} aria-label={bots.newKeyOf(bot.name)}>
            {bots.newKey}
          </a>
        )}
        <ChangeButton
          type="button"
          class="button danger"
          aria-label={bots.removeOf(bot.name)}
          onClick={() => setRemoving(true)}
        >
          {bots.remove}
        </ChangeButton>
      </div>
      {isRemoving && <RemoveDialog bot={bot} onRemoved={onChange} onClose={() => setRemoving(false)} />}
    </section>
  );
}
