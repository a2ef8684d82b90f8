/**
 * IKE SAs that wait for another one to take their place: they carry traffic until that one is established, then they
 * are deleted. Should it not come up they go as well, unless nothing but the address of a name has changed.
 */
import type { Mailbox } from "../mailbox.ts";

interface Waiting {
  readonly reason: string;
  /** Called where the new one does not come up; absent: then this one goes, too. */
  readonly stay?: () => void;
}

export class Handovers {
  readonly #byTag = new Map<string, Map<Mailbox, Waiting>>();

  /** An IKE SA is to be replaced by another one of the policy with this tag. */
  wait(tag: string, mailbox: Mailbox, waiting: Waiting): void {
    mailbox.retired = true;
    const all = this.#byTag.get(tag);
    if (all === undefined) this.#byTag.set(tag, new Map([[mailbox, waiting]]));
    else all.set(mailbox, waiting);
  }

  /** The successor of a rekey waits in place of the IKE SA that it replaces. */
  inherit(tag: string, mailbox: Mailbox, heir: Mailbox): void {
    const waiting = this.#byTag.get(tag)?.get(mailbox);
    if (waiting === undefined) return;
    this.forget(tag, mailbox);
    this.wait(tag, heir, waiting);
  }

  /** A new one is established. */
  established(tag: string): void {
    for (const [mailbox, { reason }] of this.#take(tag)) mailbox.end(reason);
  }

  /** A try to make a new one came to nothing. */
  failed(tag: string): void {
    for (const [mailbox, { reason, stay }] of this.#take(tag)) {
      if (stay === undefined) {
        mailbox.end(reason);
      } else {
        mailbox.retired = false;
        stay();
      }
    }
  }

  /** An IKE SA is gone. */
  forget(tag: string, mailbox: Mailbox): void {
    const all = this.#byTag.get(tag);
    all?.delete(mailbox);
    if (all?.size === 0) this.#byTag.delete(tag);
  }

  #take(tag: string): ReadonlyMap<Mailbox, Waiting> {
    const all = this.#byTag.get(tag);
    this.#byTag.delete(tag);
    return all ?? new Map();
  }
}
