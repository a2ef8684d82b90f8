/** What ikectl(8) says of each command of the control socket. Which of them are there is found out by asking. */
import { parseCommand } from "../../src/control/mod.ts";

/** By the words of the command; what stands in capitals behind them is the argument. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "active": "Lets the daemon begin negotiations by itself, and does so for all active policies.",
  "couple": "Puts the flows of all policies into force, and replaces SAs that are not in the data path.",
  "decouple":
    "Takes SAs and flows out of the data path; they stay negotiated. The traffic goes unprotected. For tests.",
  "load": "Reads another configuration instead of the current one. Where it has an error, nothing changes.",
  "log brief": "Logs what matters.",
  "log verbose": "Logs everything, as option\n.Fl v\nof\n.Xr iked 8 .",
  "monitor": "Prints a line for everything that happens, until it is interrupted.",
  "passive": "Keeps the daemon from beginning anything by itself. SAs stay.",
  "reload":
    "Reads the configuration again. Where it has an error, nothing changes, and the errors are printed.",
  "reset all": "Ends every IKE SA, those included that are not up yet, and forgets cookies.",
  "reset ca": "Forgets certificates and what is known of their revocation, and reads them again.",
  "reset id": "Ends the IKE SAs of this identity.",
  "reset policy": "Takes all policies out of force, and ends their SAs.",
  "reset sa": "Ends every IKE SA that is up. Active policies negotiate anew.",
  "reset user": "Forgets the users of EAP.",
  "show ca": "Prints the certificates of an authority.",
  "show certinfo": "Prints the certificates that the daemon has.",
  "show certstore": "Prints the certificates that the daemon has.",
  "show datapath": "Prints which data path is in use, why, and how many packets it dropped, by cause.",
  "show sa": "Prints the IKE SAs, each with its Child SAs, their algorithms, traffic selectors and counters.",
  "show stats": "Prints counters of everything since the start.",
};

/** A command and the name of its argument. */
interface Command {
  readonly words: string;
  readonly argument?: string;
}

const LISTED = "valid commands/args:\n";

/** Every command that is understood below these words. */
function commandsBelow(path: readonly string[]): Command[] {
  const parsed = parseCommand(path);
  const words = path.join(" ");
  if (parsed.ok) return [{ words }];
  const { text } = parsed.error;
  const [, argument] = /^missing argument: \S+ (\S+)$/m.exec(text) ?? [];
  if (argument !== undefined) return [{ words, argument: argument.toLowerCase() }];
  const list = text.slice(text.indexOf(LISTED) + LISTED.length).split("\n").map((word) => word.trim());
  if (!text.includes(LISTED)) {
    throw new Error(`Command "${words}" is neither there nor has it words: ${text}`);
  }
  return list.flatMap((word) => commandsBelow([...path, word]));
}

/** Every command that is there. */
export function commands(): readonly Command[] {
  return commandsBelow([]);
}

/** Commands of the manual that are not there. */
export function missingCommands(): readonly string[] {
  return [...Object.keys(DESCRIPTIONS), "ca"].filter((words) => {
    const parsed = parseCommand(words.split(" "));
    return !parsed.ok && parsed.error.code === "not-supported";
  }).sort();
}

/** The list of commands, and of those that are not there. */
export function commandsRegion(): string {
  const items = commands().map(({ words, argument }) => {
    const description = DESCRIPTIONS[words];
    if (description === undefined) throw new Error(`scripts/man/commands.ts does not describe "${words}"`);
    const heading = argument === undefined ? words : `${words} Ar ${argument}`;
    return `.It Cm ${heading}\n${description.replace(/\. (?=[A-Z])/g, ".\n")}`;
  });
  const list = `.Bl -tag -width Ds\n${items.join("\n")}\n.El`;
  const missing = missingCommands();
  if (missing.length === 0) return list;
  const names = missing.map((words) => `.Cm ${words}`).join(" ,\n");
  return `${list}\n.Pp\nCommands of other versions that this one refuses, for it does not have what they are about:\n${names} .`;
}
