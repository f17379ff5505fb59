import type { Identity, Sealer } from '../../crypto/sealer.js';
import { identityOf, type Owner, PUPPET_SECRETS, type PuppetSecret } from '../puppets/puppet-secrets.js';
import { contentIdentityOf, type ContentOwner } from '../queue/entry.js';

/** The fields as a store has them: one may be missing, or be of any type when another program wrote it. */
type StoredTexts<Field extends string> = Readonly<Partial<Record<Field, unknown>>>;

/** How each stored secret ought to be: sealed with the first key, or plain. */
export class ResealRules {
  constructor(
    private readonly sealer: Sealer,
    private readonly toPlain: boolean,
  ) {}

  /**
   * The registration's secrets that have to be sealed anew.
   * @throws SealError; then change none of them.
   */
  puppet(owner: Owner, stored: StoredTexts<PuppetSecret>): Partial<Record<PuppetSecret, string>> {
    return this.#changed(PUPPET_SECRETS, stored, (field) => identityOf(owner, field));
  }

  /** What a message says, where that changes. */
  message(owner: ContentOwner, stored: StoredTexts<'content'>): Partial<Record<'content', string>> {
    return this.#changed(['content'], stored, () => contentIdentityOf(owner));
  }

  #changed<Field extends string>(
    fields: readonly Field[],
    stored: StoredTexts<Field>,
    identityOfField: (field: Field) => Identity,
  ): Partial<Record<Field, string>> {
    const changed: Partial<Record<Field, string>> = {};
    for (const field of fields) {
      const before = stored[field];
      if (typeof before !== 'string') continue;
      const after = this.text(before, identityOfField(field));
      if (after !== before) changed[field] = after;
    }
    return changed;
  }

  /** Opens also a text that needs no change, to find one that does not open. @throws SealError */
  text(text: string, identity: Identity): string {
    const opened = this.sealer.open(text, identity);
    if (this.toPlain) return opened;
    return this.sealer.isCurrent(text) ? text : this.sealer.seal(opened, identity);
  }
}
