// Letters that pass for others. What is marked here is rare in honest text: a word that mixes scripts whose letters look
// the same, letters made for formulas or for wide print that stand for plain ones, digits of another script.

const SCRIPTS = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Cherokee: /\p{Script=Cherokee}/u,
  Coptic: /\p{Script=Coptic}/u,
  Lisu: /\p{Script=Lisu}/u,
} as const

/** Cyrillic and Greek letters that are drawn as Latin ones, and those. */
const TWINS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['аᴀɑα', 'a'],
    ['сϲ', 'c'],
    ['ԁ', 'd'],
    ['е', 'e'],
    ['ɡ', 'g'],
    ['һ', 'h'],
    ['іıι', 'i'],
    ['ј', 'j'],
    ['ӏ', 'l'],
    ['оοօ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['ѕ', 's'],
    ['ν', 'v'],
    ['ԝ', 'w'],
    ['х', 'x'],
    ['уγ', 'y'],
    ['АΑ', 'A'],
    ['ВΒ', 'B'],
    ['СϹ', 'C'],
    ['ЕΕ', 'E'],
    ['НΗ', 'H'],
    ['ІΙӀ', 'I'],
    ['Ј', 'J'],
    ['КΚ', 'K'],
    ['МΜ', 'M'],
    ['Ν', 'N'],
    ['ОΟ', 'O'],
    ['РΡ', 'P'],
    ['Ѕ', 'S'],
    ['ТΤ', 'T'],
    ['ХΧ', 'X'],
    ['УΥ', 'Y'],
    ['Ζ', 'Z'],
  ].flatMap(([twins = '', plain = '']) => [...twins].map(twin => [twin, plain])),
)

/** Letters and digits of formulas, of wide print, in circles: each stands for a plain one. */
const DRESSED =
  /[\u{1d400}-\u{1d7ff}\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\u2160-\u217f\u{1f110}-\u{1f189}\u2102-\u2138]/u

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/

export const isAscii = (text: string): boolean => ASCII.test(text)

const passes = (word: string): boolean => [...word].every(letter => letter in TWINS)

/**
 * Says of the words of `text` why each is not what it looks like, for people; undefined for honest ones. What it must
 * know of the whole text is looked up once.
 */
export function lookAlikesIn(text: string): (word: string) => string | undefined {
  let scripts: ReadonlySet<string> | undefined
  return word => {
    if (isAscii(word)) return undefined
    const plain = word.normalize('NFKC')
    if (DRESSED.test(word) && isAscii(plain)) return `not the plain letters ${plain}`
    if (/(?![0-9])\p{Nd}/u.test(word)) return 'digits of another script'
    // Units: kΩ, μm.
    const letters = [...word].length <= 4 ? word.replace(/[μΩ]/gu, '') : word
    const found = scriptsOf(letters)
    if (found.length > 1) return `${found.join(' and ')} letters in one word`
    const [script] = found
    if (script === undefined || script === 'Latin' || !passes(word)) return undefined
    scripts ??= honestScripts(text)
    return scripts.has('Latin') && !scripts.has(script) ? `${script} letters that look Latin` : undefined
  }
}

const scriptsOf = (word: string): string[] =>
  Object.entries(SCRIPTS).flatMap(([name, script]) => (script.test(word) ? [name] : []))

/** The scripts that a text is written in: of each, a word that could not be another's. */
function honestScripts(text: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [word] of text.matchAll(/[\p{L}\p{M}]+/gu)) {
    const [script, other] = scriptsOf(word)
    if (script !== undefined && other === undefined && (script === 'Latin' || !passes(word)))
      found.add(script)
  }
  return found
}

/** What a name looks like: two different names with the same are easily taken for each other. */
export function looksLike(name: string): string {
  if (isAscii(name)) return name.trim().replace(/\s+/g, ' ')
  return [...name.normalize('NFKC')]
    .map(letter => TWINS[letter] ?? letter)
    .join('')
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
}
