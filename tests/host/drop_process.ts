/** A process that gives up root but for CAP_NET_ADMIN, ignores SIGUSR1, and says what it then is. */
import {
  becomeUser,
  CAP,
  capabilities,
  identity,
  ignoreSignal,
  keepCapabilities,
  LIBC_PATHS,
  noNewPrivileges,
  notDumpable,
  openLibc,
  openSocket,
  setCapabilities,
} from "../../ffi/libc/mod.ts";

const exists = (path: string): boolean => {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
};
const libc = openLibc(LIBC_PATHS.find(exists)!);
ignoreSignal(libc, 10);
keepCapabilities(libc);
becomeUser(libc, 65534, 65534);
setCapabilities(libc, { effective: CAP.NET_ADMIN, permitted: CAP.NET_ADMIN, inheritable: 0n });
noNewPrivileges(libc);
notDumpable(libc);
const { effective } = capabilities(libc);
const marked = openSocket(libc, { kind: "udp", family: 4, mark: 1 }) > 0;
let port = "bound";
try {
  openSocket(libc, { kind: "udp", family: 4, local: { address: { family: 4, value: 0n }, port: 500 } });
} catch (error) {
  port = (error as { code: string }).code;
}
Deno.kill(Deno.pid, "SIGUSR1");
console.log(JSON.stringify({ ...identity(libc), effective: String(effective), marked, port }));
