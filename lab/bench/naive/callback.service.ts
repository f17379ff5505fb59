import { HttpService } from '@nestjs/axios';
import {
  BadRequestException,
  ForbiddenException,
  Injectable,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { decrypt, getSignature } from '@wecom/crypto';
import type { Model } from 'mongoose';
import { firstValueFrom } from 'rxjs';
import { parseStringPromise } from 'xml2js';
import { CallbackQueryDto } from './callback-query.dto.js';
import { Puppet } from './puppet.schema.js';

/** The elements that matter here, of the envelope and of the event. */
type CallbackXml = { Encrypt?: string; Event?: string; OpenKfId?: string };

@Injectable()
export class CallbackService {
  private readonly logger = new Logger(CallbackService.name);

  constructor(
    private readonly http: HttpService,
    @InjectModel(Puppet.name) private readonly puppets: Model<Puppet>,
  ) {}

  async accept(corpId: string, query: CallbackQueryDto, body: string): Promise<void> {
    const encrypted = (await this.parse(body)).Encrypt;
    if (!encrypted) throw new BadRequestException('Encrypt is missing');

    const key = await this.findKey(corpId, query, encrypted);
    const { message, id } = decrypt(key.encodingAESKey, encrypted);
    if (id !== corpId) throw new ForbiddenException('the receiveId is not of this corp');

    const event = await this.parse(message);
    if (event.Event !== 'kf_msg_or_event' || !event.OpenKfId) return;

    const puppet = await this.puppets.findOne({ kfOpenId: event.OpenKfId }).lean();
    if (!puppet) throw new NotFoundException(`no puppet for ${event.OpenKfId}`);

    await firstValueFrom(
      this.http.post(`${puppet.botEndpoint}/callback`, body, {
        params: query,
        headers: { 'Content-Type': 'text/xml' },
      }),
    );
    this.logger.debug(`delivered an event of ${puppet.kfOpenId}`);
  }

  private async findKey(corpId: string, query: CallbackQueryDto, encrypted: string) {
    const keys = await this.puppets.find({ corpId }).select('token encodingAESKey').lean();
    if (keys.length === 0) throw new NotFoundException(`no puppet of ${corpId}`);
    const key = keys.find(
      ({ token }) => getSignature(token, query.timestamp, query.nonce, encrypted) === query.msg_signature,
    );
    if (!key) throw new ForbiddenException('the signature does not match');
    return key;
  }

  private async parse(xml: string): Promise<CallbackXml> {
    try {
      return (await parseStringPromise(xml, { explicitArray: false, trim: true })).xml;
    } catch (cause) {
      throw new BadRequestException('not XML', { cause });
    }
  }
}
