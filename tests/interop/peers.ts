/** The other daemons of the laboratory, each run in its namespace as if installed there (lab README). */
import { type Finished, LAB, must, run } from "./lab.ts";

/** A running peer. */
export class Peer implements AsyncDisposable {
  protected constructor(readonly kind: string, readonly namespace: string) {}

  /** Starts a daemon with these configuration files; it is ready when this returns. */
  protected static async launch(
    kind: string,
    namespace: string,
    files: Record<string, string>,
    ...options: string[]
  ) {
    const folder = await Deno.makeTempDir({ prefix: "iked-interop-" });
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await must(`${LAB}/peer`, kind, "start", ...options, namespace, folder);
    await Deno.remove(folder, { recursive: true });
  }

  /** Runs a command where the daemon runs. */
  async inside(...command: readonly string[]): Promise<string> {
    return await must(`${LAB}/peer`, this.kind, "ctl", this.namespace, ...command);
  }

  /** The same, whatever it ends with. */
  async tryInside(...command: readonly string[]): Promise<Finished> {
    return await run(`${LAB}/peer`, this.kind, "ctl", this.namespace, ...command);
  }

  /** Its log so far. */
  async log(): Promise<string> {
    return await Deno.readTextFile((await must(`${LAB}/peer`, this.kind, "log", this.namespace)).trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(`${LAB}/peer`, this.kind, "stop", this.namespace);
  }
}

/** strongSwan 5.9.8; ESP in the kernel, or with kernel-libipsec in userland. */
export class StrongSwan extends Peer {
  /** `settings`: what is to stand in strongswan.conf besides the lab's own. */
  static async start(namespace: string, esp: "kernel" | "userland", settings = ""): Promise<StrongSwan> {
    const files = { "swanctl.conf": "connections { }\n", "strongswan.conf": settings };
    await Peer.launch("strongswan", namespace, files, ...(esp === "userland" ? ["-u"] : []));
    return new StrongSwan("strongswan", namespace);
  }

  /** Replaces connections and secrets. */
  async load(swanctlConf: string): Promise<void> {
    await this.inside("sh", "-c", `cat >/etc/swanctl/swanctl.conf <<'CONF'\n${swanctlConf}\nCONF`);
    await this.inside("swanctl", "--load-all", "--clear");
  }

  async swanctl(...args: readonly string[]): Promise<Finished> {
    return await this.tryInside("swanctl", ...args);
  }
}

/** OpenIKED 7.2: ESP in the kernel by PF_KEY. */
export class OpenIked extends Peer {
  static async start(namespace: string, conf: string): Promise<OpenIked> {
    await Peer.launch("openiked", namespace, { "iked.conf": conf });
    return new OpenIked("openiked", namespace);
  }
}

/** libreswan 4.10: ESP in the kernel. */
export class Libreswan extends Peer {
  static async start(namespace: string, conf: string, secrets: string): Promise<Libreswan> {
    await Peer.launch("libreswan", namespace, { "ipsec.conf": conf, "ipsec.secrets": secrets });
    return new Libreswan("libreswan", namespace);
  }
}
