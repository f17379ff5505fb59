import { useState } from 'preact/hooks';
import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import type { ProgramName } from '../../bots/programs.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { t } from '../../i18n/language.js';
import { FirstMessage } from './first-message.js';
import { PasteBotSection } from './paste-bot-section.js';

interface AddedBotProps {
  readonly bot: BotCreatedAnswer;
  readonly program: ProgramName;
}

/** What to paste into the program, and whether it has worked. */
export function AddedBot({ bot, program }: AddedBotProps) {
  const { bots } = t();
  const [isSaved, setSaved] = useState(false);
  return (
    <div class="cards">
      <PasteBotSection bot={bot} program={program} isSaved={isSaved} onSaved={() => setSaved(true)} />
      <FirstMessage bot={bot} />
      {!isSaved && <LeaveQuestion title={bots.leaveAsk} text={bots.once} run={bots.leaveRun} />}
    </div>
  );
}
