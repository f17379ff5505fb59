import { useRef, useState } from 'preact/hooks';
import type { BotCreatedAnswer } from '../../api/answers.gen.js';
import { OF_EVENTS, PROGRAMS, type Program, type ProgramName } from '../../bots/programs.js';
import { settingGroups } from '../../bots/setting-lines.js';
import { CopyField } from '../../components/copy-field.js';
import { t } from '../../i18n/language.js';
import { ManagerAddress } from './manager-address.js';
import { SavedBanner } from './saved-banner.js';
import { labelOf, SettingFields } from './setting-fields.js';

interface PasteBotSectionProps {
  readonly bot: BotCreatedAnswer;
  readonly program: ProgramName;
  readonly isSaved: boolean;
  /** Its secrets are elsewhere, too: all were copied, or somebody says so. */
  readonly onSaved: () => void;
}

/** What the program's own settings ask for, place by place. */
export function PasteBotSection({ bot, program, isSaved, onSaved }: PasteBotSectionProps) {
  const { bots } = t();
  const [address, setAddress] = useState(location.origin);
  const copied = useRef(new Set<string>());
  const known: Program = PROGRAMS[program];
  const title = known.title ?? bots.untitled[program === 'noAddress' ? program : 'other'];
  const groups = settingGroups(known, { ...bot, address, url: bot.callback?.url ?? null });
  const secrets = groups.flatMap(({ lines }) => lines).filter((line) => 'value' in line && line.isSecret);
  const isSigned = bot.kind === 'puppet' && bot.takes === 'message';
  const labels = [...secrets.map(labelOf), ...(isSigned ? [bots.signingSecret] : [])];
  const notes = known.notes.filter((note) => bot.takes === 'event' || !OF_EVENTS.has(note));
  const onCopied = (label: string): void => {
    copied.current.add(label);
    if (labels.every((one) => copied.current.has(one))) onSaved();
  };
  return (
    <section class="card">
      <h2>{bots.paste(title)}</h2>
      <ManagerAddress address={address} onInput={setAddress} />
      {groups.map(({ place, lines }) => (
        <div key={`${place} ${lines.length}`} class="group">
          <h3>{bots.places[place]}</h3>
          <SettingFields lines={lines} onCopied={onCopied} />
        </div>
      ))}
      {isSigned && (
        <div class="group">
          <p class="small muted">{bots.signingSecretText}</p>
          <CopyField
            label={bots.signingSecret}
            value={bot.signingSecret}
            onCopied={() => onCopied(bots.signingSecret)}
          />
        </div>
      )}
      <SavedBanner isSaved={isSaved} onSaved={onSaved} />
      <details class="group">
        <summary>{bots.keyAlone}</summary>
        <p class="small muted">{bots.keyAloneText}</p>
        <CopyField label={bots.fillings.key} value={bot.key} />
      </details>
      {notes.length > 0 && (
        <div class="group">
          <h3>{bots.mindThis(title)}</h3>
          <ul class="notes">
            {notes.map((note) => (
              <li key={note}>{bots.notes[note]}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
