/** Up to so many are sorted by insertion, which makes nothing beside the list; V8's own sort makes copies. */
const few = 32;

/** Sorts a list in place; those that are equal stay in their order. */
export function sortStably<Item>(items: Item[], compare: (a: Item, b: Item) => number): void {
  if (items.length > few) {
    items.sort(compare);
    return;
  }
  for (let i = 1; i < items.length; i += 1) {
    const item = items[i] as Item;
    let at = i;
    for (; at > 0 && compare(items[at - 1] as Item, item) > 0; at -= 1) items[at] = items[at - 1] as Item;
    items[at] = item;
  }
}
