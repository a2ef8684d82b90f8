import project from "../deno.json" with { type: "json" };

/** Version of iked; `deno.json` is the one place that states it. */
export const VERSION: string = project.version;
