/**
 * Every metric of ours has one row here, with its name, type, labels and meaning. A feature makes its metrics by their names.
 * `npm run generate` writes the table of docs/reference/metrics.md from these rows.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/**
 * How to combine the values of several processes on one store: add them up, take any one of them, or keep them apart.
 * Counters and histograms are always added up.
 */
type OverReplicas = 'sum' | 'max' | 'each';

interface MetricRow<T extends MetricType, L extends string> {
  readonly type: T;
  readonly labels: readonly L[];
  readonly overReplicas: OverReplicas;
  /** Markdown without links, since Prometheus shows it too. */
  readonly meaning: string;
}

function counter<L extends string>(labels: readonly L[], meaning: string): MetricRow<'counter', L> {
  return { type: 'counter', labels, overReplicas: 'sum', meaning };
}

function histogram<L extends string>(labels: readonly L[], meaning: string): MetricRow<'histogram', L> {
  return { type: 'histogram', labels, overReplicas: 'sum', meaning };
}

function gauge<L extends string>(
  labels: readonly L[],
  overReplicas: OverReplicas,
  meaning: string,
): MetricRow<'gauge', L> {
  return { type: 'gauge', labels, overReplicas, meaning };
}

/** All metrics, in the order of docs/reference/metrics.md. */
export const METRICS = {
  wxkf_callback_duration_seconds: histogram(
    ['form', 'result'],
    'callbacks, from the complete request until its answer is decided. Requests refused earlier, for example for a body that is too long, are counted only as error answers',
  ),
  wxkf_callbacks_under_way: gauge([], 'sum', 'callbacks whose answer is not decided yet'),
  wxkf_overload_total: counter(
    ['action', 'reason'],
    'events that were kept without an attempt, and callbacks that were refused before they were read. The latter are otherwise counted only as error answers',
  ),
  wxkf_corp_callbacks_total: counter(
    ['corp', 'result'],
    'callbacks by corp, for at most 1,000 known corps; the others are `other`. Only with `METRICS_CORP_LABEL=true`',
  ),
  wxkf_verification_requests_total: counter(['result'], 'verifications of the callback URL'),
  wxkf_delivery_duration_seconds: histogram(
    ['occasion', 'outcome', 'stage'],
    "attempts to deliver an event or a message, from the first step to the puppet's status line or to the failure; of an event whose bot takes messages, to the end of the pull. An attempt that is running when its callback is answered is counted when it ends",
  ),
  wxkf_bot_attempts_total: counter(
    ['bot', 'name', 'outcome'],
    'attempts to deliver an event or a message to each bot that an operator added, tests included, by its id and name; a pull of its messages is not an attempt',
  ),
  wxkf_data_dir_free_bytes: gauge(
    [],
    'each',
    'bytes that the manager may still write to the disk of `DATA_DIR`. Left out with MongoDB',
  ),
  wxkf_agent_duration_seconds: histogram(
    ['result'],
    'questions to the services of agents, from the question to its whole answer or to the failure',
  ),
  wxkf_agent_tokens_total: counter([], 'tokens that services named for their answers to agents'),
  wxkf_hint_age_seconds: histogram(
    ['occasion'],
    'age of a kept event when its bot took it: how long a customer waited for a bot that was away',
  ),
  wxkf_hints: gauge(['state'], 'max', 'hints in the whole store. Left out while the store does not answer'),
  wxkf_oldest_waiting_hint_age_seconds: gauge(
    [],
    'max',
    'the longest wait of an account in the whole store, since its first event that no bot took; 0 when none waits. Left out while the store does not answer',
  ),
  wxkf_oldest_parked_hint_age_seconds: gauge(
    [],
    'max',
    'the longest wait in the whole store of an account without a bot, whose events are parked; 0 when none is parked. Left out while the store does not answer',
  ),
  wxkf_hints_kept_total: counter(
    ['stage'],
    'events that were kept, by the reason why no bot took them at once',
  ),
  wxkf_hints_coalesced_total: counter(
    [],
    "kept events that were merged into their account's existing hint, or that gave way to 20 newer ones of a `callback` bot",
  ),
  wxkf_hints_resynced_total: counter(
    [],
    'hints that a bot took without a sync token, because theirs had expired after ten minutes',
  ),
  wxkf_hints_buried_total: counter(
    ['stage'],
    'hints that became dead letters, by the reason why no bot took them',
  ),
  wxkf_messages: gauge(
    ['state'],
    'max',
    'messages in the whole store that wait for bots or are dead. Left out while the store does not answer',
  ),
  wxkf_oldest_waiting_message_age_seconds: gauge(
    [],
    'max',
    'age of the longest waiting message in the whole store, since it was kept; 0 when none waits. Left out while the store does not answer',
  ),
  wxkf_messages_pulled_total: counter(['kind'], 'messages that WeCom gave, by whether they were new'),
  wxkf_messages_untold_total: counter(
    [],
    "customers' messages that the manager found by a pull of its own, and of which no event of WeCom told within 30 s",
  ),
  wxkf_message_age_seconds: histogram([], 'time from when a message was kept until its bot took it'),
  wxkf_messages_buried_total: counter(['reason'], 'messages that became dead letters'),
  wxkf_messages_passed_over_total: counter(
    [],
    'events inside the messages, such as a customer who enters, that their bot refused each time: it gets what is behind them',
  ),
  wxkf_messages_repeated_total: counter(
    [],
    'messages that were sent although an earlier attempt may have been taken: its process died, or the outcome was not stored',
  ),
  wxkf_messages_unpulled_total: counter(
    [],
    'callbacks that a bot answered well without pulling their message within 60 s',
  ),
  wxkf_messages_handed_over_total: counter(
    [],
    'messages whose account went to another recipient, which was sent one event for them',
  ),
  wxkf_message_cursors_refused_total: counter(
    [],
    "pulls that began with WeCom's oldest kept message, since WeCom refused the cursor",
  ),
  wxkf_leases_taken_over_total: counter(
    [],
    'hints that were claimed after a lease that nobody ended: the other process died, or the store did not record the end',
  ),
  wxkf_late_settles_total: counter(
    [],
    'hints that were removed because the attempt that was running when they were kept succeeded',
  ),
  wxkf_open_circuits: gauge(
    ['origin'],
    'each',
    'endpoints that get only probes, or have taken nothing since they refused an account again and again; each process decides for itself. `wecom://kf`: bots for which the manager cannot pull; `wxkf://stream`: bots without an address, whose clients are away or do not acknowledge',
  ),
  wxkf_keeping_failing: gauge([], 'each', '1 while the last event that had to be kept could not be kept'),
  wxkf_outgoing_sockets: gauge(['target', 'origin'], 'sum', 'open outgoing connections'),
  wxkf_http_connections: gauge([], 'sum', 'open incoming connections, including that of the scrape'),
  wxkf_http_connections_refused_total: counter(
    ['limit'],
    'connections that the manager closed, by the limit that was reached',
  ),
  wxkf_error_answers_total: counter(
    ['error'],
    "requests that were answered with an error, by error code; includes `getToken` and the proxy, whose answers have WeCom's form",
  ),
  wxkf_token_requests_total: counter(
    ['source'],
    'requests for an access token, by its source or by why there was none',
  ),
  wxkf_token_inquiry_duration_seconds: histogram(
    ['result'],
    'requests for an access token to WeCom or the gateway in its place, retries included',
  ),
  wxkf_wecom_errors_total: counter(
    ['operation', 'errcode'],
    'answers of WeCom with an errcode other than 0, retries included',
  ),
  wxkf_proxy_call_duration_seconds: histogram(
    ['result'],
    'proxied calls, from the request head to the last byte of the answer',
  ),
  wxkf_replies_total: counter(
    ['result'],
    'replies of bots to customers (`kf/send_msg`, `kf/send_msg_on_event`) that passed through here: sent, refused by WeCom or here in its name, or unanswered',
  ),
  wxkf_corps_without_callbacks: gauge(
    ['why'],
    'max',
    "corps whose callbacks do not arrive: customers' messages were found without them (untold), or none came in hours in which many used to come (silent)",
  ),
  wxkf_failing_reply_accounts: gauge(
    [],
    'max',
    "accounts whose last replies failed, through whichever replica. The console's verdict judges by it",
  ),
  wxkf_failing_wecom_corps: gauge(
    [],
    'each',
    "corps whose calls or token requests fail: WeCom does not answer, or does not let them call. The console's verdict judges by it",
  ),
  wxkf_tunnels_open: gauge([], 'sum', 'tunnels of bots to WeCom that are open'),
  wxkf_tunnels_total: counter(['result'], 'tunnels that bots asked for, by end'),
  wxkf_tunnel_bytes_total: counter(
    ['direction'],
    'bytes that went through tunnels, counted as they go: TLS, which the manager cannot read',
  ),
  wxkf_stream_clients: gauge([], 'sum', 'clients of bots that are connected'),
  wxkf_stream_ended_total: counter(['why'], 'connections of clients that ended, by reason'),
  wxkf_store_operation_duration_seconds: histogram(
    ['store', 'operation', 'result'],
    'operations on the store, waiting included. On the embedded store only writes',
  ),
  wxkf_registrations_total: counter(
    ['action', 'result'],
    'registrations and deregistrations whose fields could be read',
  ),
  wxkf_puppets: gauge(['state'], 'max', 'registered puppets that the process knows'),
  wxkf_registry_sync_age_seconds: gauge(
    [],
    'each',
    "time since the process last read other replicas' registrations, which it does every 2 s; 0 on the embedded store, left out until the registry is loaded",
  ),
  wxkf_delivery_log_dropped_total: counter(
    ['reason'],
    'records that did not come into the delivery log. Deliveries are not affected',
  ),
  wxkf_delivery_log_bytes: gauge(
    [],
    'max',
    'size of the delivery log: of what `log.db` holds, or of the data in its collection. Left out while the store does not answer',
  ),
  wxkf_session_texts_total: counter(
    ['kind', 'result'],
    'texts that the manager sent to customers of bots with `session`. `again`: WeCom could not be asked, and the text is sent again while that makes sense',
  ),
  wxkf_session_hand_overs_total: counter(
    ['outcome'],
    'customers who asked for people. `already`: they had people. `failed`: WeCom refused or could not be asked, and the bot went on',
  ),
  wxkf_session_look_ups_total: counter(
    ['result'],
    "questions for the state of a customer's session. `failed`: WeCom refused or could not be asked, and the message went to the bot",
  ),
  wxkf_notifications_total: counter(['result'], 'messages to the receivers of `NOTIFY_URL`, tests included'),
  wxkf_oidc_calls_total: counter(
    ['result'],
    'calls to the OpenID provider of `OIDC_ISSUER`; sign-ins that failed are in `wxkf_error_answers_total`, as `AUTH_OIDC_…`',
  ),
  wxkf_audit_dropped_total: counter(
    ['reason'],
    "calls of operators without an entry of their own in the audit log: those of `sign_ins` and `refused` are counted there; those of the store are in the process's log, as `audit.entry_lost`",
  ),
  wxkf_ready: gauge([], 'each', '1 when the process can take callbacks, as `/health/ready` says'),
  wxkf_memory_limit_bytes: gauge(
    [],
    'each',
    'memory limit of the process: 1.5 GiB, or that of its container if it is less; above it `/health` is down',
  ),
  wxkf_metric_read_failures_total: counter(
    [],
    'metrics that could not be read at a scrape and were left out. This is a defect: report it',
  ),
  wxkf_build_info: gauge(['version', 'node', 'storage'], 'each', 'always 1; the labels say what runs'),
};

export type MetricName = keyof typeof METRICS;

/** The names of the metrics of one type. */
export type NameOf<T extends MetricType> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

export type LabelOf<N extends MetricName> = (typeof METRICS)[N]['labels'][number];
