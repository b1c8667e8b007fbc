type Properties = Record<string, unknown>

/** Names under `vars` that are there, or are left out on purpose, whatever vars.json says. */
export const BUILT_IN_VARS: ReadonlySet<string> = new Set([
  'branding',
  'commercial_unsubscribe_url',
  'manage_preferences_url',
])

const DEFAULTS = { primary_color: '#000000', primary_color_contrast: '#ffffff' }

/** `vars.branding`: black and white, over which vars.json's are laid, and over those the tenant's `settings.branding`. */
export function withBranding(vars: Properties, tenant: Properties | null): Properties {
  const settings = objectOf(tenant?.['settings'])
  return { ...vars, branding: { ...DEFAULTS, ...given(vars['branding']), ...given(settings['branding']) } }
}

/** Null and empty say nothing. */
function given(value: unknown): Properties {
  return Object.fromEntries(Object.entries(objectOf(value)).filter(([, inner]) => inner !== null && inner !== ''))
}

function objectOf(value: unknown): Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Properties) : {}
}
