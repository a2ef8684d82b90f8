/** The words of iked.conf(5): the only list. Those of later versions are here with what this one does instead. */

const PSK_ONLY = "this version does PSK only";
const NO_ADDRESSES = "this version assigns no addresses";
const NO_MARKS = "this version marks no packets";

/** Words that this version understands. */
export const WORDS: ReadonlySet<string> = new Set(
  ("active any auth bytes childsa couple decouple default dpd_check_interval dstid enc enforcesingleikesa esn esp " +
    "from group ikelifetime ikesa ikev2 include inet inet6 lifetime local natt noenforcesingleikesa noesn " +
    "nofragmentation nomobike nostickyaddress novendorid passive peer port prf proto psk quick set skip srcid to " +
    "tunnel vendorid datapath").split(" "),
);

/** Words of iked.conf(5) that this version does not support, each with the reason that the error gives. */
export const LATER_WORDS: ReadonlyMap<string, string> = new Map([
  ["accounting", PSK_ONLY],
  ["ah", "this version does ESP only"],
  ["cert_partial_chain", PSK_ONLY],
  ["config", NO_ADDRESSES],
  ["dae", PSK_ONLY],
  ["dynamic", NO_ADDRESSES],
  ["eap", PSK_ONLY],
  ["ecdsa256", PSK_ONLY],
  ["ecdsa384", PSK_ONLY],
  ["ecdsa521", PSK_ONLY],
  ["file", "write the key itself"],
  ["fragmentation", "this version sends no IKE fragments"],
  ["iface", NO_ADDRESSES],
  ["ipcomp", "this version does not compress"],
  ["maxage", PSK_ONLY],
  ["mobike", "this version keeps the addresses of an IKE SA"],
  ["ocsp", PSK_ONLY],
  ["radius", PSK_ONLY],
  ["rdomain", "this version knows one routing domain"],
  ["request", NO_ADDRESSES],
  ["rfc7427", PSK_ONLY],
  ["rsa", PSK_ONLY],
  ["signature", PSK_ONLY],
  ["stickyaddress", NO_ADDRESSES],
  ["tag", NO_MARKS],
  ["tap", NO_MARKS],
  ["tolerate", PSK_ONLY],
  ["transport", "this version does tunnel mode only"],
  ["user", PSK_ONLY],
]);

/** First words of the rules of ipsec.conf(5), which stand in the same file on some hosts and are passed over. */
export const IPSEC_CONF_RULES: ReadonlySet<string> = new Set(
  ["ah", "esp", "flow", "from", "ike", "sa", "tcpmd5", "to", "transport", "tunnel"],
);

/** Whether a word means something in iked.conf(5) and so may not name a macro. */
export function isReserved(word: string): boolean {
  return WORDS.has(word) || LATER_WORDS.has(word) || IPSEC_CONF_RULES.has(word);
}

/** Every word that `isReserved`. */
export const RESERVED: readonly string[] = [...WORDS, ...LATER_WORDS.keys(), ...IPSEC_CONF_RULES];
