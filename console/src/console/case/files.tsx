/**
 * Files of a case, opened in this browser. An image is shown by its cleaned copy alone, a voice
 * message is played; everything else, and every original, is only saved, never shown.
 */

import { createContext, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseFile } from "../../api/types";
import { type Bytes, isWhole, openAge, SealError, wipe } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Button, Notice } from "../../shared/ui";
import type { Open } from "../session";
import { seedOf } from "./granting";
import type { Answer, FileFacts } from "./opened";

export interface FilesOf {
  readonly file: CaseFile;
  readonly open: Open;
  readonly reason: string;
  readonly onGone: () => void;
}

/** Of the case on the screen; null where files cannot be opened. */
export const Files = createContext<FilesOf | null>(null);

/** Types that are put on the screen or played. What a file says of itself chooses among these only. */
const SHOWN = new Set(["image/jpeg", "image/png", "image/webp"]);
const PLAYED = new Set(["audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/webm", "audio/wav", "audio/x-wav"]);

export function isFile(value: unknown): value is FileFacts {
  return typeof value === "object" && value !== null && "takenBack" in value && "sha256" in value;
}

/** `audio/ogg; codecs=opus` is `audio/ogg`. */
export const bare = (mime: string): string => mime.split(";")[0]?.trim().toLowerCase() ?? "";

const ENDINGS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic",
  "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/webm": "webm",
  "video/mp4": "mp4", "video/webm": "webm", "application/pdf": "pdf",
};

/** A name that tells nothing of her: the case's code, the file's id, an ending that is known. */
export function fileName(code: string, facts: FileFacts): string {
  return `${code}-${facts.file.slice(0, 8)}.${ENDINGS[bare(facts.mime)] ?? "bin"}`;
}

async function opened(files: FilesOf, answer: Answer, facts: FileFacts, preview: boolean): Promise<Bytes> {
  const { file, open } = files;
  const grant = file.grants.find(
    (one) => one.compartment === answer.compartment && one.generation === answer.generation,
  );
  const seed = grant ? await seedOf(file.case.id, grant, open.me.id, open.keys) : null;
  if (seed === null) throw new SealError("cannot_open");
  try {
    const plain = await openAge(await api.caseFile(file.case.id, facts.file, preview, files.reason), seed);
    if (!preview && !(await isWhole(plain, facts.sha256))) throw new SealError("cannot_open");
    return plain;
  } finally {
    wipe(seed);
  }
}

type Shown = { readonly kind: "image" | "sound"; readonly url: string };

export function FileView(props: {
  readonly answer: Answer;
  readonly facts: FileFacts;
  readonly files: FilesOf;
}): JSX.Element {
  const { answer, facts, files } = props;
  const [shown, setShown] = useState<Shown | null>(null);
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  useEffect(() => () => { if (shown) URL.revokeObjectURL(shown.url); }, [shown]);
  const sound = PLAYED.has(bare(facts.mime));

  const attempt = async (what: "look" | "listen" | "save"): Promise<void> => {
    if (busy !== "") return;
    setBusy(what);
    setError("");
    try {
      const plain = await opened(files, answer, facts, what === "look");
      if (what === "save") save(plain, fileName(files.file.case.code, facts));
      else setShown(what === "look" ? image(plain) : { kind: "sound", url: url(plain, bare(facts.mime)) });
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return files.onGone();
      setError(thrown instanceof SealError ? t("This file cannot be opened. It may be damaged.") : explain(thrown));
    }
    setBusy("");
  };

  return (
    <div class="file" data-testid={`file-${facts.file}`}>
      {shown?.kind === "image" ? <img class="evidence" src={shown.url} alt={t("Picture from the person")} data-testid="file-image" /> : null}
      {shown?.kind === "sound" ? <audio controls src={shown.url} data-testid="file-sound" /> : null}
      {error === "" ? null : <Notice kind="error" testId="file-error">{error}</Notice>}
      <div class="actions">
        {facts.preview && shown === null ? (
          <Button testId="file-look" busy={busy === "look"} onClick={() => void attempt("look")}>{t("Look at it")}</Button>
        ) : null}
        {sound && shown === null ? (
          <Button testId="file-listen" busy={busy === "listen"} onClick={() => void attempt("listen")}>{t("Listen")}</Button>
        ) : null}
        {shown === null ? null : (
          <Button testId="file-hide" kind="quiet" onClick={() => setShown(null)}>{t("Hide it")}</Button>
        )}
        <SaveOriginal busy={busy === "save"} onSave={() => void attempt("save")} />
      </div>
    </div>
  );
}

/** An original may hold hidden data and worse: that is said before it leaves this page. */
function SaveOriginal(props: { readonly busy: boolean; readonly onSave: () => void }): JSX.Element {
  const [asked, setAsked] = useState(false);
  if (!asked) return <Button testId="file-save" kind="quiet" onClick={() => setAsked(true)}>{t("Save the original")}</Button>;
  return (
    <span class="sure" role="group" aria-label={t("Save the original")}>
      <span>{t("Anyone who uses this computer can then open it. It may hold where and when it was made, and it may be harmful. Save it?")}</span>{" "}
      <Button testId="file-save-yes" kind="danger" busy={props.busy} onClick={() => { setAsked(false); props.onSave(); }}>{t("Save")}</Button>
      <Button testId="file-save-no" onClick={() => setAsked(false)}>{t("No")}</Button>
    </span>
  );
}

const url = (bytes: Bytes, type: string): string => URL.createObjectURL(new Blob([bytes], { type }));

/** Type by the first bytes, and only of those that are shown: nothing else reaches an element. */
function image(bytes: Bytes): Shown {
  const type = sniffed(bytes);
  if (!SHOWN.has(type)) throw new SealError("cannot_open");
  return { kind: "image", url: url(bytes, type) };
}

export function sniffed(bytes: Uint8Array): string {
  const begins = (...values: number[]): boolean => values.every((value, at) => bytes[at] === value);
  if (begins(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (begins(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  const webp = [0x57, 0x45, 0x42, 0x50].every((value, at) => bytes[at + 8] === value);
  return begins(0x52, 0x49, 0x46, 0x46) && webp ? "image/webp" : "";
}

function save(bytes: Bytes, name: string): void {
  const link = document.createElement("a");
  link.href = url(bytes, "application/octet-stream");
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
