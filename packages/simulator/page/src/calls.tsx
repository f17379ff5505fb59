import type { CallRecord } from '../../api/call-log.js';
import { RecordLink, useFollowed } from './link.js';
import { callbackOfCall } from './links.js';
import { ofApp, view } from './server.js';
import { timeOf } from './time.js';
import { t } from './words.js';

export function Calls() {
  const { calls = [] } = view.value ?? {};
  return (
    <div class="scroll">
      {calls.length === 0 && <p class="empty">{t('noCalls')}</p>}
      <ol class="records">
        {[...calls].reverse().map((call) => (
          <Call key={call.id} call={call} />
        ))}
      </ol>
    </div>
  );
}

function Call({ call }: { readonly call: CallRecord }) {
  const { method, api, app, errcode, errmsg, atMs, tookMs, request, answer } = call;
  const isGood = errcode === 0;
  const callback = callbackOfCall(call);
  return (
    <li {...useFollowed('calls', call.id)}>
      <details>
        <summary>
          <span class={`badge ${isGood ? 'taken' : 'given-up'}`}>{errcode}</span>
          <strong>
            {method} {api}
          </strong>
          <span class="muted">
            {ofApp(app)}
            {call.id} · {tookMs} ms
          </span>
          <time>{timeOf(atMs)}</time>
        </summary>
        <h3>{t('request')}</h3>
        <pre>{request || '–'}</pre>
        <h3>{t('answer')}</h3>
        <pre>{answer}</pre>
      </details>
      {callback !== undefined && (
        <p class="links">
          <RecordLink to="callbacks" id={callback.id} />
        </p>
      )}
      {!isGood && <p class="why">{errmsg.replace(/, hint: .*/, '')}</p>}
    </li>
  );
}
