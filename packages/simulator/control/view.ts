/** What the page is given at each change: all there is to show. */
import type { CallRecord } from '../api/call-log.js';
import type { RobotMessage } from '../api/group-robot.js';
import type { CallbackRecord } from '../callbacks/callback-record.js';
import type { CallbackConfig, Verification } from '../callbacks/callback-url.js';
import type { AccessKind, App } from '../corp/app.js';
import type { ChatMessage } from '../corp/chat.js';
import type { Conversation } from '../corp/conversation.js';
import type { Customer, KfAccount } from '../corp/identity.js';
import { sendableUntilMs, sendsLeft, type ServiceState } from '../corp/session.js';
import type { Servicer } from '../corp/servicers.js';
import type { Faults } from '../faults.js';
import type { LocalWecom } from '../local-wecom.js';

export interface ConversationView {
  readonly openKfId: string;
  readonly externalUserId: string;
  readonly serviceState: ServiceState;
  /** Since when it is in that state, epoch milliseconds. */
  readonly sinceMs: number;
  readonly servicerUserid: string | null;
  /** How many messages the bot may send until the customer writes again. */
  readonly sendsLeft: number;
  /** Until when, epoch milliseconds; `null` when the customer never wrote. */
  readonly sendableUntilMs: number | null;
  /** fail_type that the bot's next message ends with; `null` lets it arrive. */
  readonly failsNextAs: number | null;
}

export interface AppView {
  readonly name: string;
  readonly corpSecret: string;
  /** That it may manage. */
  readonly openKfIds: readonly string[];
  /** Empty where all may call. */
  readonly trustedIps: readonly string[];
  /** What the form shows first: what is saved, or what was proposed at the start. */
  readonly callback: CallbackConfig;
  readonly isCallbackSaved: boolean;
  /** Of the last try to save; `null` before there was one. */
  readonly verification: Verification | null;
}

export interface View {
  readonly nowMs: number;
  readonly url: string;
  readonly kind: AccessKind;
  readonly corpId: string;
  /** At least one. */
  readonly apps: readonly AppView[];
  readonly accounts: readonly KfAccount[];
  readonly customers: readonly Customer[];
  /** Of all accounts. */
  readonly servicers: readonly Servicer[];
  /** By account; `''` is none. */
  readonly nativeWelcomes: Readonly<Record<string, string>>;
  readonly conversations: readonly ConversationView[];
  readonly messages: readonly ChatMessage[];
  readonly callbacks: readonly CallbackRecord[];
  readonly calls: readonly CallRecord[];
  readonly robotUrl: string;
  /** What the robot of a group was told, the newest last. */
  readonly robotMessages: readonly RobotMessage[];
  readonly faults: Faults;
}

export function toView(simulator: LocalWecom): View {
  const { kind, corp, callbacks, calls, url, corpId, accounts, customers } = simulator;
  const { faults, robot, robotUrl } = simulator;
  const { nowMs } = corp;
  return {
    nowMs,
    url,
    kind,
    corpId,
    apps: simulator.apps.map(toAppView),
    accounts,
    customers,
    servicers: accounts.flatMap(({ openKfId }) => corp.servicers.list(openKfId)),
    nativeWelcomes: Object.fromEntries(corp.nativeWelcomes),
    conversations: corp.conversations.map((conversation) => toConversationView(conversation, nowMs)),
    messages: corp.chat.messages,
    callbacks: callbacks.records,
    calls: calls.records,
    robotUrl,
    robotMessages: robot.messages,
    faults,
  };
}

function toAppView({ name, corpSecret, openKfIds, trustedIps, callback, saved, verification }: App): AppView {
  const isCallbackSaved = saved !== null;
  return {
    name,
    corpSecret,
    openKfIds: [...openKfIds],
    trustedIps,
    callback,
    isCallbackSaved,
    verification,
  };
}

function toConversationView(conversation: Conversation, nowMs: number): ConversationView {
  const { openKfId, externalUserId, failsNextAs } = conversation;
  const session = conversation.session(nowMs);
  return {
    openKfId,
    externalUserId,
    serviceState: session.state,
    sinceMs: session.sinceMs,
    servicerUserid: session.servicerUserid,
    sendsLeft: sendsLeft(session, nowMs),
    sendableUntilMs: sendableUntilMs(session),
    failsNextAs,
  };
}
