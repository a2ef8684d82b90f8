import { type Endpoint, formatAddress } from "../../ip/mod.ts";
import type { RadiusService, RadiusSettings } from "../../policy/radius.ts";
import { quote, type Secrets } from "./values.ts";

function printAt({ address, port }: Endpoint): string {
  return `${quote(formatAddress(address))} port ${port}`;
}

function printService(prefix: string, service: RadiusService, secrets: Secrets): string[] {
  const { servers, maxTries, maxFailovers } = service;
  return [
    ...servers.map((one) => `${prefix}server ${printAt(one)} secret ${secrets.text(one.secret)}`),
    `${prefix}max-tries ${maxTries}`,
    `${prefix}max-failovers ${maxFailovers}`,
  ];
}

/** All `radius` statements, defaults written out. */
export function printRadius(settings: RadiusSettings, secrets: Secrets): string[] {
  const { authentication, accounting, attributes, listen, clients } = settings;
  return [
    ...printService("", authentication, secrets),
    ...printService("accounting ", accounting, secrets),
    ...attributes.map(({ attribute, family, vendor, type }) =>
      `config ${family === 4 ? "inet" : "inet6"} ${attribute ?? "none"} ${vendor} ${type}`
    ),
    ...listen.map((one) => `dae listen on ${printAt(one)}`),
    ...clients.map(({ address, secret }) =>
      `dae client ${quote(formatAddress(address))} secret ${secrets.text(secret)}`
    ),
  ].map((one) => `radius ${one}`);
}
