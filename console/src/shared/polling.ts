/** Asking the server again and again, each time after the last answer. */

import { useEffect } from "preact/hooks";

/** `look` stays the same function while it asks the same; its own faults are its to tell. */
export function useEvery(ms: number, look: () => Promise<void>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const loop = async (): Promise<void> => {
      await look();
      if (!stopped) timer = setTimeout(() => void loop(), ms);
    };
    void loop();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [ms, look]);
}
