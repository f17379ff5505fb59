import type { StatusAnswer } from '../../api/answers.gen.js';
import { formatDateTime, formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** Which process answers. */
export function ReplicaFacts({ status }: { readonly status: StatusAnswer }) {
  const { overview } = t();
  const { storage } = status;
  return (
    <section>
      <h2>{overview.about}</h2>
      <dl className="facts inline">
        <div>
          <dt>{overview.replica}</dt>
          <dd className="mono">{status.replica}</dd>
        </div>
        <div>
          <dt>{overview.version}</dt>
          <dd>{status.version}</dd>
        </div>
        <div>
          <dt>{overview.uptime}</dt>
          <dd title={formatDateTime(status.startedAt)}>{formatSeconds(status.uptimeS)}</dd>
        </div>
        <div>
          <dt>{overview.storage}</dt>
          <dd>
            {overview.storageKinds[storage.kind]}, {storage.up ? overview.up : overview.down}
          </dd>
        </div>
        <div>
          <dt>{overview.ready}</dt>
          <dd>{status.ready ? overview.yes : overview.no}</dd>
        </div>
        <div>
          <dt>{overview.node}</dt>
          <dd>{status.node}</dd>
        </div>
      </dl>
    </section>
  );
}
