/** `iked fmt`: one layout for iked.conf(5) that changes no statement. */
export { formatConfiguration, isSameText } from "./format.ts";
