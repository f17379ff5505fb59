import { useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { useChange } from '../../api/answers.js';
import { removeBot } from '../../api/bots.js';
import type { BotAnswer } from '../../api/answers.gen.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';

/** Asks for its name first. */
export function RemoveBot({ bot: { id, name } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const [isAsking, setAsking] = useState(false);
  // The list asks anew by itself; this bot's own answer is no more.
  const change = useChange(removeBot, []);
  return (
    <section className="card" aria-labelledby="bot-remove">
      <h2 id="bot-remove">{bots.remove}</h2>
      <p className="muted">{bots.removeWhat}</p>
      <ChangeButton danger aria-label={bots.removeOf(name)} onClick={() => setAsking(true)}>
        {bots.remove}
      </ChangeButton>
      <Confirm
        title={bots.removeAsk(name)}
        text={bots.removeWhat}
        run={bots.removeRun}
        isDangerous
        name={name}
        change={change}
        argument={id}
        told={() => bots.removed(name)}
        onDone={() => navigate(PAGES.bots)}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
      />
    </section>
  );
}
