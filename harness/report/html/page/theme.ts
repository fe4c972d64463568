import { useCallback, useLayoutEffect, useState } from 'preact/hooks'

const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]
const KEPT = 'holeproof-colours'

/** The page's colours, which a browser keeps where it lets a page from disk keep anything. */
export function useTheme(): { theme: Theme; switchTheme: () => void } {
  const [theme, setTheme] = useState<Theme>(kept)
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme
  }, [theme])
  const switchTheme = useCallback(() => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
    setTheme(next)
    keep(next)
  }, [theme])
  return { theme, switchTheme }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEPT, theme)
  } catch {
    // Then it lasts as long as the page.
  }
}

function kept(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEPT)) ?? 'system'
  } catch {
    return 'system'
  }
}
