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
  readonly sa: "ike" | "esp" | "ah";
  readonly peer: string;
  readonly role: "initiator" | "responder";
  readonly datapath: string;
}

function encrName(name: string, keyLength: number | null): string {
  return keyLength === null ? name : `${name}-${keyLength}`;
}

/** Notes what the tunnels of this daemon are made of that carried packets both ways. */
export async function noteShown(iked: Iked, peer: string): Promise<void> {
  const file = Deno.env.get("IKED_SHOWN");
  if (file === undefined) return;
  const { datapath } = await iked.ctl("show", "datapath");
  const facts: Shown[] = [];
  for (const sa of (await iked.ctl("show", "sa")).ikeSas) {
    const common = { peer, role: sa.role, datapath };
    for (const child of sa.children) {
      if (child.packetsIn === 0 || child.packetsOut === 0) continue;
      const protocol = child.protocol === "AH" ? "ah" : "esp";
      facts.push(
        { kind: "encr", name: encrName(sa.encr, sa.keyLength), sa: "ike", ...common },
        { kind: "prf", name: sa.prf, sa: "ike", ...common },
        { kind: "ke", name: sa.ke, sa: "ike", ...common },
      );
      if (protocol === "esp") {
        facts.push({ kind: "encr", name: encrName(child.encr, child.keyLength), sa: "esp", ...common });
      }
      if (sa.integ !== null) facts.push({ kind: "integ", name: sa.integ, sa: "ike", ...common });
      if (child.integ !== null) facts.push({ kind: "integ", name: child.integ, sa: protocol, ...common });
    }
  }
  await Deno.writeTextFile(file, facts.map((fact) => `${JSON.stringify(fact)}\n`).join(""), { append: true });
}
