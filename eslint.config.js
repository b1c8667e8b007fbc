import eslint from '@eslint/js'
import { builtinModules } from 'node:module'
import tseslint from 'typescript-eslint'
import { errorListener } from './scripts/lint/error-listener.js'
import { linearRegex } from './scripts/lint/linear-regex.js'
import { moduleState } from './scripts/lint/module-state.js'

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.belay/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // An emitter without an error listener ends the process.
    files: ['**/*.ts'],
    ignores: ['test/**', 'testing/**', 'bench/**', 'scripts/**'],
    // And a pattern that backtracks stops it for as long as a caller likes.
    plugins: { belay: { rules: { 'error-listener': errorListener, 'linear-regex': linearRegex } } },
    rules: { 'belay/error-listener': 'error', 'belay/linear-regex': 'error' },
  },
  {
    // Workflow code is replayed: it may know nothing of this host.
    files: ['workflows/**/*.ts'],
    plugins: { workflows: { rules: { 'module-state': moduleState } } },
    rules: {
      'workflows/module-state': 'error',
      'no-restricted-imports': [
        'error',
        {
          paths: [...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
          patterns: [
            '../api/*',
            '../store/*',
            '../activities/*',
            '../worker/*',
            '../definitions/*',
            '../settings/*',
            '../temporal/*',
            '../steps/*',
            '../channels/*',
            '../templates/*',
            '../engine/*',
            '../events/*',
          ],
        },
      ],
      // All runs of a worker share its modules (worker/bundle.ts).
      'no-restricted-syntax': [
        'error',
        ...[
          "Program > VariableDeclaration[kind!='const']",
          'PropertyDefinition[static=true]',
          'Program > ExportNamedDeclaration > VariableDeclaration[kind!="const"]',
          'Program > * NewExpression[callee.name=/Map$|Set$/][arguments.length=0]:not(:function *):not(PropertyDefinition *)',
          'Program > * ArrayExpression[elements.length=0]:not(:function *):not(PropertyDefinition *)',
        ].map((selector) => ({ selector, message: 'Runs share this module: what changes belongs into a run.' })),
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'testing/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
    },
  },
  {
    files: ['scripts/**/*.mjs', 'scripts/**/*.js', 'eslint.config.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['testing/browser/pages/*'],
    languageOptions: { globals: { document: 'readonly', location: 'readonly', URLSearchParams: 'readonly' } },
  },
)
