/** The Chinese words of the table in docs/zh/reference/metrics.md. A metric without its line here is a type error. */
import type { MetricName } from '../../src/metrics/metric-table.js';
import type { MetricsWords } from './metrics-page.js';

const MEANINGS: Readonly<Record<MetricName, string>> = {
  wxkf_callback_duration_seconds:
    '回调，从请求到齐到确定应答。更早被拒绝的请求，例如请求体过长的，只计为错误应答',
  wxkf_callbacks_under_way: '尚未确定应答的回调',
  wxkf_overload_total: '不经尝试就保存的事件，以及读取之前就拒绝的回调。后者在别处只计为错误应答',
  wxkf_corp_callbacks_total:
    '按企业统计的回调，最多 1,000 个已知的企业；其他为 `other`。仅在 `METRICS_CORP_LABEL=true` 时',
  wxkf_verification_requests_total: '对回调 URL 的验证',
  wxkf_delivery_duration_seconds:
    '投递事件或消息的尝试，从第一步到 puppet 的状态行，或到失败；机器人接收消息的，事件计到拉取结束。回调应答时仍在进行的尝试，在它结束时计入',
  wxkf_bot_attempts_total:
    '向运维人员添加的每个机器人投递事件或消息的尝试，包括测试，按其 ID 和名称；拉取它的消息不算尝试',
  wxkf_data_dir_free_bytes: '管理器还能写入 `DATA_DIR` 所在磁盘的字节数。使用 MongoDB 时没有',
  wxkf_agent_duration_seconds: '向智能体服务提问，从提问到回答完整或失败为止',
  wxkf_agent_tokens_total: '服务为智能体的回答报出的 token 数',
  wxkf_hint_age_seconds: '保存的事件被机器人接收时已有多久：客户等待不在线的机器人等了多久',
  wxkf_hints: '整个存储中的待投递通知。存储没有应答期间略去',
  wxkf_oldest_waiting_hint_age_seconds:
    '整个存储中等待最久的账号，从它第一个没有机器人接收的事件算起；没有等待的为 0。存储没有应答期间略去',
  wxkf_oldest_parked_hint_age_seconds:
    '整个存储中没有机器人、事件为 parked 的账号里等待最久的；没有这样的账号时为 0。存储没有应答期间略去',
  wxkf_hints_kept_total: '保存下来的事件，按没有机器人立即接收的原因',
  wxkf_hints_coalesced_total:
    '保存的事件中，并入该账号已有待投递通知的，或（`callback` 机器人）让位于 20 个更新事件的',
  wxkf_hints_resynced_total: '机器人在没有同步凭证的情况下接收的待投递通知，因为其凭证在十分钟后已过期',
  wxkf_hints_buried_total: '成为死信的待投递通知，按没有机器人接收的原因',
  wxkf_messages: '整个存储中等待机器人或成为死信的消息。存储没有应答期间略去',
  wxkf_oldest_waiting_message_age_seconds:
    '整个存储中等待最久的消息，从保存算起；没有等待的为 0。存储没有应答期间略去',
  wxkf_messages_pulled_total: '企业微信给出的消息，按是否为新消息',
  wxkf_messages_untold_total: '管理器自行拉取时发现、且 30 秒内没有企业微信事件告知的客户消息',
  wxkf_message_age_seconds: '消息从保存到被机器人接收的时间',
  wxkf_messages_buried_total: '成为死信的消息',
  wxkf_messages_passed_over_total: '消息中的事件（例如客户进入会话）每次都被其机器人拒绝：后面的消息继续投递',
  wxkf_messages_repeated_total:
    '再次发送的消息，尽管此前的一次尝试可能已被接收：其进程终止了，或结果没有保存',
  wxkf_messages_unpulled_total: '机器人正常应答、却没有在 60 秒内拉取其消息的回调',
  wxkf_messages_handed_over_total: '其账号转给了另一方的消息，对方为此收到一个事件',
  wxkf_message_cursors_refused_total: '从企业微信保留的最早消息开始的拉取，因为企业微信拒绝了游标',
  wxkf_leases_taken_over_total: '在无人结束的租约之后领取的待投递通知：另一个进程终止了，或存储没有记下结束',
  wxkf_late_settles_total: '因保存时正在进行的尝试后来成功而移除的待投递通知',
  wxkf_open_circuits:
    '只受到探测，或一再拒绝某个账号之后再没有接收过任何内容的地址；各进程自行判断。`wecom://kf`：管理器无法为其拉取的机器人；`wxkf://stream`：没有地址、客户端不在或不确认的机器人',
  wxkf_keeping_failing: '最近一个需要保存的事件未能保存时为 1',
  wxkf_outgoing_sockets: '打开的传出连接',
  wxkf_http_connections: '打开的传入连接，包括抓取所用的',
  wxkf_http_connections_refused_total: '管理器关闭的连接，按达到的限制',
  wxkf_error_answers_total: '应答为错误的请求，按错误码；包括采用企业微信格式的 `getToken` 和接口代理',
  wxkf_token_requests_total: '获取 access_token 的请求，按其来源，或没有得到的原因',
  wxkf_token_inquiry_duration_seconds: '向企业微信或代替它的网关获取 access_token 的请求，包括重试',
  wxkf_wecom_errors_total: '企业微信 errcode 不为 0 的应答，包括重试',
  wxkf_proxy_call_duration_seconds: '代理的调用，从请求头到应答的最后一个字节',
  wxkf_replies_total:
    '经由这里的机器人给客户的回复（`kf/send_msg`、`kf/send_msg_on_event`）：已发送、被企业微信或以其名义在这里拒绝，或没有应答',
  wxkf_corps_without_callbacks:
    '回调没有到达的企业：在没有回调的情况下发现了客户消息（untold），或者往常回调很多的时段里一个也没有（silent）',
  wxkf_failing_reply_accounts: '最近的回复失败的账号，无论经由哪个副本。控制台的结论以此为据',
  wxkf_failing_wecom_corps:
    '调用或 access_token 请求失败的企业：企业微信没有应答，或不允许它们调用。控制台的结论以此为据',
  wxkf_tunnels_open: '机器人到企业微信的、打开着的隧道',
  wxkf_tunnels_total: '机器人请求的隧道，按结局',
  wxkf_tunnel_bytes_total: '经过隧道的字节，随到随计：内容是管理器无法读取的 TLS',
  wxkf_stream_clients: '已连接的机器人客户端',
  wxkf_stream_ended_total: '已结束的客户端连接，按原因',
  wxkf_store_operation_duration_seconds: '存储操作，包括等待。内嵌存储只有写入',
  wxkf_registrations_total: '字段可以读取的注册和注销',
  wxkf_puppets: '该进程所知的已注册 puppet',
  wxkf_registry_sync_age_seconds:
    '该进程最近一次读取其他副本的注册以来的时间，每 2 秒读取一次；内嵌存储为 0，注册信息加载之前略去',
  wxkf_delivery_log_dropped_total: '没有写入投递日志的记录。投递不受影响',
  wxkf_delivery_log_bytes: '投递日志的大小：`log.db` 内容的，或其集合中数据的。存储没有应答期间略去',
  wxkf_session_texts_total:
    '管理器发给设有 `session` 的机器人的客户的文字。`again`：未能询问企业微信，在仍有意义的时间内会再次发送',
  wxkf_session_hand_overs_total:
    '要求转人工的客户。`already`：已由人工接待。`failed`：企业微信拒绝或无法访问，机器人继续接待',
  wxkf_session_look_ups_total: '查询客户会话状态的次数。`failed`：被企业微信拒绝或无法询问，消息交给机器人',
  wxkf_notifications_total: '发给 `NOTIFY_URL` 各接收方的消息，包括测试',
  wxkf_oidc_calls_total:
    '对 `OIDC_ISSUER` 登录服务的调用；失败的登录在 `wxkf_error_answers_total` 中，为 `AUTH_OIDC_…`',
  wxkf_audit_dropped_total:
    '在审计日志中没有自己记录的运维调用：`sign_ins` 和 `refused` 的在那里计数；存储的在进程日志中，为 `audit.entry_lost`',
  wxkf_ready: '进程可以接收回调时为 1，与 `/health/ready` 一致',
  wxkf_memory_limit_bytes: '进程的内存上限：1.5 GiB，容器的限额更小时为容器的限额；超过时 `/health` 为故障',
  wxkf_metric_read_failures_total: '抓取时无法读取而略去的指标。这是程序缺陷，请报告',
  wxkf_build_info: '总是 1；标签说明运行的是什么',
};

export const CHINESE_METRICS: MetricsWords = {
  page: 'docs/zh/reference/metrics.md',
  head: ['名称', '类型', '标签', '多副本', '含义'],
  meaningOf: (name) => MEANINGS[name],
};
