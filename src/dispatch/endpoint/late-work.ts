import { Injectable } from '@nestjs/common';
import { Pending } from '../../kernel/pending.js';

/** What follows from deliveries when nobody waits for it any more. The process does not end before it is over. */
@Injectable()
export class LateWork extends Pending {}
