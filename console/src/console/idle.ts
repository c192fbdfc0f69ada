/** Locks a console that nobody touches. */

export const IDLE_MS = 5 * 60_000;
export const WARN_MS = 30_000;

/** `left` is how long nobody has to do nothing until the lock; null: no hurry. */
export type Left = number | null;

/** What is to be done at `now` when the last touch was at `touched`. */
export function idleState(touched: number, now: number): "lock" | Left {
  const left = IDLE_MS - (now - touched);
  if (left <= 0) return "lock";
  return left <= WARN_MS ? Math.ceil(left / 1000) : null;
}

const TOUCHES = ["keydown", "pointerdown", "wheel", "touchstart"] as const;

/** Watch the page; returns how to stop. A sleeping machine locks when it wakes. */
export function watchIdle(onLeft: (left: Left) => void, onIdle: () => void): () => void {
  let touched = Date.now();
  let last: Left = null;
  const touch = (): void => void (touched = Date.now());
  const look = (): void => {
    const state = idleState(touched, Date.now());
    if (state === "lock") return onIdle();
    if (state !== last) onLeft((last = state));
  };
  for (const name of TOUCHES) addEventListener(name, touch, { passive: true, capture: true });
  document.addEventListener("visibilitychange", look);
  const timer = setInterval(look, 1000);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    for (const name of TOUCHES) removeEventListener(name, touch, { capture: true });
  };
}
