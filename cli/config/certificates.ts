/** The certificates in `certs/` of `--dir`, as far as the check of a configuration needs them: whose they are. */
import { join } from "node:path";
import type { InstalledCertificate } from "../../src/config/mod.ts";
import { certificateIdentities } from "../../src/policy/mod.ts";

/** Files that are looked at, and octets of one: a bundle of a few certificates. */
const MAX_FILES = 1024, MAX_LENGTH = 1 << 18;
const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, "")), (one) => one.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** The certificates of a file, PEM or DER. */
function certificatesIn(octets: Uint8Array): Uint8Array[] {
  const blocks = [...new TextDecoder("latin1").decode(octets).matchAll(PEM)];
  if (blocks.length === 0) return [octets];
  return blocks.map(([, base64]) => fromBase64(base64!)).filter((one) => one !== undefined);
}

function read(path: string): Uint8Array | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile && size <= MAX_LENGTH ? Deno.readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** All that can be read; files that are no certificates are passed over. */
export function installedCertificates(directory: string): InstalledCertificate[] {
  const folder = join(directory, "certs");
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort().slice(0, MAX_FILES);
  } catch {
    return [];
  }
  return names.flatMap((file) => {
    const octets = read(join(folder, file));
    return octets === undefined ? [] : certificatesIn(octets).flatMap((der) => {
      const identities = certificateIdentities(der);
      return identities === undefined ? [] : [{ file, identities }];
    });
  });
}
