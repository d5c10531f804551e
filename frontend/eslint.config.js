import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

export default ts.config(
  { ignores: ['dist', 'e2e', 'node_modules', 'src/api/*.gen.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals instead of an enum.' },
        { selector: "MemberExpression[property.name='innerHTML']", message: 'Trusted Types: build nodes instead.' },
      ],
      'svelte/no-at-html-tags': 'error',
      'max-lines': ['error', { max: 260, skipBlankLines: true }],
      // Sets, maps and search parameters are made, read and thrown away here; state is plain and raw.
      'svelte/prefer-svelte-reactivity': 'off',
      // Hash routes: there is no path to resolve.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  { files: ['src/messages/**/*.ts', '**/*.test.ts'], rules: { 'max-lines': 'off' } },
)
