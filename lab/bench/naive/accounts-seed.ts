import { readFile } from 'node:fs/promises';
import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection, InjectModel } from '@nestjs/mongoose';
import type { Connection, Model } from 'mongoose';
import { Puppet } from './puppet.schema.js';

type Account = { corpId: string; openKfId: string; endpoint: string; token: string; encodingAESKey: string };

/** Puts the accounts of `ACCOUNTS_FILE` into a database of the benchmark's own, and drops it on SIGTERM. */
@Injectable()
export class AccountsSeed implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    @InjectConnection() private readonly connection: Connection,
    @InjectModel(Puppet.name) private readonly puppets: Model<Puppet>,
  ) {}

  async onModuleInit(): Promise<void> {
    const accounts = JSON.parse(await readFile(process.env.ACCOUNTS_FILE ?? '', 'utf8')) as Account[];
    await this.puppets.init();
    await this.puppets.deleteMany({});
    await this.puppets.insertMany(
      accounts.map(({ openKfId, endpoint, ...same }) => ({
        kfOpenId: openKfId,
        botEndpoint: endpoint,
        ...same,
      })),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.connection.dropDatabase();
  }
}
