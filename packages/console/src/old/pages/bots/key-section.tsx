import { useId, useState } from 'preact/hooks';
import type { BotAnswer, BotWithKeyAnswer } from '../../api/answers.gen.js';
import { renewBotKey } from '../../api/bots.js';
import { keyLines } from '../../bots/setting-lines.js';
import { ChangeButton } from '../../components/change-button.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { useOneTime } from '../../data/one-time.js';
import { t } from '../../i18n/language.js';
import { ManagerAddress } from './manager-address.js';
import { SavedBanner } from './saved-banner.js';
import { useScrolledTo } from './scrolled-to.js';
import { SettingFields } from './setting-fields.js';

/** How long the old key is valid beside the new one, seconds. */
const OVERLAPS = ['3600', '86400', '604800', '0'] as const;
type Overlap = (typeof OVERLAPS)[number];

/** The key lives in this part of the page alone, and is gone with it. */
export function KeySection({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const id = useId();
  const section = useScrolledTo<HTMLElement>('key');
  const [overlap, setOverlap] = useState<Overlap>('3600');
  const [renewed, setRenewed] = useOneTime<BotWithKeyAnswer>(`key ${bot.id}`);
  const action = useAction(async () => {
    setRenewed(await renewBotKey(bot.id, Number(overlap)));
  });
  return (
    <section ref={section} class="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{bots.newKey}</h2>
      <p class="muted">{bots.newKeyText}</p>
      <div class="field">
        <label for={id}>{bots.overlap}</label>
        <select
          id={id}
          value={overlap}
          onChange={({ currentTarget }) => setOverlap(currentTarget.value as Overlap)}
        >
          {OVERLAPS.map((one) => (
            <option key={one} value={one}>
              {bots.overlaps[one]}
            </option>
          ))}
        </select>
      </div>
      <ChangeButton type="button" class="button" aria-disabled={action.isRunning} onClick={action.run}>
        {action.isRunning ? bots.makingKey : bots.makeKey}
      </ChangeButton>
      {action.error !== null && <Problem error={action.error} titles={bots.problems} />}
      {renewed !== null && <RenewedKey key={renewed.key} renewed={renewed} />}
    </section>
  );
}

function RenewedKey({ renewed }: { readonly renewed: BotWithKeyAnswer }) {
  const { bots } = t();
  const [address, setAddress] = useState(location.origin);
  const [isSaved, setSaved] = useState(false);
  const { api, corpId, openKfIds, callback, key } = renewed;
  const lines = keyLines({
    ...{ address, api, corpId, openKfIds, key },
    ...{ url: callback?.url ?? null, token: null, encodingAESKey: null },
  });
  return (
    <div class="group" role="group" aria-label={bots.newKey}>
      <p>{bots.keyIn}</p>
      <ManagerAddress address={address} onInput={setAddress} />
      <SettingFields lines={lines} onCopied={() => setSaved(true)} />
      <SavedBanner isSaved={isSaved} onSaved={() => setSaved(true)} />
      {!isSaved && <LeaveQuestion title={bots.leaveAsk} text={bots.once} run={bots.leaveRun} />}
    </div>
  );
}
