/** Exit code of the part in namespaces: the machine does not let it. */
export const CANNOT = 3;

/** After this many ms it is ended. */
export const LIMIT_MS = 27_000;
