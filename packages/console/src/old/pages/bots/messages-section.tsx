import type { BotAnswer } from '../../api/answers.gen.js';
import { toQuery } from '../../api/query.js';
import { ALL_OTHERS } from '../../bots/account-ids.js';
import { t } from '../../i18n/language.js';

/** To the messages that wait for the bot: of its account where it has one, of its corp where it has several. */
export function MessagesSection({ bot: { corpId, openKfIds } }: { readonly bot: BotAnswer }) {
  const { messages } = t();
  const [openKfId = ''] = openKfIds.length === 1 && !openKfIds.includes(ALL_OTHERS) ? openKfIds : [];
  const lists = [
    { to: `/console/outbox/messages${toQuery({ corpId, openKfId })}`, text: messages.waiting },
    { to: `/console/outbox/messages${toQuery({ corpId, openKfId, state: 'dead' })}`, text: messages.dead },
  ];
  return (
    <section class="card">
      <h2>{messages.title}</h2>
      <p class="muted">{messages.ofBot}</p>
      <div class="actions">
        {lists.map(({ to, text }) => (
          <a key={to} class="button" href={to}>
            {text}
          </a>
        ))}
      </div>
    </section>
  );
}
