/**
 * A TUN device: IP packets of the host's network stack, with offloads. It vanishes when it is closed. Where its process
 * dies before, it stays with its routes and loses what it gets, until `openTun` takes it over.
 */
import { ERRNO, LibcError } from "./errno.ts";
import { cString, type Libc, type Octets } from "./libc.ts";

const O_RDWR = 2;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;

const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const IFNAMSIZ = 16;
/** Numbers that are tried for `%d`. */
const NUMBERS = 100;

/** TUNSETOFFLOAD: checksums, TCP super-packets of both families, and (Linux 6.2) UDP ones. */
const OFFLOADS = [0x67, 0x07] as const;

/** Octets of `struct virtio_net_hdr` before each packet; multi-octet fields are in the machine's order. */
export const VNET_HEADER_LENGTH = 10;

export interface Tun {
  readonly fd: number;
  /** The name that the kernel gave. */
  readonly name: string;
  /** Interface index. */
  readonly index: number;
  /** The kernel hands over and takes UDP super-packets too (VIRTIO_NET_HDR_GSO_UDP_L4). */
  readonly udpOffload: boolean;
  /** Octets read into `buffer` (prepared by `libc.pointerTo`), header first; 0: nothing there. */
  read(buffer: Deno.PointerObject, length: number): number;
  /** Whether the kernel took the packet (header first); a full queue or a down device refuses. */
  write(buffer: Deno.PointerObject, length: number): boolean;
  close(): void;
}

/** Puts the descriptor on a device of this name: a new one, or one that lost its process. Its name as C has it. */
function attach(libc: Libc, fd: number, name: string): Octets | undefined {
  const request: Octets = new Uint8Array(40);
  request.set(cString(name));
  new DataView(request.buffer).setUint16(IFNAMSIZ, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, true);
  if (libc.c.ioctl(fd, TUNSETIFF, request) >= 0) return request;
  const errno = libc.errno();
  if (errno === ERRNO.EBUSY || errno === ERRNO.EINVAL) return undefined;
  throw new LibcError(`make the TUN device "${name}"`, errno);
}

/**
 * Opens a TUN device with virtio headers. `pattern` may hold `%d`, for which the first number is put whose device is
 * there for the taking. Throws `LibcError`: ENOENT without /dev/net/tun, EPERM without CAP_NET_ADMIN over the network
 * namespace, EBUSY where every name is in use. A new device is down and has no address: use rtnetlink.
 */
export function openTun(libc: Libc, pattern = "iked%d"): Tun {
  const { c } = libc;
  const names = pattern.includes("%d")
    ? Array.from({ length: NUMBERS }, (_, number) => pattern.replace("%d", `${number}`))
    : [pattern];
  if (names.some((name) => name.length >= IFNAMSIZ)) {
    throw new RangeError(`Interface name "${pattern}" is too long`);
  }
  const fd = libc.unwrap(
    c.open(cString("/dev/net/tun"), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0),
    "open /dev/net/tun",
  );
  try {
    let request: Octets | undefined;
    for (const name of names) {
      request = attach(libc, fd, name);
      if (request !== undefined) break;
    }
    if (request === undefined) throw new LibcError(`make the TUN device "${pattern}"`, ERRNO.EBUSY);
    const size = new Uint8Array(new Int32Array([VNET_HEADER_LENGTH]).buffer);
    libc.unwrap(c.ioctl(fd, TUNSETVNETHDRSZ, size), "set the size of the TUN device's header");
    const offload = OFFLOADS.find((flags) => c.ioctl_value(fd, TUNSETOFFLOAD, flags) === 0);
    if (offload === undefined) libc.unwrap(-1, "turn on the TUN device's offloads");
    const end = request.indexOf(0);
    const name = new TextDecoder().decode(request.subarray(0, end));
    const index = c.if_nametoindex(request);
    if (index === 0) libc.unwrap(-1, `find the TUN device "${name}"`);
    libc.unwrap(c.ioctl_value(fd, TUNSETPERSIST, 1), `let the TUN device "${name}" outlive a crash`);
    return {
      fd,
      name,
      index,
      udpOffload: offload === OFFLOADS[0],
      read(buffer, length) {
        const count = c.read(fd, buffer, length);
        if (count >= 0) return count;
        const errno = libc.errno();
        if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return 0;
        throw new LibcError(`read from the TUN device "${name}"`, errno);
      },
      write: (buffer, length) => c.write(fd, buffer, length) === length,
      close() {
        c.ioctl_value(fd, TUNSETPERSIST, 0);
        c.close(fd);
      },
    };
  } catch (error) {
    c.close(fd);
    throw error;
  }
}
