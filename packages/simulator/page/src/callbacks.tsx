import type { CallbackAttempt, CallbackRecord } from '../../callbacks/callback-record.js';
import type { ChatMessage } from '../../corp/chat.js';
import { RecordLink, useFollowed } from './link.js';
import { pullsOf } from './links.js';
import { ofApp, view } from './server.js';
import { timeOf } from './time.js';
import { t } from './words.js';

export function Callbacks() {
  const { apps = [], callbacks = [] } = view.value ?? {};
  const unsaved = apps.filter(({ isCallbackSaved }) => !isCallbackSaved);
  return (
    <div class="scroll">
      {unsaved.map(({ name }) => (
        <p key={name} class="notice">
          {ofApp(name)}
          {t('notSaved')}
        </p>
      ))}
      {callbacks.length === 0 && unsaved.length < apps.length && <p class="empty">{t('noCallbacks')}</p>}
      <ol class="records">
        {[...callbacks].reverse().map((callback) => (
          <Callback key={callback.id} callback={callback} />
        ))}
      </ol>
    </div>
  );
}

function Callback({ callback }: { readonly callback: CallbackRecord }) {
  const { id, app, openKfId, atMs, attempts, state } = callback;
  const message = view.value?.messages.find(({ msgid }) => msgid === callback.msgid);
  const account = view.value?.accounts.find((one) => one.openKfId === openKfId)?.name;
  return (
    <li {...useFollowed('callbacks', id)}>
      <p class="head">
        <span class={`badge ${state}`}>{t(state)}</span>
        <strong>#{id}</strong> kf_msg_or_event{' '}
        <span class="muted">
          {ofApp(app)}
          {account}
        </span>
        <time>{timeOf(atMs)}</time>
      </p>
      <p class="links muted">
        {message !== undefined && <span class="excerpt">{excerptOf(message)}</span>}
        {pullsOf(callback).map((call) => (
          <RecordLink key={call.id} to="calls" id={call.id} />
        ))}
      </p>
      {attempts.length > 0 && (
        <table>
          <tbody>
            {attempts.map((attempt) => (
              <Attempt key={attempt.number} attempt={attempt} sinceMs={atMs} />
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}

/** The message that it tells of. */
function excerptOf({ msgtype, body }: ChatMessage): string {
  return msgtype === 'text' ? String(body.content) : msgtype;
}

function Attempt({ attempt, sinceMs }: { readonly attempt: CallbackAttempt; readonly sinceMs: number }) {
  const { number, startedAtMs, tookMs, outcome, status, detail } = attempt;
  return (
    <tr class={outcome === 'taken' ? '' : 'bad'}>
      <th scope="row">
        {t('attempt')} {number}
      </th>
      <td>+{((startedAtMs - sinceMs) / 1_000).toFixed(1)} s</td>
      <td>{status ?? t(outcome)}</td>
      <td>{tookMs} ms</td>
      <td class="detail">{outcome === 'cut' ? '' : detail}</td>
    </tr>
  );
}
