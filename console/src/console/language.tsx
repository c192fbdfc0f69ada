/** The language of the page. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Language } from "../api/types";
import { learn, locale, t } from "../shared/i18n";

const KEY = "relais.locale";

/** The language chosen here before, or the browser's. */
export function rememberedLocale(fallback: string): string {
  try {
    return localStorage.getItem(KEY) ?? fallback;
  } catch {
    return fallback;
  }
}

export function LanguagePicker(props: { readonly onPick?: (locale: string) => void }): JSX.Element | null {
  const [languages, setLanguages] = useState<readonly Language[]>([]);
  useEffect(() => {
    api.languages().then(setLanguages, () => setLanguages([]));
  }, []);
  if (languages.length < 2) return null;
  const pick = async (id: string): Promise<void> => {
    if (!(await learn(id))) return;
    localStorage.setItem(KEY, id);
    props.onPick?.(id);
  };
  return (
    <label class="language">
      <span class="visually-hidden">{t("Language")}</span>
      <select
        data-testid="language"
        value={locale().locale}
        onChange={(event) => void pick(event.currentTarget.value)}
      >
        {languages.map((language) => (
          <option key={language.id} value={language.id} lang={language.id}>
            {language.name}
            {language.draft ? " · " + t("draft") : ""}
          </option>
        ))}
      </select>
    </label>
  );
}
