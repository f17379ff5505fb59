import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import type { ProgramName } from '../../bots/programs.js';
import { Icon } from '../../components/icon.js';
import { Page } from '../../components/page.js';
import { tell } from '../../data/notices.js';
import { useOneTime } from '../../data/one-time.js';
import { t } from '../../i18n/language.js';
import { AccountsStep } from './accounts-step.js';
import { AddedBot } from './added-bot.js';
import { AddressStep } from './address-step.js';
import { type Draft, draftFor } from './draft.js';
import { ProgramStep } from './program-step.js';

type Step = 'program' | 'accounts' | 'address';
const STEPS: readonly Step[] = ['program', 'accounts', 'address'];

interface Added {
  readonly bot: BotCreatedAnswer;
  readonly program: ProgramName;
}

/** Its secrets live in this page alone, and are gone with it; a session that expires meanwhile does not take them along. */
export function AddBotPage() {
  const { bots } = t();
  const { route } = useLocation();
  const [step, setStep] = useState<Step>('program');
  const [draft, setDraft] = useState(() => draftFor('langbot'));
  const [added, setAdded] = useOneTime<Added>('bot');
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const created = (bot: BotCreatedAnswer): void => {
    // There is nothing to paste anywhere.
    if (bot.kind === 'none') {
      tell(bots.leftToPeople(bot.name));
      return route('/console/bots');
    }
    setAdded({ bot, program: draft.program });
    // With what was secret in it.
    setDraft(draftFor('langbot'));
  };
  const number = added === null ? STEPS.indexOf(step) + 1 : STEPS.length + 1;
  return (
    <>
      <a class="back" href="/console/bots">
        <Icon name="back" />
        {bots.toList}
      </a>
      {/* Each step begins at its heading. */}
      <Page
        key={number}
        title={added === null ? bots.stepTitles[step] : bots.added(added.bot.name)}
        intro={`${bots.stepOf(number, STEPS.length + 1)} ${added === null ? bots.stepText[step] : bots.addedIntro}`}
      >
        {added !== null ? (
          <AddedBot {...added} />
        ) : (
          <>
            {step === 'program' && (
              <ProgramStep draft={draft} onChange={change} onNext={() => setStep('accounts')} />
            )}
            {step === 'accounts' && (
              <AccountsStep
                draft={draft}
                onChange={change}
                onNext={() => setStep('address')}
                onBack={() => setStep('program')}
              />
            )}
            {step === 'address' && (
              <AddressStep
                draft={draft}
                onChange={change}
                onCreated={created}
                onBack={() => setStep('accounts')}
              />
            )}
          </>
        )}
      </Page>
    </>
  );
}
