import { type Diagnostics, placeValue } from "../diagnostics.ts";
import type { Environment } from "../environment.ts";
import type { Place } from "../source.ts";
import type { Feature, FeatureUse } from "../unsupported.ts";
import type { ConfiguredSecret } from "./types.ts";

/** What all parts of compiling share. */
export class CompileContext {
  readonly secrets: ConfiguredSecret[] = [];
  readonly uses: FeatureUse[] = [];

  constructor(readonly environment: Environment, readonly diagnostics: Diagnostics) {}

  /** Notes that the configuration asks for a feature. */
  use(feature: Feature, place: Place): void {
    this.uses.push({ feature, where: placeValue(place) });
  }
}
