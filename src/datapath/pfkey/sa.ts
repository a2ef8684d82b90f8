/** SAs of the kernel: the messages of PF_KEY that make, change, remove, fetch and list them (RFC 2367 §3.1). */
import type { IpAddress } from "../../ip/mod.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";
import {
  type Encapsulation,
  type IpsecProtocol,
  type KernelSa,
  type KernelSaState,
  type Mode,
  SA_FLAG,
  type SaName,
} from "../kernel/values.ts";
import { type AlgorithmNumbers, algorithmNumbers, algorithmsOf } from "./algorithms.ts";
import {
  addressExtension,
  addressOfSa,
  limitExtensions,
  readAddress,
  readLimits,
  readUsage,
} from "./extensions.ts";
import { extension, type PfkeyMessage, type PfkeyRequest } from "./message.ts";
import { EXT, MODE, nameOf, SADB, SATYPE, SATYPE_UNSPEC } from "./numbers.ts";

const STATE_MATURE = 1;
const SA_LENGTH = 12;
/** SADB_SAFLAGS_…. */
const FLAGS = [
  [SA_FLAG.noEcn, 0x8000_0000],
  [SA_FLAG.decapDscp, 0x4000_0000],
  [SA_FLAG.noPathMtu, 0x2000_0000],
] as const;
/** What the field takes; of more than 32 packets Linux makes 32. */
const LARGEST_WINDOW = 255;
/** UDP_ENCAP_ESPINUDP. */
const ESP_IN_UDP = 2;
const NO_OCTETS = new Uint8Array(0);

function saExtension(
  spi: number,
  { auth, encrypt }: AlgorithmNumbers = { auth: 0, encrypt: 0 },
  window = 0,
  flags = 0,
): Uint8Array {
  const word = FLAGS.reduce((sum, [ours, theirs]) => (flags & ours) === 0 ? sum : sum + theirs, 0);
  return extension(
    EXT.SA,
    new StructWriter(SA_LENGTH).spi(spi).u8(window).u8(STATE_MATURE).u8(auth).u8(encrypt).u32(word).octets,
  );
}

/** Written at once: there is no second copy of the key. */
function keyExtension(type: number, key: Uint8Array): Uint8Array {
  const units = 1 + Math.ceil(key.length / 8);
  return new StructWriter(8 * units).u16(units).u16(type).u16(8 * key.length).skip(2).bytes(key).octets;
}

function sa2Extension(mode: Mode, reqid: number): Uint8Array {
  return extension(EXT.X_SA2, new StructWriter(12).u8(MODE[mode]).skip(3).u32(0).u32(reqid).octets);
}

function encapsulationExtensions({ sourcePort, destinationPort }: Encapsulation): Uint8Array[] {
  const port = (type: number, value: number) =>
    extension(type, new StructWriter(4).port(value).skip(2).octets);
  return [
    extension(EXT.X_NAT_T_TYPE, new StructWriter(4).u8(ESP_IN_UDP).skip(3).octets),
    port(EXT.X_NAT_T_SPORT, sourcePort),
    port(EXT.X_NAT_T_DPORT, destinationPort),
  ];
}

function ends(source: IpAddress, destination: IpAddress): Uint8Array[] {
  return [
    addressExtension(EXT.ADDRESS_SRC, addressOfSa(source)),
    addressExtension(EXT.ADDRESS_DST, addressOfSa(destination)),
  ];
}

/** Why the interface has no word for an SA, or the numbers of its algorithms. */
export function sayable(sa: KernelSa): AlgorithmNumbers | { readonly message: string } {
  const { protocol, replay, flags, interfaceId, outputMark, extraFlags, selector } = sa;
  if (protocol === "ipcomp") return { message: "iked asks for no IPComp by PF_KEY" };
  if (replay?.esn === true || (flags & SA_FLAG.esn) !== 0) {
    return { message: "PF_KEY has no extended sequence numbers: write noesn, or use -K xfrm" };
  }
  if (interfaceId !== undefined) return { message: "PF_KEY has no XFRM interfaces" };
  if (outputMark !== undefined) return { message: "PF_KEY has no marks" };
  if (extraFlags !== undefined) return { message: "PF_KEY has no flags for DSCP" };
  if (selector !== undefined && selector.protocol !== 0) {
    // Without it the peer could send whatever no policy names.
    return { message: "PF_KEY cannot keep an SA in transport mode to one protocol: use -K xfrm" };
  }
  const numbers = algorithmNumbers(sa.algorithms);
  const { mac } = sa.algorithms;
  if (protocol === "ah" && sa.destination.family === 4 && mac !== undefined && mac.icvLength % 8 !== 4) {
    return { message: `by PF_KEY Linux pads AH over IPv4 with ${mac.name} as no other does: use -K xfrm` };
  }
  return numbers;
}

function saRequest(type: number, sa: KernelSa, numbers: AlgorithmNumbers): PfkeyRequest {
  const { algorithms: { cipher, mac }, limits, encapsulation, selector } = sa;
  const window = Math.min(sa.replay?.window ?? 0, LARGEST_WINDOW);
  return {
    type,
    satype: SATYPE[sa.protocol],
    extensions: [
      saExtension(sa.spi, numbers, window, sa.flags),
      sa2Extension(sa.mode, sa.reqid),
      ...ends(sa.source, sa.destination),
      ...(selector === undefined
        ? []
        : [addressExtension(EXT.ADDRESS_PROXY, { ...selector.source, protocol: 0, port: 0 })]),
      ...(limits === undefined ? [] : limitExtensions(limits)),
      // ESP without encryption has an empty key, but has one.
      ...(cipher === undefined ? [] : [keyExtension(EXT.KEY_ENCRYPT, cipher.key)]),
      ...(mac === undefined ? [] : [keyExtension(EXT.KEY_AUTH, mac.key)]),
      ...(encapsulation === undefined ? [] : encapsulationExtensions(encapsulation)),
    ],
  };
}

/** Makes an SA; EEXIST where its name is taken. Holds the keys. */
export function addSa(sa: KernelSa, numbers: AlgorithmNumbers): PfkeyRequest {
  return saRequest(SADB.ADD, sa, numbers);
}

/** Fills the SA that GETSPI left unfinished, or changes limits and NAT ports of one. Holds the keys. */
export function updateSa(sa: KernelSa, numbers: AlgorithmNumbers): PfkeyRequest {
  return saRequest(SADB.UPDATE, sa, numbers);
}

/** The source has no part in the name, but has to be there. */
function named(type: number, { spi, protocol, destination }: SaName): PfkeyRequest {
  const source = { family: destination.family, value: 0n };
  const extensions = [saExtension(spi), ...ends(source, destination)];
  return { type, satype: SATYPE[protocol], extensions };
}

/** Removes an SA; ESRCH where there is none. */
export function deleteSa(name: SaName): PfkeyRequest {
  return named(SADB.DELETE, name);
}

/** Asks for one SA, its keys included. */
export function getSa(name: SaName): PfkeyRequest {
  return named(SADB.GET, name);
}

/** Asks for all SAs, their keys included. */
export function dumpSas(): PfkeyRequest {
  return { type: SADB.DUMP, satype: SATYPE_UNSPEC, extensions: [] };
}

/** Removes every SA of a protocol (absent: of all), whoever made it. */
export function flushSas(protocol?: IpsecProtocol): PfkeyRequest {
  const satype = protocol === undefined ? SATYPE_UNSPEC : SATYPE[protocol];
  return { type: SADB.FLUSH, satype, extensions: [] };
}

/** Has the socket told of ACQUIRE, EXPIRE and new mappings of a protocol. */
export function register(protocol: IpsecProtocol): PfkeyRequest {
  return { type: SADB.REGISTER, satype: SATYPE[protocol], extensions: [] };
}

/** Tells the kernel that the SA it asked for will not come; `sequence` of the message is the ACQUIRE's. */
export function refuseAcquire(protocol: IpsecProtocol): PfkeyRequest {
  return { type: SADB.ACQUIRE, satype: SATYPE[protocol], extensions: [] };
}

/** Has the kernel choose an SPI between two (included) for an inbound SA, which stays unfinished until `updateSa`. */
export function getSpi(
  sa: Pick<KernelSa, "source" | "destination" | "protocol" | "mode" | "reqid">,
  lowest: number,
  highest: number,
): PfkeyRequest {
  const range = extension(EXT.SPIRANGE, new StructWriter(12).u32(lowest).u32(highest).u32(0).octets);
  const extensions = [...ends(sa.source, sa.destination), range, sa2Extension(sa.mode, sa.reqid)];
  return { type: SADB.GETSPI, satype: SATYPE[sa.protocol], extensions };
}

/** The key of an extension; empty where there is none, undefined where it is cut short. */
function readKey(octets: Uint8Array | undefined): Uint8Array | undefined {
  if (octets === undefined) return NO_OCTETS;
  if (octets.length < 4) return undefined;
  const length = new StructReader(octets).u16() / 8;
  return Number.isInteger(length) && 4 + length <= octets.length ? octets.subarray(4, 4 + length) : undefined;
}

function readPort(octets: Uint8Array | undefined): number | undefined {
  return octets === undefined || octets.length < 4 ? undefined : new StructReader(octets).port();
}

function readEncapsulation(extensions: ReadonlyMap<number, Uint8Array>): Encapsulation | undefined {
  const sourcePort = readPort(extensions.get(EXT.X_NAT_T_SPORT));
  const destinationPort = readPort(extensions.get(EXT.X_NAT_T_DPORT));
  if (extensions.get(EXT.X_NAT_T_TYPE)?.[0] !== ESP_IN_UDP) return undefined;
  return sourcePort === undefined || destinationPort === undefined
    ? undefined
    : { sourcePort, destinationPort };
}

/** Whose SA a message is about; undefined where it does not say. */
export function readSaName({ satype, extensions }: PfkeyMessage): SaName | undefined {
  const protocol = nameOf(SATYPE, satype);
  const sa = extensions.get(EXT.SA);
  const destination = readAddress(extensions.get(EXT.ADDRESS_DST));
  if (protocol === undefined || sa === undefined || sa.length < SA_LENGTH || destination === undefined) {
    return undefined;
  }
  return { destination: destination.address, spi: new StructReader(sa).spi(), protocol };
}

/** The SA of a message, with its keys where it has them; undefined for one cut short, or that there is no word for. */
export function parseSa(message: PfkeyMessage): KernelSaState | undefined {
  const { extensions } = message;
  const name = readSaName(message);
  const source = readAddress(extensions.get(EXT.ADDRESS_SRC));
  const sa2 = extensions.get(EXT.X_SA2);
  const authKey = readKey(extensions.get(EXT.KEY_AUTH)),
    encryptKey = readKey(extensions.get(EXT.KEY_ENCRYPT));
  if (name === undefined || source === undefined || sa2 === undefined || sa2.length < 12) return undefined;
  if (authKey === undefined || encryptKey === undefined) return undefined;
  const mode = nameOf(MODE, sa2[0]!);
  if (mode === undefined) return undefined;
  const reader = new StructReader(extensions.get(EXT.SA)!, 4);
  const window = reader.u8(), auth = reader.skip(1).u8(), encrypt = reader.u8();
  const word = reader.u32();
  const encapsulation = readEncapsulation(extensions);
  return {
    ...name,
    source: source.address,
    mode,
    reqid: new StructReader(sa2, 8).u32(),
    flags: FLAGS.reduce((sum, [ours, theirs]) => (word & theirs) === 0 ? sum : sum | ours, 0),
    algorithms: algorithmsOf({ auth, encrypt }, authKey, encryptKey),
    ...(window === 0 ? {} : { replay: { window, esn: false } }),
    ...(encapsulation === undefined ? {} : { encapsulation }),
    limits: readLimits(extensions),
    usage: readUsage(extensions),
    dropped: { window: 0, replayed: 0, integrity: 0 },
    sequence: 0,
  };
}
