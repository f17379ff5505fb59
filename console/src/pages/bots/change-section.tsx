import { useId, useState } from 'preact/hooks';
import type { BotAnswer } from '../../api/answers.gen.js';
import { changeBot } from '../../api/bots.js';
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

/** What is typed stays while the bot is read again. */
export function ChangeSection({ bot, onChange }: ChangeSectionProps) {
  const { bots } = t();
  const id = useId();
  const section = useScrolledTo<HTMLElement>('change');
  const [name, setName] = useState(bot.name);
  const [accounts, setAccounts] = useState(bot.openKfIds.join('\n'));
  const [url, setUrl] = useState(bot.callback?.url ?? '');
  const [timeoutMs, setTimeoutMs] = useState(String(bot.callback?.timeoutMs ?? ''));
  const action = useAction(async () => {
    const callback = { url: url.trim(), timeoutMs: Number(timeoutMs) };
    const change = { name: name.trim(), openKfIds: readAccountIds(accounts) };
    await changeBot(bot.id, bot.callback === null ? change : { ...change, callback });
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
        {bot.callback !== null && (
          <>
            <Field
              label={bots.address}
              hint={bots.addressChange}
              value={url}
              type="url"
              isMono
              isRequired
              onInput={setUrl}
            />
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
          </>
        )}
        {action.error !== null && <Problem error={action.error} titles={bots.problems} />}
        <ChangeButton type="submit" class="button" aria-disabled={action.isRunning}>
          {action.isRunning ? bots.saving : bots.save}
        </ChangeButton>
      </form>
    </section>
  );
}
