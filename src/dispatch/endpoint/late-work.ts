import { Injectable } from '@nestjs/common';
import { Pending } from '../../kernel/pending.js';

/** Work that follows a delivery when no answer waits for it any more. The process does not end before it is done. */
@Injectable()
export class LateWork extends Pending {}
