/** Programs by what they call themselves; the order matters, since most of them also claim to be another. */
const browsers = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, 'Safari'],
] as const
const systems = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
] as const

/** What a program calls itself, in short: "Firefox 139, Windows"; whatever is not a browser keeps its own words. */
export function programName(program: string): string {
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(program)?.[1]
    if (!version) continue
    const system = systems.find(([pattern]) => pattern.test(program))?.[1]
    return [`${name} ${version}`, system].filter(Boolean).join(', ')
  }
  return program
}
