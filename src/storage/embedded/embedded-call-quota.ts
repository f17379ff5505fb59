import { Injectable } from '@nestjs/common';
import { LocalCallQuota } from '../local-call-quota.js';

/** The one process on the store is all that there is to count. */
@Injectable()
export class EmbeddedCallQuota extends LocalCallQuota {}
