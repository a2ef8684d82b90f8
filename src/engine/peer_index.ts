/** IKE SAs by the identity of their peer: what INITIAL_CONTACT and a single IKE SA per peer ask for. */
import { toHex } from "../bytes/mod.ts";
import { formatIdentity, sameIdentity } from "../policy/mod.ts";
import { type IkeSa, isAuthenticated, type PeerIdentity } from "../sa/mod.ts";
import { ID_TYPE } from "../wire/mod.ts";

export class PeerIndex<Entry extends { readonly sa: IkeSa }> {
  readonly #byKey = new Map<string, Set<Entry>>();
  readonly #keys = new Map<Entry, string>();

  /** Takes up an entry whose peer is authenticated; others, and known ones, are passed over. */
  add(entry: Entry): void {
    const { sa } = entry;
    if (!isAuthenticated(sa) || this.#keys.has(entry)) return;
    const key = keyOf(sa.peerId);
    this.#keys.set(entry, key);
    const entries = this.#byKey.get(key);
    if (entries === undefined) this.#byKey.set(key, new Set([entry]));
    else entries.add(entry);
  }

  delete(entry: Entry): void {
    const key = this.#keys.get(entry);
    if (key === undefined) return;
    this.#keys.delete(entry);
    const entries = this.#byKey.get(key);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byKey.delete(key);
  }

  /** The entries whose peer has this identity. */
  find(peerId: PeerIdentity): Entry[] {
    const entries = [...this.#byKey.get(keyOf(peerId)) ?? []];
    return entries.filter(({ sa }) => isAuthenticated(sa) && sameIdentity(sa.peerId, peerId));
  }
}

/** Equal for identities that are the same, and for few others. */
function keyOf({ type, data }: PeerIdentity): string {
  switch (type) {
    case ID_TYPE.ID_FQDN:
      return formatIdentity({ type, data }).toLowerCase();
    case ID_TYPE.ID_DER_ASN1_DN:
      return "name";
    default:
      return `${type}:${toHex(data)}`;
  }
}
