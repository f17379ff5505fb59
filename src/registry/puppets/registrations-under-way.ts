import { Injectable } from '@nestjs/common';

interface UnderWay {
  count: number;
  readonly over: PromiseWithResolvers<void>;
}

/** Registrations that are not answered yet: nothing may be sent to their puppets. */
@Injectable()
export class RegistrationsUnderWay {
  readonly #accounts = new Map<string, UnderWay>();

  /** @returns a function that ends it; harmless when called again. */
  begin(openKfId: string): () => void {
    const account = this.#accounts.get(openKfId) ?? { count: 0, over: Promise.withResolvers<void>() };
    this.#accounts.set(openKfId, account);
    account.count++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--account.count > 0) return;
      this.#accounts.delete(openKfId);
      account.over.resolve();
    };
  }

  has(openKfId: string): boolean {
    return this.#accounts.size > 0 && this.#accounts.has(openKfId);
  }

  /** Resolves in the tick of the last answer; `null` when none is under way. */
  whenOver(openKfId: string): Promise<void> | null {
    return this.#accounts.get(openKfId)?.over.promise ?? null;
  }
}
