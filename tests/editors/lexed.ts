/** What the daemon's own lexer makes of each character of a file: what editors have to show. */
import { Lexer } from "../../src/config/lexer.ts";
import { Diagnostics, Source } from "../../src/config/mod.ts";

/** What a character is part of. */
export type Part = "string" | "comment" | "variable" | "other";

/** For each UTF-16 unit of an ASCII text its part; undefined where the text is no sequence of tokens. Blanks are `other`. */
export function lexed(text: string): Part[] | undefined {
  const octets = new TextEncoder().encode(text);
  const diagnostics = new Diagnostics();
  const lexer = new Lexer(octets, new Source("", octets), diagnostics);
  const parts = Array.from(text, (): Part => "other");
  for (let from = 0;;) {
    const { kind, start, end } = lexer.next();
    const comment = text.slice(from, start).indexOf("#");
    if (comment >= 0) parts.fill("comment", from + comment, start);
    if (kind === "string" || kind === "variable") parts.fill(kind, start, end);
    from = end;
    if (kind === "end") return diagnostics.failed ? undefined : parts;
  }
}

/** Where two readings of a text differ in something that is no blank, in words; undefined where they agree. */
export function difference(text: string, wanted: readonly Part[], got: readonly Part[]): string | undefined {
  const at = wanted.findIndex((part, at) => part !== got[at] && !/\s/.test(text[at]!));
  if (at < 0) return undefined;
  const line = text.slice(0, at).split("\n").length;
  return `line ${line}: "${text.slice(at, at + 20)}" is ${wanted[at]}, shown as ${got[at]}:\n${text}`;
}

/** A file with everything in it that is not simple. */
export const SAMPLE = `# a comment "with a quote
gw = "192.0.2.1" # and one behind \\
  that goes on # here
set dpd_check_interval 30
set ocsp "http://ocsp.example.com/" tolerate 30 maxage 60
user "someone" 'it''s
on two lines'
ikev2 "one \\" two" active esp proto { tcp, udp } \\
	from $net port 23 to 10.2.0.0/16 \\
	from 2001:db8::/32 to any local any peer $gw \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 \\
	childsa enc 3des auth hmac-md5 noesn \\
	srcid esp.from.example.com dstid "/C=DE/CN=other" lifetime 3h bytes 4G \\
	psk 0x00112233 # the key
esp from 192.0.2.1 to 192.0.2.2 spi 0x1000
radius server 192.0.2.3 port 1812 secret "visibly an example"
include "/etc/other.conf"
`;
