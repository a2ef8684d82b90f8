/**
 * A self-signed certificate, as `openssl req -x509` made it: subject /C=DE/O=Example, Inc./CN=gw.example.com, and the
 * names gw.example.com, 192.0.2.1, 2001:db8::1, a@example.com and a URI. Its key is nowhere.
 */
const LINES = [
  "MIICKjCCAdGgAwIBAgIUAXyiJbXhibBSi9NuGzVVjn5kPT0wCgYIKoZIzj0EAwIw",
  "PjELMAkGA1UEBhMCREUxFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xFzAVBgNVBAMM",
  "Dmd3LmV4YW1wbGUuY29tMB4XDTI2MTEyMjAxNTQyMFoXDTM2MTExOTAxNTQyMFow",
  "PjELMAkGA1UEBhMCREUxFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xFzAVBgNVBAMM",
  "Dmd3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0H9kmsqP",
  "agnUmaERfncQpt41hemdQyhxdfpLlbymRliWlY7q3mpUXqz9/OIXC/Onsd0ljje3",
  "IXpUAOuoM6ovd6OBrDCBqTAdBgNVHQ4EFgQUSHN6TUS6/FHgNBK6Luc99T48qkkw",
  "HwYDVR0jBBgwFoAUSHN6TUS6/FHgNBK6Luc99T48qkkwDwYDVR0TAQH/BAUwAwEB",
  "/zBWBgNVHREETzBNgg5ndy5leGFtcGxlLmNvbYcEwAACAYcQIAENuAAAAAAAAAAA",
  "AAAAAYENYUBleGFtcGxlLmNvbYYUaHR0cHM6Ly9leGFtcGxlLmNvbS8wCgYIKoZI",
  "zj0EAwIDRwAwRAIgVeHwDQgGFWfXAc2FldMi/AlI+mX/kxnJt3QlrFfz3hcCIEDx",
  "PrQWFugOjIbGsQZHuN0+x1KtZdqi87K4Ex153Sov",
];

/** In PEM (RFC 7468). */
export const CERTIFICATE_PEM = ["-----BEGIN CERTIFICATE-----", ...LINES, "-----END CERTIFICATE-----", ""]
  .join("\n");

/** In DER. */
export const CERTIFICATE_DER = Uint8Array.from(atob(LINES.join("")), (one) => one.charCodeAt(0));
