/**
 * What the public manager 1.0.3 does with its database, without its HTTP: an imitation, after what
 * juzibot/wxkf-manager does in `src/state` and `src/callback`, and through mongoose, as it does it. The
 * schema has its fields and their types, strictness and index, and the unknowns of others are none of its business.
 */
import { decrypt, getSignature } from '@wecom/crypto';
import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import type { WecomApp, WireCallback } from './wecom.js';

const TEXT = { type: String, required: true } as const;

const SCHEMA = new Schema(
  {
    botEndpoint: TEXT,
    name: TEXT,
    kfOpenId: { ...TEXT, unique: true },
    corpId: TEXT,
    corpSecret: TEXT,
    token: TEXT,
    encodingAESKey: TEXT,
    online: { type: Boolean, required: true },
    lastOnlineDate: Date,
  },
  { collection: 'wxkfpuppets' },
);

/** 503 is in its body; by HTTP it answers 201 to both. */
interface Answer {
  readonly code: 0 | 503;
  readonly message: string;
}

export class PublicManager {
  private constructor(
    private readonly connection: Connection,
    private readonly puppets: Model<Record<string, unknown>>,
  ) {}

  /** Makes its index, where the documents allow one; where they do not it goes on without. */
  static async start(uri: string): Promise<PublicManager> {
    const connection = await mongoose.createConnection(uri).asPromise();
    const puppets = connection.model<Record<string, unknown>>('WxkfPuppet', SCHEMA);
    await puppets.init().catch(() => {});
    return new PublicManager(connection, puppets);
  }

  stop(): Promise<void> {
    return this.connection.close();
  }

  /** Looks, then writes: an update checks nothing, while a new document needs all its fields. */
  async register({ kfId, kfName, endpoint, ...same }: Readonly<Record<string, string>>): Promise<Answer> {
    const fields = { botEndpoint: endpoint, kfOpenId: kfId, name: kfName, ...same, online: true };
    return answering(async () => {
      const known = await this.puppets.findOne({ kfOpenId: kfId });
      if (known === null) await new this.puppets(fields).save();
      else await this.puppets.updateOne({ _id: known._id }, fields);
    });
  }

  /** Of whatever corp the caller says it is: that is written, too. */
  async deregister({ kfId, corpId }: Readonly<Record<string, string>>): Promise<Answer> {
    const fields = { kfOpenId: kfId, corpId, online: false, lastOnlineDate: new Date() };
    return answering(() => this.puppets.updateOne({ kfOpenId: kfId }, fields));
  }

  /**
   * Where it would send a callback: the keys are those of one puppet of the corp that is online, whoever that is.
   * @returns `null` where it finds none, they do not fit, or the account is unknown.
   */
  async route({ corpId }: WecomApp, { query, body }: WireCallback): Promise<string | null> {
    const [speaker] = await this.puppets.find({ corpId, online: true }).sort({ lastOnlineDate: -1 }).limit(1);
    if (speaker === undefined) return null;
    const { msg_signature, timestamp = '', nonce = '' } = query;
    const [, encrypted = ''] = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(body) ?? [];
    if (getSignature(String(speaker.token), timestamp, nonce, encrypted) !== msg_signature) return null;
    const { message } = decrypt(String(speaker.encodingAESKey), encrypted);
    const [, openKfId] = /<OpenKfId><!\[CDATA\[(.*?)]]>/.exec(message) ?? [];
    const puppet = await this.puppets.findOne({ kfOpenId: openKfId });
    return puppet === null ? null : String(puppet.botEndpoint);
  }
}

async function answering(write: () => Promise<unknown>): Promise<Answer> {
  try {
    await write();
    return { code: 0, message: 'success' };
  } catch (error) {
    return { code: 503, message: (error as Error).message };
  }
}
