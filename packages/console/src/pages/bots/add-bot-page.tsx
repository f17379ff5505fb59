import { Steps } from 'antd';
import { useEffect } from 'react';
import { navigate } from 'wouter/use-browser-location';
import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import { refresh } from '../../api/answers.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { Page } from '../../components/page.js';
import { useTell } from '../../components/tell.js';
import { t } from '../../i18n/language.js';
import { PAGES, pathOf } from '../../shell/paths.js';
import { useOneTime } from '../../state/one-time.js';
import { AccountsStep } from './accounts-step.js';
import { AddedBot } from './added-bot.js';
import { AppStep } from './app-step.js';
import { BackToBots } from './bot-page.js';
import { type ChosenDraft, hasSettings, isChosen, NEW_DRAFT, STEPS } from './draft.js';
import { useKeptDraft } from './kept-draft.js';
import type { ProgramName } from './programs.js';
import { ProgramStep } from './program-step.js';

interface Added {
  readonly bot: BotCreatedAnswer;
  readonly program: ProgramName;
}

/** Its secrets live in this page alone, and are gone with it; a session that expires meanwhile does not take them along. */
export default function AddBotPage() {
  const { agents, bots } = t();
  const tell = useTell();
  const [draft, change] = useKeptDraft();
  const [added, setAdded] = useOneTime<Added>('bot');
  const created = (bot: BotCreatedAnswer, of: ChosenDraft): void => {
    void refresh('/api/v1/bots', '/api/v1/accounts', '/api/v1/status');
    change(NEW_DRAFT);
    if (hasSettings(of)) return setAdded({ bot, program: of.program });
    // There is nothing to paste anywhere.
    tell(bot.kind === 'agent' ? agents.added(bot.name) : bots.leftToPeople(bot.name));
    navigate(bot.kind === 'agent' ? pathOf.bot(bot.id) : PAGES.bots);
  };
  const pastes = added !== null || (isChosen(draft) && hasSettings(draft));
  const names = pastes ? [...STEPS, 'paste' as const] : STEPS;
  const step = added === null ? STEPS.indexOf(draft.step) : STEPS.length;
  useEffect(() => void scrollTo(0, 0), [step]);
  return (
    <>
      <BackToBots />
      {/* Each step begins at its heading. */}
      <Page key={step} title={added === null ? bots.stepTitles[draft.step] : bots.added(added.bot.name)}>
        <p className="muted">{added === null ? bots.stepText[draft.step] : bots.addedIntro}</p>
        <Steps
          size="small"
          className="wide-only steps"
          aria-label={bots.stepOf(step + 1, names.length)}
          current={step}
          items={names.map((name) => ({ title: bots.stepNames[name] }))}
        />
        {added !== null && <AddedBot {...added} />}
        {added === null && (
          <>
            {draft.step === 'app' && <AppStep draft={draft} onChange={change} />}
            {draft.step === 'accounts' && <AccountsStep draft={draft} onChange={change} />}
            {draft.step === 'program' && <ProgramStep draft={draft} onChange={change} onCreated={created} />}
            {step > 0 && <LeaveQuestion title={bots.dropAsk} text={bots.dropWhat} run={bots.leaveRun} />}
          </>
        )}
      </Page>
    </>
  );
}
