/**
 * What a run has shown: the algorithms of a tunnel that carried packets with a peer, a line each, appended to the file
 * that `IKED_SHOWN` names. `docs/algorithms.md` is made from such lines.
 */
import type { Iked } from "./iked.ts";

/** A fact: this algorithm, in this kind of SA, with this peer, in this role. */
export interface Shown {
  readonly kind: "encr" | "prf" | "integ" | "ke";
  /** IANA's name, with its key length where it has one: `ENCR_AES_CBC-128`. */
  readonly name: string;
  readonly sa: "ike" | "esp";
  readonly peer: string;
  readonly role: "initiator" | "responder";
  readonly datapath: string;
}

function encrName(name: string, keyLength: number | null): string {
  return keyLength === null ? name : `${name}-${keyLength}`;
}

/** Notes what the one tunnel of this daemon is made of. */
export async function noteShown(iked: Iked, peer: string): Promise<void> {
  const file = Deno.env.get("IKED_SHOWN");
  if (file === undefined) return;
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  const { datapath } = await iked.ctl("show", "datapath");
  const [child] = sa.children;
  const common = { peer, role: sa.role, datapath };
  const facts: (Shown | undefined)[] = [
    { kind: "encr", name: encrName(sa.encr, sa.keyLength), sa: "ike", ...common },
    { kind: "prf", name: sa.prf, sa: "ike", ...common },
    { kind: "ke", name: sa.ke, sa: "ike", ...common },
    sa.integ === null ? undefined : { kind: "integ", name: sa.integ, sa: "ike", ...common },
    { kind: "encr", name: encrName(child.encr, child.keyLength), sa: "esp", ...common },
    child.integ === null ? undefined : { kind: "integ", name: child.integ, sa: "esp", ...common },
  ];
  const lines = facts.flatMap((fact) => fact === undefined ? [] : [JSON.stringify(fact) + "\n"]);
  await Deno.writeTextFile(file, lines.join(""), { append: true });
}
