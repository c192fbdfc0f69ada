/** Where the roots are remembered: by member name, in this browser. Public facts, no secrets. */

import type { Pin } from "./roster";

const PREFIX = "relais.root.";

/** The part of `localStorage` that is needed. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export function readPin(shelf: Shelf, name: string): Pin | null {
  try {
    const stored = JSON.parse(shelf.getItem(PREFIX + name) ?? "null") as Partial<Pin> | null;
    if (typeof stored?.root !== "string" || typeof stored.version !== "number") return null;
    const { signers, revoked } = stored;
    return {
      root: stored.root,
      version: stored.version,
      hash: stored.hash ?? "",
      ...(Array.isArray(signers) ? { signers } : {}),
      ...(Array.isArray(revoked) ? { revoked } : {}),
    };
  } catch {
    return null;
  }
}

export function writePin(shelf: Shelf, name: string, pin: Pin): void {
  shelf.setItem(PREFIX + name, JSON.stringify(pin));
}

/** A root as a person can compare it: eight groups of four. */
export function fingerprint(hash: string): string {
  return (hash.slice(0, 32).match(/.{4}/gu) ?? []).join(" ");
}
