import { useId, useState } from 'preact/hooks';
import type { BotAnswer } from '../../api/answers.gen.js';
import { type BotChange, changeBot } from '../../api/bots.js';
import { readAccountIds } from '../../bots/account-ids.js';
import { ChangeButton } from '../../components/change-button.js';
import { Field } from '../../components/field.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';
import { AccountIds } from './account-ids-field.js';
import { useScrolledTo } from './scrolled-to.js';

interface ChangeSectionProps {
  readonly bot: BotAnswer;
  readonly onChange: () => void;
}

/** As somebody has typed it. */
interface Typed {
  readonly name: string;
  readonly accounts: string;
  readonly url: string;
  readonly timeoutMs: string;
}

/** What is other than it was: the query of the URL is not shown, and somebody else may have changed the rest meanwhile. */
function changeOf({ name, openKfIds, callback }: BotAnswer, typed: Typed): BotChange {
  const [newName, url, timeoutMs] = [typed.name.trim(), typed.url.trim(), Number(typed.timeoutMs)];
  const ids = readAccountIds(typed.accounts);
  const ofCallback = {
    ...(url !== callback?.url && { url }),
    ...(timeoutMs !== callback?.timeoutMs && { timeoutMs }),
  };
  return {
    ...(newName !== name && { name: newName }),
    ...(ids.join() !== openKfIds.join() && { openKfIds: ids }),
    ...(callback !== null && Object.keys(ofCallback).length > 0 && { callback: ofCallback }),
  };
}

/** What is typed stays while the bot is read again. */
export function ChangeSection({ bot, onChange }: ChangeSectionProps) {
  const { bots } = t();
  const id = useId();
  const section = useScrolledTo<HTMLElement>('change');
  const [before, setBefore] = useState(bot);
  const [name, setName] = useState(bot.name);
  const [accounts, setAccounts] = useState(bot.openKfIds.join('\n'));
  const [url, setUrl] = useState(bot.callback?.url ?? '');
  const [timeoutMs, setTimeoutMs] = useState(String(bot.callback?.timeoutMs ?? ''));
  const action = useAction(async () => {
    const changed = await changeBot(bot.id, changeOf(before, { name, accounts, url, timeoutMs }));
    setBefore(changed);
    setAccounts(changed.openKfIds.join('\n'));
    setUrl(changed.callback?.url ?? '');
    tell(bots.changed(name.trim()));
    onChange();
  });
  return (
    <section ref={section} class="card" aria-labelledby={id}>
      <h2 id={id}>{bots.change}</h2>
      <form
        class="form group"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <Field label={bots.name} value={name} isRequired onInput={setName} />
        <AccountIds
          label={bots.accounts}
          hint={bots.accountsHint}
          value={accounts}
          isRequired
          onInput={setAccounts}
        />
        {bot.kind === 'callback' && (
          <Field
            label={bots.address}
            hint={bots.addressChange}
            value={url}
            type="url"
            isMono
            isRequired
            onInput={setUrl}
          />
        )}
        {bot.callback !== null && (
          <Field
            label={bots.timeout}
            hint={bots.timeoutHint}
            value={timeoutMs}
            type="number"
            min={500}
            max={10_000}
            isRequired
            onInput={setTimeoutMs}
          />
        )}
        {action.error !== null && <Problem error={action.error} titles={bots.problems} />}
        <ChangeButton type="submit" class="button" aria-disabled={action.isRunning}>
          {action.isRunning ? bots.saving : bots.save}
        </ChangeButton>
      </form>
    </section>
  );
}
