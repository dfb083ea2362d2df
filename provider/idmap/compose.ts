import { idTypes, rangeOf, type Entry } from "./entry.js";
import { entriesOf, normalise, type IdMap } from "./map.js";
import { intersect, isEmpty } from "./range.js";

/**
 * The map of a container within a container: `inner` maps to the ids of the outer container, `outer` maps those to the
 * node. What `outer` doesn't map isn't mapped.
 */
export function compose(outer: IdMap, inner: IdMap): Entry[] {
  return normalise(
    idTypes.flatMap((type) =>
      entriesOf(inner, type).flatMap((one) =>
        entriesOf(outer, type).flatMap((two): Entry[] => {
          const both = intersect(rangeOf(one, "host"), rangeOf(two, "container"));
          if (isEmpty(both)) return [];
          const container = one.container + (both.start - one.host);
          return [{ type, container, host: two.host + (both.start - two.container), count: both.count }];
        }),
      ),
    ),
  );
}
