import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { Secret } from '../../kernel/secret.js';
import type { Puppet, Registration } from '../puppets/puppet.js';

export const PUPPETS = 'wxkfpuppets';

/**
 * A registration in the collection and under the names of the public manager 1.0.3, whose database is
 * taken over as it is. That version may go on writing beside this one: it sets any of the first nine
 * fields, some of them may be missing, and it never touches the others.
 */
@Schema({
  collection: PUPPETS,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
})
export class PuppetRecord {
  readonly _id!: Types.ObjectId;

  @Prop({ type: String })
  kfOpenId!: string;

  @Prop({ type: String })
  name?: string;

  @Prop({ type: String })
  botEndpoint?: string;

  @Prop({ type: String })
  corpId?: string;

  @Prop({ type: String })
  corpSecret?: string;

  @Prop({ type: String })
  token?: string;

  @Prop({ type: String })
  encodingAESKey?: string;

  @Prop({ type: Boolean })
  online?: boolean;

  /** Missing where nothing makes the goodbye doubtful. */
  @Prop({ type: Boolean })
  goodbyeDoubted?: boolean;

  @Prop({ type: Date })
  lastOnlineDate?: Date;

  @Prop({ type: String })
  acceptedSecretId?: string;

  /** The bot with whose key it registered. */
  @Prop({ type: String })
  botId?: string;

  /** The address of its last registration with us. */
  @Prop({ type: String })
  registeredFrom?: string;

  @Prop({ type: [String], default: undefined })
  replacedFrom?: string[];

  /** False while its registration has no answer; missing where another version wrote it. */
  @Prop({ type: Boolean })
  answered?: boolean;

  /** The server's time of our last write. Changes are found by it. */
  @Prop({ type: Date })
  updatedAt?: Date;

  /** Only in a record that was set aside for another one of its account: its earlier `kfOpenId` and `online`. */
  @Prop({ type: Object })
  supersededFrom?: { readonly kfOpenId: string; readonly online: boolean };
}

export const PuppetSchema = SchemaFactory.createForClass(PuppetRecord);

/** @returns `null` for a record that names no account or no corp: nothing can be routed by it. */
export function fromRecord(record: PuppetRecord): Puppet | null {
  const [openKfId, corpId] = [toText(record.kfOpenId), toText(record.corpId)];
  if (openKfId === '' || corpId === '') return null;
  return {
    openKfId,
    name: toText(record.name),
    endpoint: toText(record.botEndpoint),
    corpId,
    corpSecret: new Secret(toText(record.corpSecret)),
    callbackToken: new Secret(toText(record.token)),
    encodingAESKey: new Secret(toText(record.encodingAESKey)),
    acceptedSecretId: record.acceptedSecretId ?? null,
    botId: record.botId ?? '',
    online: record.online === true,
    goodbyeDoubted: record.online !== true && record.goodbyeDoubted === true,
    lastOnlineAtMs: toTimeMs(record.lastOnlineDate),
    from: record.registeredFrom ?? '',
    replacedFrom: record.replacedFrom ?? [],
    answered: record.answered !== false,
  };
}

/** A value of another type, which a script may have written, counts as missing. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Accepts what 1.0.3 accepts for a time: also a string or a number. */
function toTimeMs(value: unknown): number | null {
  if (!(value instanceof Date) && typeof value !== 'string' && typeof value !== 'number') return null;
  const timeMs = new Date(value).getTime();
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** The fields that a registration sets. */
export function toRecord(registration: Registration, nowMs: number) {
  return {
    name: registration.name,
    botEndpoint: registration.endpoint,
    corpId: registration.corpId,
    corpSecret: registration.corpSecret.reveal(),
    token: registration.callbackToken.reveal(),
    encodingAESKey: registration.encodingAESKey.reveal(),
    ...(registration.acceptedSecretId !== null && { acceptedSecretId: registration.acceptedSecretId }),
    botId: registration.botId,
    registeredFrom: registration.from,
    answered: false,
    online: true,
    goodbyeDoubted: false,
    lastOnlineDate: new Date(nowMs),
  };
}

/** All fields of a puppet, `null` for what was never recorded, so that nothing of an earlier record stays. */
export function toRestoredRecord(puppet: Puppet) {
  const { acceptedSecretId, replacedFrom, online, goodbyeDoubted, lastOnlineAtMs } = puppet;
  return {
    ...toRecord(puppet, 0),
    acceptedSecretId,
    replacedFrom,
    answered: true,
    online,
    goodbyeDoubted,
    lastOnlineDate: lastOnlineAtMs === null ? null : new Date(lastOnlineAtMs),
  };
}

/**
 * The fields that a forgotten account's record loses. The record stays without a corp, so that other replicas find the change by
 * `updatedAt`.
 */
export const FORGOTTEN = {
  name: 1,
  botEndpoint: 1,
  corpId: 1,
  corpSecret: 1,
  token: 1,
  encodingAESKey: 1,
  acceptedSecretId: 1,
  botId: 1,
  goodbyeDoubted: 1,
  lastOnlineDate: 1,
  registeredFrom: 1,
  replacedFrom: 1,
  answered: 1,
} as const satisfies Partial<Record<keyof PuppetRecord, 1>>;
