import { useState } from 'react';
import type { HintAnswer, AccountAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { dropHint, replayHint } from '../../api/hints.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { ErrorNote } from '../../components/error-note.js';
import { useTell } from '../../components/tell.js';
import { Ago, Due } from '../../components/times.js';
import { formatDateTime, formatNumber, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { untriedWords } from '../waiting/untried.js';

const TOUCHED = ['/api/v1/accounts', '/api/v1/hints', '/api/v1/deliveries', '/api/v1/status'];

/** How much waits or is dead, and of its events why, since when, and what can be done. */
export function WhatWaits({ account }: { readonly account: AccountAnswer }) {
  const { accounts } = t();
  const { openKfId, waiting, hint } = account;
  const all = waiting === null ? null : waiting.events + waiting.messages + waiting.dead;
  return (
    <section className="card">
      <h2>{accounts.waits}</h2>
      {all === null && <p className="muted">{accounts.waitsUnknown}</p>}
      {all === 0 && hint === null && <p className="muted">{accounts.nothingWaits}</p>}
      {waiting !== null && (all ?? 0) > 0 && (
        <dl className="facts inline">
          {(['events', 'messages', 'dead'] as const).map((name) => (
            <div key={name}>
              <dt>{accounts[name]}</dt>
              <dd>{formatNumber(waiting[name])}</dd>
            </div>
          ))}
        </dl>
      )}
      {hint !== null && <HintFacts hint={hint} />}
      <HintActions hint={hint} name={account.name || openKfId} />
    </section>
  );
}

function HintFacts({ hint }: { readonly hint: HintAnswer }) {
  const { accounts, outbox } = t();
  return (
    <>
      <dl className="facts">
        <dt>{accounts.waitsSince}</dt>
        <dd>{formatSince(hint.waitingSince)}</dd>
        <dt>{accounts.arrived}</dt>
        <dd>
          <Ago at={hint.arrivedAt} />
        </dd>
        <dt>{accounts.attempts}</dt>
        <dd>{untriedWords(hint, outbox) ?? formatNumber(hint.attempts)}</dd>
        <dt>{accounts.due}</dt>
        <dd>
          <DueOf hint={hint} />
        </dd>
      </dl>
      {hint.isSyncTokenExpired && <p className="small muted">{accounts.tokenExpired}</p>}
    </>
  );
}

function DueOf({ hint: { state, isUnderWay, dueAt } }: { readonly hint: HintAnswer }) {
  const { accounts, outbox } = t();
  if (isUnderWay) return <>{accounts.underWay}</>;
  if (state === 'dead') return <>{outbox.dueNever}</>;
  if (state === 'parked') return <>{outbox.dueWhenRegistered}</>;
  return <Due at={dueAt} />;
}

interface HintActionsProps {
  /** null where none waits (any more). */
  readonly hint: HintAnswer | null;
  readonly name: string;
}

/** Send it now, or lose it. */
function HintActions({ hint, name }: HintActionsProps) {
  const { outbox } = t();
  const tell = useTell();
  const replay = useChange(replayHint, TOUCHED);
  const drop = useChange(dropHint, TOUCHED);
  /** As it was when somebody wanted it dropped: a newer event of the account is not meant. */
  const [asked, setAsked] = useState<HintAnswer | null>(null);
  const [isOpen, setOpen] = useState(false);
  const isDead = hint?.state === 'dead';
  return (
    <>
      {hint !== null && (
        <div className="actions">
          <ChangeButton
            type={hint.state === 'parked' ? 'default' : 'primary'}
            aria-label={isDead ? outbox.replayDeadOf(name) : outbox.replayOf(name)}
            loading={replay.isPending}
            onClick={() => replay.mutate(hint, { onSuccess: () => tell(outbox.replayed(name)) })}
          >
            {isDead ? outbox.replayDead : outbox.replay}
          </ChangeButton>
          <ChangeButton
            danger
            aria-label={outbox.dropOf(name)}
            onClick={() => {
              setAsked(hint);
              setOpen(true);
            }}
          >
            {outbox.drop}
          </ChangeButton>
        </div>
      )}
      {replay.error !== null && <ErrorNote error={replay.error} />}
      {asked !== null && (
        <Confirm
          title={outbox.dropAsk(name)}
          text={outbox.dropWhat(asked.openKfId, formatDateTime(asked.arrivedAt))}
          run={outbox.dropRun}
          isDangerous
          change={drop}
          argument={asked}
          told={() => outbox.dropped(name)}
          gone={hint === null ? outbox.dropGone : undefined}
          isOpen={isOpen}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
