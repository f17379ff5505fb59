import { CheckCircleFilled, ClockCircleOutlined } from '@ant-design/icons';
import { Alert, Skeleton } from 'antd';
import { type ReactNode, useState } from 'react';
import type { BotCreatedAnswer, BotAnswer } from '../../api/answers.gen.js';
import { useBot } from '../../api/bots.js';
import { CopyField } from '../../components/copy.js';
import { LinkButton } from '../../components/link-button.js';
import { Loaded } from '../../components/loaded.js';
import { FailureRemedy } from '../../components/remedy.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { ManagerAddress } from './bot-key.js';
import { OwnProgram } from './own-program.js';
import { titleOf } from './program-step.js';
import { OF_EVENTS, OF_MESSAGES, PROGRAMS, type Program, type ProgramName } from './programs.js';
import { SecretsNote, useSaving } from './secrets-note.js';
import { labelOf, SettingFields } from './setting-fields.js';
import { settingGroups } from './setting-lines.js';
import { VerifyPart } from './verify-bot.js';

interface AddedBotProps {
  readonly bot: BotCreatedAnswer;
  readonly program: ProgramName;
}

/** What to paste into the program, and whether it has worked. */
export function AddedBot({ bot, program }: AddedBotProps) {
  return (
    <div className="columns">
      <Paste bot={bot} program={program} />
      <FirstMessage bot={bot} program={PROGRAMS[program]} />
    </div>
  );
}

/** What the program's own settings ask for, place by place. */
function Paste({ bot, program }: AddedBotProps) {
  const { bots } = t();
  const [address, setAddress] = useState(location.origin);
  const known: Program = PROGRAMS[program];
  const title = titleOf(program);
  const groups = settingGroups(known, { ...bot, address, url: bot.callback?.url ?? null });
  const secrets = groups.flatMap(({ lines }) => lines).filter((line) => 'value' in line && line.isSecret);
  const isSigned = bot.kind === 'puppet' && bot.takes === 'message';
  const saving = useSaving([...secrets.map(labelOf), ...(isSigned ? [bots.signingSecret] : [])]);
  const notes = known.notes.filter((note) => !(bot.takes === 'event' ? OF_MESSAGES : OF_EVENTS).has(note));
  return (
    <section className="card form" aria-labelledby="paste">
      <h2 id="paste">{bots.paste(title)}</h2>
      <SecretsNote saving={saving} />
      <ManagerAddress address={address} onInput={setAddress} />
      {groups.map(({ place, lines }) => (
        <div key={`${place} ${lines.length}`} className="form">
          <h3>{bots.places[place]}</h3>
          <SettingFields lines={lines} onCopied={saving.onCopied} />
        </div>
      ))}
      {program === 'own' && <OwnProgram />}
      {isSigned && (
        <>
          <p className="small muted">{bots.signingSecretText}</p>
          <CopyField
            label={bots.signingSecret}
            value={bot.signingSecret}
            onCopied={() => saving.onCopied(bots.signingSecret)}
          />
        </>
      )}
      <details>
        <summary>{bots.keyAlone}</summary>
        <div className="form">
          <p className="small muted">{bots.keyAloneText}</p>
          <CopyField label={bots.fillings.key} value={bot.key} />
        </div>
      </details>
      {notes.length > 0 && (
        <div className="form">
          <h3>{bots.mindThis(title)}</h3>
          <ul className="notes">
            {notes.map((note) => (
              <li key={note}>{bots.notes[note]}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

const EVERY_MS = 1_500;

interface FirstMessageProps {
  readonly bot: BotCreatedAnswer;
  readonly program: Program;
}

/** How far a new bot is on its way to its first message. */
function FirstMessage({ bot: added, program }: FirstMessageProps) {
  const { apps, bots } = t();
  const [isVerified, setVerified] = useState(false);
  const isVerifiable = program.kind === 'callback' && program.form === undefined;
  return (
    <section className="card form" aria-labelledby="progress">
      <h2 id="progress">{apps.steps}</h2>
      {isVerifiable && (
        <div className="actions">
          <VerifyPart bot={added} onResult={({ verified }) => setVerified(verified)} />
        </div>
      )}
      <Loaded of={useBot(added.id, EVERY_MS)} skeleton={<Skeleton active paragraph={{ rows: 4 }} />}>
        {(bot) => (
          <>
            <ol className="plain" aria-label={apps.steps}>
              {isVerifiable && (
                <Step
                  title={bots.stepVerified}
                  isDone={isVerified}
                  wait={bots.stepVerifiedWait}
                  help={bots.stepVerifiedHelp}
                />
              )}
              {bot.kind === 'stream' && (
                <Step
                  title={bots.stepConnected}
                  isDone={bot.clients > 0}
                  wait={bots.stepConnectedWait}
                  help={bots.stepConnectedHelp}
                />
              )}
              <Step
                title={bots.stepTaken}
                isDone={bot.lastTakenAt !== null}
                done={<Ago at={bot.lastTakenAt} />}
                wait={bots.stepTakenWait}
                help={bot.callback === null ? bots.stepTakenHelp.puppet : bots.stepTakenHelp.callback}
              />
            </ol>
            <Outcome bot={bot} />
          </>
        )}
      </Loaded>
      {/* This page has secrets that would be gone with it. */}
      <p>
        <a href={pathOf.bot(added.id)} target="_blank" rel="noreferrer">
          {bots.correctUrl}
        </a>
      </p>
      {added.takes === 'message' && (
        <p>
          <a href={pathOf.botSessions(added.id)} target="_blank" rel="noreferrer">
            {bots.shareCustomers}
          </a>
        </p>
      )}
    </section>
  );
}

function Outcome({ bot: { id, name, lastTakenAt, lastFailure } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  return (
    <>
      {lastTakenAt === null && lastFailure !== null && <FailureRemedy failure={lastFailure} />}
      <div role="status">
        {lastTakenAt !== null && (
          <Alert
            type="success"
            showIcon
            title={bots.done}
            action={<LinkButton href={pathOf.bot(id)}>{bots.openBot(name)}</LinkButton>}
          />
        )}
      </div>
    </>
  );
}

interface ProgressStepProps {
  readonly title: string;
  readonly isDone: boolean;
  /** Said beside it once it is done. */
  readonly done?: ReactNode;
  /** What to do for it. */
  readonly wait: string;
  /** What to look at when that is of no use. */
  readonly help: readonly string[];
}

/** Grey until it is done, then green. */
function Step({ title, isDone, done, wait, help }: ProgressStepProps) {
  const { apps } = t();
  return (
    <li className={isDone ? 'progress done' : 'progress'}>
      {isDone ? <CheckCircleFilled /> : <ClockCircleOutlined />}
      <div>
        <p>
          <strong>{title}</strong> <span className="unseen">({isDone ? apps.stepDone : apps.stepOpen})</span>{' '}
          {isDone && <span className="muted small">{done}</span>}
        </p>
        {!isDone && (
          <>
            <p className="muted">{wait}</p>
            <details>
              <summary>{apps.stays}</summary>
              <ul className="notes">
                {help.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </details>
          </>
        )}
      </div>
    </li>
  );
}
