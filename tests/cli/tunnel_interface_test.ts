import assert from "node:assert/strict";
import { fail, ok } from "../../src/bytes/mod.ts";
import type { TunnelInterface } from "../../src/datapath/types.ts";
import {
  attribute,
  attributeText,
  attributeU32,
  linkByName,
  nested,
  type NetlinkMessage,
  type NetlinkRequest,
  parseAttributes,
  textOf,
} from "../../src/datapath/rtnetlink/mod.ts";
import { withInterfaces } from "../../cli/daemon/net/tunnel_interface.ts";
import type { Routing } from "../../cli/daemon/net/steering.ts";

const RTM_NEWLINK = 16, ENODEV = 19;
const IFLA_IFNAME = 3, IFLA_LINKINFO = 18, INFO_LENGTH = 16;

/** A host with these interfaces: kind, and the kernel's number where it is an XFRM interface. */
class Links implements Routing {
  asked = 0;
  constructor(readonly links: Readonly<Record<string, readonly [kind: string, id?: number]>>) {}

  request({ type, body }: NetlinkRequest, action: string): ReturnType<Routing["request"]> {
    assert.equal(type, linkByName("x").type);
    this.asked++;
    const name = textOf(parseAttributes(body, INFO_LENGTH), IFLA_IFNAME)!;
    const link = this.links[name];
    if (link === undefined) {
      return fail({ errno: ENODEV, message: `Cannot ${action}: no such device (ENODEV)` });
    }
    const [kind, id] = link;
    const data = id === undefined ? [] : [nested(2, [attributeU32(1, 5), attributeU32(2, id)])];
    const info = nested(IFLA_LINKINFO, [attribute(1, new TextEncoder().encode(`${kind}\0`)), ...data]);
    const octets = [new Uint8Array(INFO_LENGTH), attributeText(IFLA_IFNAME, name), info];
    const message: NetlinkMessage = {
      type: RTM_NEWLINK,
      flags: 0,
      sequence: 1,
      body: new Uint8Array(octets.flatMap((part) => [...part])),
    };
    return ok([message]);
  }
}

Deno.test("iface: the number of an XFRM interface is looked up, once for all that name it", () => {
  const links = new Links({ sec1: ["xfrm", 7], sec2: ["xfrm", 0xffff_ffff] });
  const wanted: TunnelInterface[] = [{ iface: "sec1" }, {}, { iface: "sec2" }, { iface: "sec1" }];
  const found = withInterfaces(links, wanted);
  assert.ok(found.ok);
  assert.deepEqual(found.value.map(({ interfaceId }) => interfaceId), [7, undefined, 0xffff_ffff, 7]);
  assert.equal(links.asked, 2);
});

Deno.test("iface: what is missing or another kind of interface is told with the way to make it", () => {
  const links = new Links({ eth0: ["veth"], sec0: ["xfrm", 0], meta: ["xfrm"] });
  const said = (iface: string) => {
    const found = withInterfaces(links, [{ iface }]);
    assert.ok(!found.ok);
    return found.error;
  };
  assert.deepEqual(said("sec1"), {
    code: "unsupported",
    message: "iface sec1: Cannot find the interface sec1: no such device (ENODEV): make it before, as by: " +
      "ip link add sec1 type xfrm if_id 1",
  });
  for (const name of ["eth0", "sec0", "meta"]) {
    assert.match(
      said(name).message,
      /^iface \w+: this is no XFRM interface with a number: make it before, as by/,
    );
  }
});
