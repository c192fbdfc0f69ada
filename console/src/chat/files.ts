/** Files that she sends: what they are, how large, and whether they can go. Pure. */

import { locale, t } from "../shared/i18n";

export type FileKind = "photo" | "video" | "voice" | "document";

/** A file at hand. It lives in this page's memory only: nothing of it is kept on the phone. */
export interface OutFile {
  readonly kind: FileKind;
  readonly mime: string;
  readonly data: Blob;
}

/** What a bubble remembers of a file. Not its name, which may say who or where. */
export interface FileFacts {
  readonly kind: FileKind;
  readonly size: number;
}

export const USUAL_LIMIT = 20_000_000;

/** By its type; a drawing that can hold a script is a document. */
export function kindOf(mime: string): FileKind {
  const [family = "", form = ""] = mime.toLowerCase().split(";")[0]?.split("/") ?? [];
  if (family === "image" && !form.includes("svg")) return "photo";
  if (family === "video") return "video";
  if (family === "audio") return "voice";
  return "document";
}

export function outFile(file: Blob): OutFile {
  return { kind: kindOf(file.type), mime: file.type, data: file };
}

export function named(kind: FileKind): string {
  switch (kind) {
    case "photo":
      return t("Photo");
    case "video":
      return t("Video");
    case "voice":
      return t("Voice message");
    default:
      return t("Document");
  }
}

/** "1.2 MB", as this language writes it. */
export function sizeOf(bytes: number): string {
  const [amount, unit] = bytes < 1_000_000 ? [bytes / 1000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const digits = { maximumFractionDigits: amount < 10 ? 1 : 0 };
  try {
    return new Intl.NumberFormat(locale().locale, { style: "unit", unit, ...digits }).format(amount);
  } catch {
    return `${amount.toFixed(1)} ${unit === "megabyte" ? "MB" : "kB"}`;
  }
}

/** Why this file cannot go, in kind words; empty when it can. */
export function objection(size: number, limit: number): string {
  if (size === 0) return t("This file is empty. You can choose another one.");
  if (size <= limit) return "";
  return t("This file is too big. Files up to {size} can go. A photo or a shorter video may fit.", {
    size: sizeOf(limit),
  });
}

/** "1:05" */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
